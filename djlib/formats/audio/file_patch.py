"""The bytes in which an old file differs from a new one: enough to bring the old one back.

A tag is a small part of an audio file, at its beginning or its end. Where it grows at the
beginning, all that follows moves; where it stands at the end (WAV, AIFF), a length at the beginning
changes too. Both ways of comparing are tried, and the one that keeps less is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_BLOCK = 1 << 20
_IN_PLACE = 1 << 12
_KEPT = -1

Piece = tuple[int, int]
"""Where in the new file the next bytes of the old one stand (`_KEPT`: in the patch), how many."""


@dataclass(frozen=True)
class Patch:
    """How to make the old file of the new one: piece by piece, of its bytes or of those `kept`.
    `before` and `after` are the hashes of both."""

    before: str
    after: str
    pieces: tuple[Piece, ...]
    kept: bytes

    def facts(self) -> dict[str, Any]:
        """All but the bytes, as JSON holds it.

        >>> Patch("a", "b", ((0, 4), (-1, 1)), b"x").facts()
        {'before': 'a', 'after': 'b', 'pieces': ((0, 4), (-1, 1))}
        """
        return {name: value for name, value in self.__dict__.items() if name != "kept"}


def patch_between(old: Path, new: Path) -> Patch:
    """What is needed to make `old` of `new` again."""
    with old.open("rb") as before, new.open("rb") as after:
        pieces, kept = _moved(before, after, old.stat().st_size, new.stat().st_size)
        in_place = _changed_in_place(before, after, most=len(kept))
        if in_place is not None:
            pieces, kept = in_place
    return Patch(_hash(old), _hash(new), tuple(pieces), kept)


def apply_patch(patch: Patch, new: Path, target: Path) -> bool:
    """Write the old file to `target`; say whether it is exactly that."""
    place = 0
    with new.open("rb") as source, target.open("wb") as made:
        for start, length in patch.pieces:
            if start == _KEPT:
                made.write(patch.kept[place : place + length])
                place += length
            else:
                source.seek(start)
                _copy(source, made, length)
    return _hash(target) == patch.before


def _moved(old: BinaryIO, new: BinaryIO, old_size: int, new_size: int) -> tuple[list[Piece], bytes]:
    """The files compared from both ends."""
    start = _alike_from_start(old, new)
    end = _alike_to_end(old, new, (old_size, new_size), min(old_size, new_size) - start)
    old.seek(start)
    kept = old.read(old_size - start - end)
    return [(0, start), (_KEPT, len(kept)), (new_size - end, end)], kept


def _changed_in_place(
    old: BinaryIO, new: BinaryIO, *, most: int
) -> tuple[list[Piece], bytes] | None:
    """The files compared block by block, each at its place; None where that keeps no less."""
    pieces: list[Piece] = []
    kept = bytearray()
    for place, block, is_same in _blocks(old, new):
        if not is_same:
            kept += block
            if len(kept) >= most:
                return None
        wanted = place if is_same else _KEPT
        if pieces and (pieces[-1][0] == _KEPT) == (not is_same):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + len(block))
        else:
            pieces.append((wanted, len(block)))
    return pieces, bytes(kept)


def _blocks(old: BinaryIO, new: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Place and bytes of each block of the old file, and whether the new one has the same there."""
    old.seek(0)
    new.seek(0)
    place = 0
    while first := old.read(_BLOCK):
        second = new.read(_BLOCK)
        step = len(first) if first == second else _IN_PLACE
        for start in range(0, len(first), step):
            block = first[start : start + step]
            yield place + start, block, block == second[start : start + step]
        place += len(first)


def _alike_from_start(one: BinaryIO, other: BinaryIO) -> int:
    place = 0
    while True:
        first, second = one.read(_BLOCK), other.read(_BLOCK)
        if first != second or not first:
            return place + _common(first, second)
        place += len(first)


def _alike_to_end(one: BinaryIO, other: BinaryIO, sizes: tuple[int, int], most: int) -> int:
    alike = 0
    while alike < most:
        step = min(_BLOCK, most - alike)
        one.seek(sizes[0] - alike - step)
        other.seek(sizes[1] - alike - step)
        first, second = one.read(step), other.read(step)
        if first != second:
            return alike + _common(first[::-1], second[::-1])
        alike += step
    return alike


def _common(first: bytes, second: bytes) -> int:
    """Length of the common beginning, found by halving.

    >>> _common(b"abcd", b"abxd"), _common(b"ab", b"abc"), _common(b"", b"a")
    (2, 2, 0)
    """
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if first[:middle] == second[:middle] else (low, middle - 1)
    return low


def _copy(source: BinaryIO, target: BinaryIO, n_bytes: int) -> None:
    while n_bytes > 0:
        block = source.read(min(_BLOCK, n_bytes))
        if not block:
            return
        target.write(block)
        n_bytes -= len(block)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
