"""Changing a tag of a file so that a kill leaves it old or new, and what undoes it is known first.

The change is made to a copy beside the file. Only when the copy was looked at, and the bytes that
bring the old file back are on the disk, does it take the file's place.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import FormatError
from .file_patch import Patch, apply_patch, patch_between
from .tag_fields import Field, set_field

Keep = Callable[[Patch], None]


@dataclass(frozen=True)
class Beside:
    """Names for copies beside files, that a later run knows again: `token` is one run's own."""

    token: str

    def of(self, path: Path, number: int) -> Path:
        """The copy of a file while it is changed: on its disk, so that it can take its place, also
        where `path` is a link; the suffix tells what it is."""
        real = Path(os.path.realpath(path))
        return real.with_name(f".djlib-{self.token}-{number}{path.suffix}")


def why_not_writable(path: Path) -> str:
    """Why a file cannot be changed; "" where it can."""
    if not path.is_file():
        return "the file is not there"
    if not path.stat().st_mode & stat.S_IWUSR or not os.access(path, os.W_OK):
        return "the file is write-protected"
    if not os.access(os.path.dirname(os.path.realpath(path)), os.W_OK):
        return "its folder is write-protected"
    return ""


def change_field(path: Path, copy: Path, field: Field, values: Sequence[str], keep: Keep) -> None:
    """Set a field of a file; `keep` is given the way back before the file is changed.

    Raises `FormatError`, and leaves the file as it is, where that cannot be done.
    """
    real = Path(os.path.realpath(path))
    try:
        shutil.copy2(real, copy)
        set_field(copy, field, values)
        keep(patch_between(real, copy))
        _take_place(copy, real)
    except OSError as error:
        raise FormatError(f"it cannot be written: {error.strerror or error}") from error
    finally:
        copy.unlink(missing_ok=True)


def bring_back(path: Path, copy: Path, patch: Patch) -> None:
    """Make a file exactly what it was; raises `FormatError` where that cannot be done."""
    real = Path(os.path.realpath(path))
    try:
        shutil.copy2(real, copy)
        if not apply_patch(patch, real, copy):
            raise FormatError("the way back does not lead to the old file; it is left as it is")
        _take_place(copy, real)
    except OSError as error:
        raise FormatError(f"it cannot be written: {error.strerror or error}") from error
    finally:
        copy.unlink(missing_ok=True)


def _take_place(copy: Path, real: Path) -> None:
    os.utime(copy)  # DJ software looks at the time to see that a file changed
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(copy, real)
