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
_ORDINAL = r"(?:st|nd|rd|th|º|°|ª|er|\.)?"
_YEAR = r"(?P<{0}>(?:19|20)\d\d)"
_GAP = r"[\s,-]{1,3}"

_TO = r"\s?(?:-|–|—|to|through|thru|until|and)\s?"
_NO_TIME = r"(?!\d|[:h]\d|\s?[ap]\.?m\b)"
_OF = r"(?:of\s|de\s|d['’])?"

DATE = re.compile(
    "|".join(
        (
            r"(?<![\d.-])(?P<y1>(?:19|20)\d\d)(?P<s1>[-/.])\s?(?P<m1>\d{1,2})(?P=s1)\s?"
            r"(?P<d1>\d{1,2})(?!\d)",
            r"(?P<y5>(?:19|20)\d\d)\s?[年년]\s?(?P<m5>\d{1,2})\s?[月월]\s?(?P<d5>\d{1,2})\s?[日일]",
            r"(?<![\d/.])(?<!\d-)(?P<a2>\d{1,2})\s?(?P<sep>[/.-])\s?(?P<b2>\d{1,2})(?:\s?(?P=s"
            r"ep)\s?"
            r"(?P<y2>(?:19|20)\d\d|\d\d)(?!\d)|(?<=/\d)\s(?P<y7>20\d\d)(?!\d)"
            r"|(?<=/\d\d)\s(?P<y8>20\d\d)(?!\d))",
            rf"(?<!\w)(?P<w3>{_WORD})\.?[\s-](?P<d3>\d{{1,2}}){_ORDINAL}{_NO_TIME}"
            rf"(?:{_TO}(?P<e3>\d{{1,2}}){_ORDINAL}{_NO_TIME})?"
            rf"(?:{_GAP}{_YEAR.format('y3')}(?!\d))?",
            rf"(?<![\w/.:])(?P<d4>\d{{1,2}}){_ORDINAL}[\s-]?{_OF}(?P<w4>{_WORD})\b\.?"
            rf"(?:{_GAP}(?:del?\s)?{_YEAR.format('y4')}(?!\d)|[-'’](?P<z4>\d\d)\b)?",
            r"(?<![\d/.])(?<!\d-)(?P<d6>\d{1,2})\.\s?(?P<m6>\d{1,2})\.(?!\d|\s?\d)",
        )
    )
)
"""Every way a date is looked for: 2026-08-01, 1/8/2026, August 1st 2026, 1 de agosto de 2026, and
without a year 1.8. or August 1-15, where the last day counts."""


@dataclass(frozen=True)
class DateShape:
    """A date in a text, from `start` to `end`: a year, if said, and `first` and `second`, day and
    month in the order they may be meant; `is_range` where it is the last day of `1-15 March`."""

    start: int
    end: int
    year: int | None
    first: int
    second: int
    fixed: Order | None
    is_range: bool = False

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
    if part["y5"]:
        return _made(found, int(part["y5"]), int(part["m5"]), int(part["d5"]), "month first")
    if part["d6"]:
        return _made(found, None, int(part["d6"]), int(part["m6"]), "day first")
    if part["y7"] or part["y8"]:
        return _made(
            found, int(part["y7"] or part["y8"]), int(part["a2"]), int(part["b2"]), "day first"
        )
    if part["y2"]:
        year = int(part["y2"])
        year = year if year > 99 else 2000 + year
        fixed: Order | None = "day first" if part["sep"] == "." else None
        return _made(found, year, int(part["a2"]), int(part["b2"]), fixed)
    word, day = (part["w3"], part["e3"] or part["d3"]) if part["w3"] else (part["w4"], part["d4"])
    month = month_of(word)
    if month is None:
        return None
    if part["w4"] and word.lower() in _CROATIAN and found.string[found.end("d4")] == ".":
        month = _CROATIAN[word.lower()]
    year_said = part["y3"] or part["y4"] or (part["z4"] and f"20{part['z4']}")
    is_range = (
        bool(part["e3"]) or _FIRST_DAY.search(found.string[: found.start()][-24:]) is not None
    )
    return _made(
        found, int(year_said) if year_said else None, int(day), month, "day first", is_range
    )


_CROATIAN = {"listopada": 10, "lip": 6}
"""Months that mean another one in Polish, which writes no dot behind the day."""
_FIRST_DAY = re.compile(
    rf"(?<!\d)\d{{1,2}}{_ORDINAL}\s?(?:-|–|—|to|bis|au|al|a|à|ao|and|until|t/m|tot"
    rf"|tot en met|do|til|till)"
    r"\s?(?:the |zum |el |o )?$"
)
"""What stands before the last day of a range of days in one month."""


def _made(
    found: re.Match[str],
    year: int | None,
    first: int,
    second: int,
    fixed: Order | None,
    is_range: bool = False,
) -> DateShape:
    return DateShape(found.start(), found.end(), year, first, second, fixed, is_range)


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
    "pl", "cs", "bg", "ca", "da", "de", "el", "es", "et", "eu", "fi", "fr", "gl", "hr", "hu", "id", "is",  # noqa: E501
    "it", "lt", "lv", "nb", "nl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "tr", "uk",
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
