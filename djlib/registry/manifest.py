"""The manifest of a version: size and SHA-256 of every file, and archives looked at unopened."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, is_zipfile

from ..tables.atomic import replace_file, write_json

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


MANIFEST = "manifest.json"
_LEFT_BY_FILE_MANAGERS = {".DS_Store", "Thumbs.db", "desktop.ini"}


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def describe(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of every file under `folder` by its path, except of the manifest."""
    return {
        name: {"size": path.stat().st_size, "sha256": digest(path)} for name, path in _files(folder)
    }


def write_manifest(folder: Path) -> str:
    """Describe every file of a version in its manifest; gives the SHA-256 of the manifest."""
    write_json(folder / MANIFEST, {"files": describe(folder)})
    return digest(folder / MANIFEST)


def differences(folder: Path, manifest_sha256: str, *, deep: bool = True) -> list[str]:
    """What in a version is not as it was saved, in words; nothing where all is well.

    `deep` compares the content of every file, else only that each is there in its size.
    """
    if not folder.is_dir():
        return ["its folder is gone"]
    try:
        if digest(folder / MANIFEST) != manifest_sha256:
            return [f"{MANIFEST} was changed"]
        expected = json.loads((folder / MANIFEST).read_bytes())["files"]
        return [*_changed(folder, expected, deep), *_added(folder, expected)]
    except FileNotFoundError:
        return [f"{MANIFEST} is missing"]
    except (ValueError, TypeError, KeyError, AttributeError):
        return [f"{MANIFEST} is no manifest"]
    except OSError as error:
        return [f"{error.filename} cannot be read: {error.strerror}"]


def name_folder(nameless: Path, name: Path) -> None:
    """Give a folder its name once everything in it is on disk; never over another folder."""
    _sync(nameless)
    os.rename(nameless, name)
    if os.name != "nt":
        _fsync(name.parent)


def _sync(folder: Path) -> None:
    for path in [*(path for _, path in _files(folder)), folder / MANIFEST]:
        _fsync(path)
    if os.name != "nt":  # folders cannot be opened on Windows
        for path in [*(p for p in folder.rglob("*") if p.is_dir()), folder]:
            _fsync(path)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or not path.is_dir()) and name != MANIFEST:
            yield name, path


def _changed(folder: Path, expected: dict[str, Any], deep: bool) -> Iterator[str]:
    for name, record in expected.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            yield f"{name} is missing"
        elif path.stat().st_size != record["size"]:
            yield f"{name} has {path.stat().st_size} bytes instead of {record['size']}"
        elif deep and digest(path) != record["sha256"]:
            yield f"{name} was changed"


def _added(folder: Path, expected: dict[str, Any]) -> Iterator[str]:
    for name, path in _files(folder):
        if name not in expected and path.name not in _LEFT_BY_FILE_MANAGERS:
            yield f"{name} was added"


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
