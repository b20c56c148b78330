"""The bytes in which an old file differs from a new one: enough to bring the old one back exactly.

A tag is a small part of an audio file. What begins and ends alike is not kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Patch:
    """How to make the old file of the new: keep `start` bytes of its beginning and `end` bytes of
    its end, with `middle` between them. `before` and `after` are the hashes of both."""

    before: str
    after: str
    start: int
    end: int
    middle: bytes

    def facts(self) -> dict[str, str | int]:
        """All but the bytes, as JSON holds it.

        >>> Patch("a", "b", 1, 2, b"x").facts()
        {'before': 'a', 'after': 'b', 'start': 1, 'end': 2}
        """
        return {name: value for name, value in self.__dict__.items() if name != "middle"}


def patch_between(old: Path, new: Path) -> Patch:
    """What is needed to make `old` of `new` again."""
    with old.open("rb") as before, new.open("rb") as after:
        sizes = old.stat().st_size, new.stat().st_size
        start = _alike_from_start(before, after)
        end = _alike_to_end(before, after, sizes, min(sizes) - start)
        before.seek(start)
        middle = before.read(sizes[0] - start - end)
    return Patch(_hash(old), _hash(new), start, end, middle)


def apply_patch(patch: Patch, new: Path, target: Path) -> bool:
    """Write the old file to `target`; say whether it is exactly that."""
    with new.open("rb") as source, target.open("wb") as made:
        _copy(source, made, patch.start)
        made.write(patch.middle)
        source.seek(-patch.end, 2)
        _copy(source, made, patch.end)
    return _hash(target) == patch.before


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
