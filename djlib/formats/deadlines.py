"""When a call closes: read from its own cell, or found in what it says.

Dates that can be read two ways (3/4/2026) are read as the source's other dates are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from .date_shapes import DATE, DateShape, find_dates
from .time_shapes import time_near

Kind = Literal["date", "rolling", "tba", "none"]
DateOrder = Literal["day first", "month first"]

_ROLLING = re.compile(
    r"rolling|ongoing|on-going|permanent|continuous|\basap\b|as soon as possible|year[ -]?round"
    r"|until (?:\w+ ){0,3}filled|until capacity|always open|anytime|no (?:fixed )?deadline"
    r"|first[ -]come|laufend|jederzeit|fortlaufend|sans date limite|en continu"
    r"|convocatoria permanente|abierta? todo el año",
    re.I,
)
_TBA = re.compile(
    r"to be (?:announced|confirmed|determined)|\bt\.?b\.?[acd]\b|coming soon|not specified"
    r"|not yet announced|wird (?:noch )?bekannt",
    re.I,
)
_CUE = re.compile(
    r"dead\s?line|due (?:date|by|on)|\bdue\b|appl(?:y|ications?)\b[^.\n]{0,40}?\b"
    r"(?:by|before|until)"
    r"|(?:submit|submissions?|entr(?:y|ies)|proposals?|send|register|rsvp)\b[^.\n]{0,40}?"
    r"\b(?:by|before|until|no later than)"
    r"|(?:applications?|submissions?|calls?|entries|registration|entry|it)\s+(?:will )?(?:be )?"
    r"(?:clos(?:e|es|ing)|end)(?:es|s)?\b|\bclos(?:es|ing)(?: date)?\b|\bends on\b|no later than"
    r"|open until|accepted (?:until|through)|cfp (?:closes|ends|until)"
    r"|extended (?:to|until|through)"
    r"|einsende\w*|bewerbungs(?:schluss|frist)|anmeldeschluss|frist\b|abgabe\w*"
    r"|\bbis (?:zum|spätestens)"
    r"|date limite|(?:jusqu'au|avant le)|clôture"
    r"|fecha límite|plazo|hasta el|cierre|prazo|inscrições até|até (?:o dia|dia)"
    r"|scadenza|entro il|\bsluitingsdatum|\bfrist",
    re.I,
)
_EXTENDED = re.compile(
    r"extended (?:to|until|through)|new deadline|deadline extension|verlängert bis|prorrogad[oa]"
    r"|prolongé", re.I
)  # fmt: skip
_NOT_THE_LAST = re.compile(r"early[ -]?bird|early deadline|priority|notif|announc|opens?\b", re.I)
_REACH = 90
"""Signs behind a cue in which its date must stand."""
_LONGEST = 20_000
_FEW_WORDS = 40
_BACK = timedelta(days=90)
"""A date without a year lies at most so long before the day it was read."""


@dataclass(frozen=True)
class Deadline:
    """When a call closes: `kind` is `date`, `rolling`, `tba` or `none`; `at` the moment it is over,
    UTC; `said` the words it was read from; `is_day` whether only a day was said; `is_guess` whether
    the order of day and month was a guess."""

    kind: Kind
    at: datetime | None = None
    said: str = ""
    is_day: bool = True
    is_guess: bool = False

    @property
    def cell(self) -> str:
        """The deadline as a table holds it: 2026-08-01, 2026-08-01T15:00:00Z, rolling, tba, "".

        A day is written as the day whose end is meant.
        """
        if self.at is None:
            return self.kind if self.kind in ("rolling", "tba") else ""
        if self.is_day:
            return (self.at - timedelta(seconds=1)).date().isoformat()
        return self.at.strftime("%Y-%m-%dT%H:%M:%SZ")


NONE = Deadline("none")


def read_deadline(cell: str, *, order: DateOrder | None = None, read_on: date) -> Deadline:
    """Read a cell that should hold a deadline.

    Of several dates the first that is not over on the day it was `read_on` counts, of a range its
    end; "extended to" beats all others.

    >>> day = date(2026, 1, 15)
    >>> read_deadline("10/31/2026", read_on=day).cell
    '2026-10-31'
    >>> read_deadline("April 1 - May 15", read_on=day).cell
    '2026-05-15'
    >>> read_deadline("3 March 2026, 5 pm CET", read_on=day).cell
    '2026-03-03T16:00:00Z'
    >>> read_deadline("Rolling Basis", read_on=day).kind, read_deadline("TBA", read_on=day).kind
    ('rolling', 'tba')
    """
    text = cell.strip()[:_LONGEST]
    dates = [found for found in find_dates(text) if found.is_a_day]
    chosen = _chosen(text, dates, order, read_on)
    if chosen is not None:
        return chosen
    if _ROLLING.search(text):
        return Deadline("rolling", said=text)
    if _TBA.search(text):
        return Deadline("tba", said=text)
    return _in_other_words(text, order, read_on) if len(text) <= _FEW_WORDS else NONE


def find_deadline(text: str, *, order: DateOrder | None = None, read_on: date) -> Deadline:
    """Find a deadline in running text: a date behind words that announce one.

    >>> day = date(2026, 1, 15)
    >>> said = "The show opens June 1, 2026. Deadline: 2 May 2026. Extended to 9 May 2026!"
    >>> find_deadline(said, read_on=day).cell
    '2026-05-09'
    >>> find_deadline("The show is on June 1, 2026.", read_on=day).kind
    'none'
    """
    text = text[:_LONGEST]
    announced = [found for cue in _CUE.finditer(text) for found in _behind(text, cue)]
    chosen = _chosen(text, announced, order, read_on)
    if chosen is not None:
        return chosen
    for cue in _CUE.finditer(text):
        near = text[cue.start() : cue.end() + 40]
        if _ROLLING.search(near):
            return Deadline("rolling", said=near.strip())
        if _TBA.search(near):
            return Deadline("tba", said=near.strip())
    return NONE


def date_order(cells: Iterable[str]) -> DateOrder | None:
    """How a source writes day and month, by those of its dates that can be read one way only.

    >>> date_order(["10/31/2025", "01/02/2026"]), date_order(["01/02/2026"])
    ('month first', None)
    """
    told: Counter[DateOrder] = Counter()
    for cell in cells:
        for found in find_dates(cell[:_LONGEST]):
            if found.order_told is not None:
                told[found.order_told] += 1
    return told.most_common(1)[0][0] if told else None


def moment_of(cell: str) -> datetime | None:
    """When a deadline as `Deadline.cell` writes it is over; None for `rolling`, `tba` and "".

    >>> moment_of("2026-08-01").isoformat()
    '2026-08-02T00:00:00+00:00'
    """
    if not re.match(r"\d{4}-\d\d-\d\d", cell):
        return None
    try:
        if len(cell) == 10:
            day = date.fromisoformat(cell)
            return datetime.combine(day, time(), UTC) + timedelta(days=1)
        found = datetime.fromisoformat(cell)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _in_other_words(text: str, order: DateOrder | None, read_on: date) -> Deadline:
    """What has no usual shape: `tomorrow`, `in 3 weeks`, `2026年8月1日`."""
    says_a_day = re.search(r"\d|tomorrow|today|morgen|heute|demain|mañana", text, re.I)
    if not says_a_day or re.fullmatch(r"[\d\s]+(?:[.,]\d+)?", text):  # a bare number is no day
        return NONE
    import dateparser

    told = {
        "RELATIVE_BASE": datetime.combine(read_on, time(12)),
        "PREFER_DATES_FROM": "future",
        "REQUIRE_PARTS": ["day", "month"],
        "DATE_ORDER": "MDY" if order == "month first" else "DMY",
    }
    try:
        found = dateparser.parse(text, settings=told)
    except (ValueError, OverflowError, RecursionError):
        return NONE
    if found is None or not 1900 < found.year < 2200:
        return NONE
    at = datetime.combine(found.date(), time(), UTC) + timedelta(days=1)
    return Deadline("date", at, text)


def _behind(text: str, cue: re.Match[str]) -> list[DateShape]:
    """Dates that a cue announces: the first behind it, with those joined to it."""
    end = cue.end() + _REACH
    sentence = re.search(r"[.!?]\s+[A-ZÄÖÜ]|\n\s*\n", text[cue.end() : end])
    if sentence:
        end = cue.end() + sentence.start() + 1
    found = [d for d in find_dates(text, cue.start(), min(end + 30, len(text))) if d.is_a_day]
    found = [d for d in found if cue.start() <= d.start <= end]
    if not found or _NOT_THE_LAST.search(text[max(0, cue.start() - 25) : cue.start()]):
        return []
    kept = [found[0]]
    for later in found[1:]:
        between = text[kept[-1].end : later.start]
        if re.fullmatch(r"\s*(?:[-–—~/&,;]|to|until|through|and|or|bis|à|al?)?\s*", between):
            kept.append(later)
    return kept


def _chosen(
    text: str, dates: list[DateShape], order: DateOrder | None, read_on: date
) -> Deadline | None:
    if not dates:
        return None
    read = [(shape, *_day_of(shape, order, read_on)) for shape in dates]
    days = [(shape, day, is_guess) for shape, day, is_guess in read if day is not None]
    if not days:
        return None
    extended = [d for d in days if _EXTENDED.search(text[max(0, d[0].start - 60) : d[0].start])]
    candidates = extended or days
    ahead = [d for d in candidates if d[1] >= read_on]
    if extended or not ahead:
        shape, day, is_guess = max(candidates, key=lambda d: d[1])
    else:
        shape, day, is_guess = _end_of_range(text, ahead)
    at, is_day = time_near(text, shape.start, shape.end, day)
    return Deadline("date", at, text[shape.start : shape.end], is_day, is_guess)


def _end_of_range(
    text: str, days: list[tuple[DateShape, date, bool]]
) -> tuple[DateShape, date, bool]:
    """The first day, or the end of the range that it begins."""
    chosen = days[0]
    for later in days[1:]:
        between = text[chosen[0].end : later[0].start]
        if not re.fullmatch(r"\s*(?:[-–—~]|to|until|through|bis|à|al?)\s*", between, re.I):
            break
        chosen = later
    return chosen


def _day_of(shape: DateShape, order: DateOrder | None, read_on: date) -> tuple[date | None, bool]:
    """The day a date means, and whether the order of day and month was a guess."""
    is_guess = shape.is_ambiguous and order is None
    month, day = shape.month_and_day(order or "day first")
    if shape.year is not None:
        return _real_day(shape.year, month, day), is_guess
    earliest = read_on - _BACK
    years = (_real_day(earliest.year + n, month, day) for n in range(5))  # for 29 February
    return next((found for found in years if found and found >= earliest), None), is_guess


def _real_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


__all__ = ["DATE", "NONE", "Deadline", "date_order", "find_deadline", "moment_of", "read_deadline"]
