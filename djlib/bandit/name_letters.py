"""Names as rows of numbers, one a letter, in one small alphabet for artists and labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

LENGTH = 32
"""Letters of a name that are read; names longer than this differ early enough."""

_SIGNS = " abcdefghijklmnopqrstuvwxyz0123456789&'-.,/+!?()*:$#@"
_BLANK, _UNKNOWN = 0, 1
_PLACES = {sign: at for at, sign in enumerate(_SIGNS, start=2)}

N_LETTERS = len(_SIGNS) + 2
"""Signs of the alphabet, with the blank that fills up (0) and the unknown one (1)."""


def letters(names: Sequence[str]) -> np.ndarray:
    """Give each name as a row of `LENGTH` numbers, shape (n, 32) int64.

    Accents and case are folded away; a sign outside the alphabet becomes the unknown one, so that
    a name in another script keeps its length and its spaces.

    >>> letters(["Björk", "大橋"])[:, :6].tolist()
    [[4, 12, 17, 20, 13, 0], [1, 1, 0, 0, 0, 0]]
    """
    rows = np.zeros((len(names), LENGTH), dtype=np.int64)
    for row, name in enumerate(names):
        plain = _plain(name)
        rows[row, : len(plain)] = [_PLACES.get(sign, _UNKNOWN) for sign in plain]
    return rows


def _plain(name: str) -> str:
    start = name if name.isascii() else unicodedata.normalize("NFKD", name[: 4 * LENGTH])
    kept = (sign for sign in start[: 8 * LENGTH].casefold() if not unicodedata.combining(sign))
    return " ".join("".join(kept).split())[:LENGTH]
