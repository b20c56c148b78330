"""Texts cut into the pieces of words a sentence model knows, tens of thousands a second."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

_WORD = re.compile(r"[^\W_\u3400-\u9fff\uac00-\ud7a3\u3040-\u30ff]+|[^\s]")
"""A run of letters and digits, or one sign; Chinese, Japanese and Korean signs stand alone."""
_UNKNOWN = "[UNK]"
_LONGEST = 100
"""Signs of the longest word that is cut."""
_REMEMBERED = 200_000


class WordPieces:
    """The vocabulary of a BERT model: gives each text the numbers of its pieces.

    Cuts as WordPiece does: the longest known beginning, then the longest known continuation, and
    so on. Words are remembered, so that common ones cost nothing.

    Parameters
    ----------
    file : `vocab.txt` of the model, one piece a line; continuations begin with `##`.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "vocab.txt"
    >>> _ = file.write_text("[UNK]\\nclub\\n##bing\\n-")
    >>> WordPieces(file).ids("Clubbing - zzz")
    [1, 2, 3, 0]
    """

    def __init__(self, file: Path) -> None:
        self.names = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        self._place = {name: number for number, name in enumerate(self.names)}
        self._of_word = lru_cache(_REMEMBERED)(self._cut)

    def ids(self, text: str) -> list[int]:
        """Give the numbers of the pieces of `text`, in order."""
        return [number for word in _WORD.findall(_plain(text)) for number in self._of_word(word)]

    def _cut(self, word: str) -> tuple[int, ...]:
        whole = self._place.get(word)
        if whole is not None:
            return (whole,)
        found: list[int] = []
        start, mark = 0, ""
        while start < len(word):
            ends = range(min(len(word), start + _LONGEST), start, -1)
            end = next((e for e in ends if mark + word[start:e] in self._place), None)
            if end is None:
                return (self._place[_UNKNOWN],)
            found.append(self._place[mark + word[start:end]])
            start, mark = end, "##"
        return tuple(found)


def _plain(text: str) -> str:
    """Small letters without accents, as the uncased model reads them."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(sign for sign in letters if unicodedata.category(sign) != "Mn")
