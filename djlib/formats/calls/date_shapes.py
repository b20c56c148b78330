"""Dates as people write them inside other text: where they stand and what they can mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Order = Literal["day first", "month first"]

_ENGLISH = ("january", "february", "march", "april", "may", "june", "july", "august",
            "september", "october", "november", "december")  # fmt: skip
_WORD = r"[^\W\d_]{3,12}"
_ORDINAL = r"(?:st|nd|rd|th|º|ª|er|\.)?"
_YEAR = r"(?P<{0}>(?:19|20)\d\d)"
_GAP = r"[\s,]{1,3}"
_TO = r"\s?(?:[-–—/]|to|until|bis|zum|au|al|a|ao|al?s?|till|til|tot|do|e|y|und|and|&)\s?"
_FROM_DAY = rf"(?:\d{{1,2}}{_ORDINAL}{_TO})?"
"""The first day of a range within one month, whose last day is the date: 1-15 March."""

DATE = re.compile(
    "|".join(
        (
            r"(?<![\d/.-])(?P<y1>(?:19|20)\d\d)[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})(?!\d)",
            r"(?<![\d/.-])(?:\d{1,2}[./]\d{1,2}[./]?\s?[-–—]\s?)?(?P<a2>\d{1,2})(?P<sep>[/.-])\s?(?P<b2>\d{1,2})(?P=sep)\s?"
            r"(?P<y2>(?:19|20)\d\d|\d\d)(?![\d])",
            rf"(?<!\w){_YEAR.format('y5')}\.?\s(?P<w5>{_WORD})\.?\s(?P<d5>\d{{1,2}})(?![\d:])",
            rf"(?<!\w)(?P<w3>{_WORD})\.?\s(?P<d3>\d{{1,2}}){_ORDINAL}"
            rf"(?:\s?[-–—]\s?(?P<e3>\d{{1,2}}){_ORDINAL})?(?!\d|:\d|\s?[ap]\.?m)"
            rf"(?:{_GAP}{_YEAR.format('y3')}(?!\d))?",
            rf"(?<![\w/.:-]){_FROM_DAY}(?P<d4>\d{{1,2}}){_ORDINAL}\s?(?:of\s|de\s)?(?P<w4>{_WORD})\b\.?"
            rf"(?:{_GAP}(?:de\s)?{_YEAR.format('y4')}(?!\d))?",
        )
    )
)
"""Every way a date is looked for: 2026-08-01, 1/8/2026, August 1st 2026, 1 de agosto de 2026."""


@dataclass(frozen=True)
class DateShape:
    """A date in a text, from `start` to `end`: a year, if said, and `first` and `second`, day and
    month in the order they may be meant."""

    start: int
    end: int
    year: int | None
    first: int
    second: int
    fixed: Order | None

    @property
    def is_ambiguous(self) -> bool:
        """Whether day and month can be told apart neither by their place nor by their size."""
        both = self.first <= 12 and self.second <= 12
        return self.fixed is None and both and self.first != self.second

    @property
    def is_a_day(self) -> bool:
        """Whether it can mean a day at all."""
        low, high = sorted((self.first, self.second))
        return 1 <= low <= 12 and high <= 31

    @property
    def order_told(self) -> Order | None:
        """The order this date gives away, of those that could have been written either way."""
        if self.fixed is not None or not self.is_a_day or max(self.first, self.second) <= 12:
            return None
        return "day first" if self.first > 12 else "month first"

    def month_and_day(self, order: Order) -> tuple[int, int]:
        """Month and day, read in the order given where it is not told."""
        told = self.fixed or self.order_told or order
        return (self.second, self.first) if told == "day first" else (self.first, self.second)


def find_dates(text: str, start: int = 0, end: int | None = None) -> list[DateShape]:
    """Every date in a text, in order.

    >>> [(d.year, d.month_and_day("day first")) for d in find_dates("3/4/26, May 9; 1. März 2026")]
    [(2026, (4, 3)), (None, (5, 9)), (2026, (3, 1))]
    """
    return list(_shapes(text, start, len(text) if end is None else end))


def _shapes(text: str, start: int, end: int) -> Iterator[DateShape]:
    place = start
    while found := DATE.search(text, place, end):
        shape = _shape(found)
        if shape is not None:
            yield shape
        # A word that is no month must not hide the date behind it.
        place = found.end() if shape is not None else found.start() + 1


def _shape(found: re.Match[str]) -> DateShape | None:
    part = found.groupdict()
    if part["y1"]:
        return _made(found, int(part["y1"]), int(part["m1"]), int(part["d1"]), "month first")
    if part["y2"]:
        year = int(part["y2"])
        year = year if year > 99 else 2000 + year
        fixed: Order | None = "day first" if part["sep"] == "." else None
        return _made(found, year, int(part["a2"]), int(part["b2"]), fixed)
    if part["w5"]:
        word, day, year_said = part["w5"], part["d5"], part["y5"]
    elif part["w3"]:
        word, day, year_said = part["w3"], part["e3"] or part["d3"], part["y3"]
    else:
        word, day, year_said = part["w4"], part["d4"], part["y4"]
    month = month_of(word)
    if month is None:
        return None
    return _made(found, int(year_said) if year_said else None, int(day), month, "day first")


def _made(
    found: re.Match[str], year: int | None, first: int, second: int, fixed: Order | None
) -> DateShape:
    return DateShape(found.start(), found.end(), year, first, second, fixed)


@lru_cache(maxsize=4096)
def month_of(word: str) -> int | None:
    """The month a word names, in any of some forty languages; None for other words.

    >>> month_of("Sept"), month_of("März"), month_of("dicembre"), month_of("Mayor")
    (9, 3, 12, None)
    """
    plain = word.lower()
    for number, name in enumerate(_ENGLISH, start=1):
        if plain == name or (plain == name[:3] or (number == 9 and plain == "sept")):
            return number
    return _foreign_months().get(plain)


_LANGUAGES = (
    "bg", "ca", "cs", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu", "id", "is",
    "it", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "tr", "uk",
)  # fmt: skip
_ENGLISH_WORDS = frozenset(("set", "may", "mars", "mai", "mart", "out", "dec", "ago"))


@lru_cache(maxsize=1)
def _foreign_months() -> dict[str, int]:
    """Names of months by language, as dateparser knows them, without words of English."""
    from importlib import import_module

    found: dict[str, int] = {}
    for language in _LANGUAGES:
        info = import_module(f"dateparser.data.date_translation_data.{language}").info
        for number, name in enumerate(_ENGLISH, start=1):
            for spelled in info.get(name, ()):
                word = str(spelled).lower().strip(". ")
                if len(word) >= 3 and word.isalpha() and word not in _ENGLISH_WORDS:
                    found.setdefault(word, number)
    return found | {"mai": 5, "mars": 3}
