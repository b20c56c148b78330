"""One field of an audio file's tags, read and set with mutagen; a kill leaves it old or new."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...errors import FormatError
from .file_patch import Patch, apply_patch, patch_between

Field = Literal["grouping", "comment"]

_ID3 = {"grouping": "TIT1", "comment": "COMM"}
_MP4 = {"grouping": "\xa9grp", "comment": "\xa9cmt"}
_ASF = {"grouping": "WM/ContentGroupDescription", "comment": "Description"}
_NAMED = {"grouping": "GROUPING", "comment": "COMMENT"}
_UTF16, _UTF8 = 1, 3
_ID3V1 = 128


def why_no_tags() -> str:
    """What is missing for tags to be written; "" where nothing is."""
    try:
        import mutagen  # noqa: F401
    except ImportError:
        return "tags cannot be written without mutagen; pip install 'djlib[tags]'"
    return ""


def read_field(path: Path, field: Field) -> list[str]:
    """The values of a field; raises `FormatError` where the file's tags cannot be read."""
    return _values(_open(path), field)


def set_field(path: Path, field: Field, values: Sequence[str]) -> None:
    """Set a field, or remove it where there are no `values`; everything else stays.

    The file is looked at again afterwards. Raises `FormatError` where it has no such field, or
    another field would have changed: the caller gives a copy and throws that away then.
    """
    audio = _open(path)
    before, end = _others(audio, field), _old_tag(path)
    try:
        _set(audio, field, list(values))
        _save(audio)
    except Exception as error:  # whatever a damaged file makes mutagen stumble over
        raise FormatError(f"its tags cannot be written: {_said(error)}") from error
    if end:  # mutagen would bring the old tag at the end up to date
        with path.open("r+b") as file:
            file.seek(-_ID3V1, 2)
            file.write(end)
    again = _open(path)
    if _others(again, field) != before:
        raise FormatError("its other tags would change, so it is left as it is")
    if _values(again, field) != list(values):
        raise FormatError(f"it has no room for a {field}, so it is left as it is")


def _open(path: Path) -> Any:
    import mutagen

    try:
        audio = mutagen.File(path)
        if audio is not None and _is_id3(audio):
            # as they are: mutagen would turn the frames of older versions into those of 2.4
            audio = type(audio)(path, translate=False)
    except Exception as error:  # whatever a damaged file makes mutagen stumble over
        raise FormatError(f"its tags cannot be read: {_said(error)}") from error
    if audio is None:
        raise FormatError("no audio file whose tags are known")
    return audio


def _is_id3(audio: Any) -> bool:
    from mutagen.id3 import ID3, ID3FileType

    return isinstance(audio, ID3FileType) or isinstance(audio.tags, ID3)


def _values(audio: Any, field: Field) -> list[str]:
    if audio.tags is None:
        return []
    if _is_id3(audio):
        frame = _frame(audio.tags, field)
        return [] if frame is None else [str(text) for text in frame.text]
    name = _name(audio, field)
    found = audio.tags.get(name, [])
    return [str(value) for value in ([found] if isinstance(found, str) else found)]


def _frame(tags: Any, field: Field) -> Any:
    """The frame of a field; of comments, the one without a description."""
    frames = tags.getall(_ID3[field])
    return next((f for f in frames if not getattr(f, "desc", "")), None)


def _name(audio: Any, field: Field) -> str:
    kinds = {base.__name__ for base in type(audio.tags).__mro__}
    if "MP4Tags" in kinds:
        return _MP4[field]
    return _ASF[field] if "ASFTags" in kinds else _NAMED[field]


def _set(audio: Any, field: Field, values: list[str]) -> None:
    if audio.tags is None:
        audio.add_tags()
    if _is_id3(audio):
        _set_frame(audio.tags, field, values)
        return
    name = _name(audio, field)
    if values:
        audio.tags[name] = values
    elif name in audio.tags:
        del audio.tags[name]


def _set_frame(tags: Any, field: Field, values: list[str]) -> None:
    from mutagen.id3 import COMM, TIT1

    old = _frame(tags, field)
    if old is not None:
        del tags[old.HashKey]
    if not values:
        return
    encoding = _UTF8 if _version(tags) == 4 else _UTF16
    if field == "grouping":
        tags.add(TIT1(encoding=encoding, text=values))
    else:
        tags.add(COMM(encoding=encoding, lang=getattr(old, "lang", "eng"), desc="", text=values))


def _version(tags: Any) -> int:
    """2.4 stays 2.4; what is older, or new, becomes 2.3, which every program reads."""
    return 4 if tags.version[:2] == (2, 4) and tags.size > 0 else 3


def _save(audio: Any) -> None:
    if _is_id3(audio):
        audio.save(v2_version=_version(audio.tags), v23_sep=None)
    else:
        audio.save()


def _old_tag(path: Path) -> bytes:
    """The ID3v1 tag at the end of a file; b"" where there is none."""
    with path.open("rb") as file:
        if file.seek(0, 2) < _ID3V1:
            return b""
        file.seek(-_ID3V1, 2)
        end = file.read(_ID3V1)
    return end if end.startswith(b"TAG") else b""


def _others(audio: Any, field: Field) -> dict[str, str]:
    """All that must stay, by name: the other fields, pictures, how long the audio is."""
    kept = {"length": repr(getattr(audio.info, "length", None))}
    for number, picture in enumerate(getattr(audio, "pictures", ())):
        kept[f"picture {number}"] = _digest(picture.write())
    if audio.tags is None:
        return kept
    if _is_id3(audio):
        ours = _frame(audio.tags, field)
        for key, frame in audio.tags.items():
            if frame is not ours:
                kept[key] = _digest(repr(frame).encode("utf-8", "surrogatepass"))
        unknown = b"".join(sorted(audio.tags.unknown_frames))
        return {**kept, "unknown": _digest(unknown)} if unknown else kept
    name = _name(audio, field).casefold()
    for number, (key, value) in enumerate(_pairs(audio.tags)):
        if key.casefold() != name:
            kept[f"{key} {number if key in kept else 0}"] = _digest(repr(value).encode("utf-8"))
    return kept


def _pairs(tags: Any) -> list[tuple[str, Any]]:
    """Names and values, sorted by name, in their order where a name stands twice."""
    pairs = [(key, tags[key]) for key in dict.fromkeys(tags.keys())]
    return sorted(pairs, key=lambda pair: pair[0])


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _said(error: Exception) -> str:
    return str(error) or "the file is cut off or damaged"


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
