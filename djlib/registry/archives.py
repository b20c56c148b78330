"""Zip archives: looked at before anything unpacks them (skops files are such), and written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, is_zipfile

from ..tables.atomic import replace_file

MOST_BYTES = 4 * 2**30
"""Most a model's archives may unpack to; a forest over a million tracks needs a third."""

_MOST_RATIO = 200
_RATIO_COUNTS_ABOVE = 64 * 2**20


def unsafe_archives(folder: Path) -> Iterator[str]:
    """Say of each archive under `folder` what makes it unsafe to unpack.

    Looks at the declared sizes, which bound what Python's zipfile will unpack, and at the names.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file() and is_zipfile(path):
            reason = _unsafe(path)
            if reason:
                yield f"{path.relative_to(folder).as_posix()} {reason}"


def write_archive(folder: Path, target: Path, under: str) -> None:
    """Put all files of `folder` into the zip file `target`, beneath the name `under`."""
    with replace_file(target) as handle, ZipFile(handle, "w", ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(path, f"{under}/{path.relative_to(folder).as_posix()}")


def _unsafe(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError) as error:
        return f"is not a whole archive: {error}"
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            return f"holds {member.filename!r}, a path outside itself"
    unpacked = sum(member.file_size for member in members)
    ratio = unpacked / path.stat().st_size
    if unpacked > MOST_BYTES or (unpacked > _RATIO_COUNTS_ABOVE and ratio > _MOST_RATIO):
        return f"unpacks to {unpacked:,} bytes, {ratio:.0f} times its size"
    return ""
