"""Serato's files: a row of chunks, each a four-letter tag, its length (big-endian) and its data.

The first letter of a tag says what the data is: `o` and `r` hold chunks themselves, `t` and `p`
are UTF-16-BE text, `u` a number of four bytes, `s` of two, `b` of one. Files are read chunk by
chunk, so that a large database never stands in memory.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ...errors import FormatError

SIGNATURE = b"vrsn"
MARK = "Serato".encode("utf-16-be")

_HEADER = struct.Struct(">4sI")
_LARGEST = 1 << 24
"""Bytes of one record; real ones hold about a thousand."""
_FIRST = (SIGNATURE, b"otrk", b"osrt", b"ovct")


def has_signature(head: bytes) -> bool:
    """Whether a file begins as Serato's databases and crates do.

    >>> has_signature(b"vrsn" + bytes(4) + "1.0/Serato ScratchLive Crate".encode("utf-16-be"))
    True
    """
    return head.startswith(SIGNATURE) and MARK in head[:200]


def chunk_records(path: Path, wanted: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each chunk called `wanted` stands in a file, and its data.

    Raises `FormatError` for a file that is none of Serato's and, once the good chunks are given,
    where the rest cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        _check_start(path, file)
        place = 0
        while place < size:
            tag, length = _header(path, file.read(_HEADER.size), place)
            after = place + _HEADER.size + length
            if after > size or (tag == wanted and length > _LARGEST):
                raise FormatError(f"{path}: damaged from byte {place:,} of {size:,} on")
            if tag == wanted:
                yield place, file.read(length)
            else:
                file.seek(length, os.SEEK_CUR)
            place = after


def _check_start(path: Path, file: BinaryIO) -> None:
    start = file.read(4)
    file.seek(0)
    if start not in _FIRST:
        seen = f"it begins with {start!r}" if start.strip(b"\0") else "it is empty or only zeroes"
        raise FormatError(f"{path}: no file of Serato's: {seen}")


def _header(path: Path, data: bytes, place: int) -> tuple[bytes, int]:
    if len(data) < _HEADER.size:
        raise FormatError(f"{path}: damaged from byte {place:,} on")
    tag, length = _HEADER.unpack(data)
    return tag, length


def fields(data: bytes) -> dict[bytes, bytes]:
    """The chunks inside a chunk, by tag; raises `FormatError` where they do not fill it.

    >>> fields(b"ttyp" + bytes([0, 0, 0, 2]) + "x".encode("utf-16-be"))
    {b'ttyp': b'\\x00x'}
    """
    found: dict[bytes, bytes] = {}
    place = 0
    while place < len(data):
        if len(data) - place < _HEADER.size:
            raise FormatError("its fields do not fill the record")
        tag, length = _HEADER.unpack_from(data, place)
        place += _HEADER.size
        if length > len(data) - place:
            raise FormatError(f"its field {tag!r} is longer than the record")
        found.setdefault(tag, data[place : place + length])
        place += length
    return found


def text(data: bytes) -> str:
    """A text chunk; what is no UTF-16 becomes a replacement sign.

    >>> text("Café".encode("utf-16-be"))
    'Café'
    """
    return data.decode("utf-16-be", "replace").rstrip("\0")
