"""When a call closes: read from its own cell, or found in what it says."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .date_shapes import DATE, DateShape, find_dates, month_of
from .deadline_cues import EXTENDED, RANGE, announced, boundaries, is_near_a_cue

_ZONES = {
    "aoe": -12, "utc": 0, "gmt": 0, "wet": 0, "z": 0, "bst": 1, "cest": 2, "mesz": 2,
    "eest": 3, "est": -5,
    "edt": -4, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "hst": -10,
    "jst": 9, "kst": 9, "sgt": 8, "hkt": 8, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip
_PLACES = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver",
    "pt": "America/Los_Angeles", "cet": "Europe/Berlin", "mez": "Europe/Berlin",
    "eet": "Europe/Helsinki",
    "eastern": "America/New_York", "central": "America/Chicago", "mountain": "America/Denver",
    "pacific": "America/Los_Angeles",
}  # fmt: skip
_ZONE = (
    r"(?:(?P<zone>(?i:AoE|anywhere on earth|UTC|GMT|MESZ|MEZ|CEST|EEST|EDT|CDT|MDT|PST"
    r"|PDT|AEST|AEDT)"
    r"|Z\b|[ECMP][SD]?T|AKST|HST|WET|BST|CES?T|EES?T|JST|KST|SGT|HKT|NZ[SD]T"
    r"|(?i:Eastern|Central|Mountain|Pacific)(?=\s(?i:standard |daylight )?(?i:time))"
    r"|[A-Z][a-z]{2,12}/[A-Z][A-Za-z_]{2,20})\b)?\s?(?P<offset>[+-]\d{1,2}(?::?\d\d)?)?"
)
_MONEY = (
    r"(?:\s?(?:[€$£¥%]|(?i:euros?|eur|usd|gbp|chf|dollars?|pounds?|kr|zł|zl|kč|dkk"
    r"|nok|sek|pln|czk)\b))"
)
_CLOCKS = r"(?i:uhr|uur|h|hrs?|hours|hod|godz|klo|o['’]clock)\b"
_TIME = re.compile(
    r"(?:(?P<at>(?i:\b(?:at|um|kl|klo|alle(?: ore)?|ore|h|godz|à|a las?|às|om|v|ve))\.?:?\s{1,2})?"
    r"(?<![\d/.:,+€$£-])(?P<hour>\d{1,2})"
    rf"(?:(?P<sign>[:.hH])(?P<minute>\d\d)(?::\d\d(?:\.\d{{1,9}})?)?(?![\d]|[.,]\d))?{_MONEY.replace('(?:', '(?!', 1)}\s?"  # noqa: E501
    rf"(?P<half>(?i:[ap]\.?\s?m)\b\.?)?(?P<unit>\s?{_CLOCKS})?(?!\s?[-–—]\s?\d{{1,2}}[:.]\d\d)"
    r"|(?P<word>(?i:noon|midday|midnight|mitternacht|minuit|medianoche|mezzanotte|meia-noite"
    r"|middernacht|północ[iy]?|midnatt|keskiyö\w{0,4}|půlnoc[ii]?)))"
    rf"[\s,(]{{0,3}}{_ZONE}",
)
_ZONE_ALONE = re.compile(rf"^[\s,(]{{0,3}}{_ZONE}")
_TIME_REACH = 30

Kind = Literal["date", "rolling", "tba", "none"]
DateOrder = Literal["day first", "month first"]

_NO_LAST_DAY = re.compile(
    r"rolling (?:basis|deadline|admission|call|applications?)|no (?:fixed |closing |application )?"
    r"(?:deadline|closing date)|open until (?:\w{1,15} ){0,3}filled|until filled|always open"
    r"|open all year|keine (?:frist|bewerbungsfrist|deadline)|jederzeit (?:möglich"
    r"|bewerben|einreich)"
    r"|sans date limite|pas de date limite|au fil de l['’]eau|convocatoria permanente"
    r"|sin fecha l[íi]mite|abierta? todo el año|senza scadenza|bando permanente|sem prazo"
    r"|inscrições permanentes|fluxo contínuo|doorlopend|geen deadline|bez terminu|na bieżąco"
    r"|nabór ciągły|löpande|løbende|løpende|ingen (?:frist|deadline)|jatkuva haku"
    r"|ei määräaikaa|průběžně|bez uzávěrky",
    re.I,
)
_ROLLING = re.compile(
    r"rolling|ongoing|on-going|permanent|continuous|\basap\b|as soon as possible|year[ -]?round"
    r"|until (?:\w{1,15} ){0,3}filled|until capacity|anytime|any time"
    r"|first[ -]come|laufend|jederzeit|fortlaufend|en continu|permanente|continuo|"
    + _NO_LAST_DAY.pattern,
    re.I,
)
_TBA = re.compile(
    r"to be (?:announced|confirmed|determined)|\bt\.?b\.?[acd]\b|coming soon|not specified"
    r"|not yet announced|(?:wird|werden) (?:noch |rechtzeitig )?bekannt|à (?:venir"
    r"|confirmer|annoncer)"
    r"|por (?:confirmar|anunciar|definir)|da (?:definire|confermare|annunciare)"
    r"|a (?:definir|anunciar)"
    r"|nog (?:niet )?bekend|wkrótce|meddelas senare|annonceres senere|kommer senere"
    r"|julkaistaan myöhemmin"
    r"|bude (?:oznámen|upřesněn)",
    re.I,
)
_LONGEST = 20_000
_FEW_WORDS = 40
_BACK = timedelta(days=90)
"""A date without a year lies at most so long before the day it was read."""


@dataclass(frozen=True)
class Deadline:
    """When a call closes: `kind` is `date`, `rolling`, `tba` or `none`; `at` the moment it is over,
    UTC; `said` the words it was read from; `is_day` whether only a day was said; `is_guess` whether
    the order of day and month was a guess. A `none` with words in `said` is a cell that was not
    understood."""

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
    if text.strip(" .-–—/?").lower() in _NOTHING:
        return NONE
    if _ROLLING.search(text):
        return Deadline("rolling", said=text)
    if _TBA.search(text):
        return Deadline("tba", said=text)
    found = _of_number(text) if _NUMBER.fullmatch(text) else NONE
    if found is NONE and not dates and len(text) <= _FEW_WORDS and not _NUMBER.fullmatch(text):
        found = _in_other_words(text, order, read_on)
    return found if found.kind == "date" else Deadline("none", said=text)


_NOTHING = {
    "",
    "n/a",
    "na",
    "none",
    "null",
    "nan",
    "nat",
    "unknown",
    "no",
    "keine",
    "keins",
    "aucune",
    "ninguno",
    "nessuna",
}
_NUMBER = re.compile(r"[-+]?[\d\s.,]{1,40}(?:[eE][-+]?\d{1,4})?")
_FIRST_SERIAL, _LAST_SERIAL = 36_526, 73_050
"""The days of 2000 to 2099 as spreadsheets count them."""


def _of_number(text: str) -> Deadline:
    """A number that stands for a day: a spreadsheet's count of days, 20270131, or a time in
    seconds,
    milli-, micro- or nanoseconds since 1970, whose day in UTC counts; else NONE.

    >>> [_of_number(n).cell for n in ("46400", "20270131", "1800000000", "4.64E+04", "500")]
    ['2027-01-13', '2027-01-31', '2027-01-15', '', '']
    """
    plain = re.fullmatch(r"(\d{5,19})(?:[.,]\d{1,12})?", text)
    if plain is None:
        return NONE
    whole, n_digits = int(plain[1]), len(plain[1])
    day: date | None = None
    if n_digits == 8 and text == plain[1]:
        day = _real_day(whole // 10_000, whole // 100 % 100, whole % 100)
        day = day if day and 1990 <= day.year < 2100 else None
    elif n_digits == 5 and _FIRST_SERIAL <= whole <= _LAST_SERIAL:
        day = date(1899, 12, 30) + timedelta(days=whole)
    elif n_digits in (10, 13, 16, 19):
        seconds = whole // 10 ** (n_digits - 10)
        day = datetime.fromtimestamp(seconds, UTC).date() if seconds < 4_102_444_800 else None
    return Deadline("date", _utc(day + timedelta(days=1), time(), UTC), text) if day else NONE


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
    dates = [found for found in find_dates(text) if found.is_a_day]
    ends = boundaries(text, dates)
    chosen = _chosen(text, announced(text, dates, ends), order, read_on, ends)
    if chosen is not None:
        return chosen
    kinds: tuple[tuple[re.Pattern[str], Kind], ...] = (
        (_NO_LAST_DAY, "rolling"),
        (_ROLLING, "rolling"),
        (_TBA, "tba"),
    )
    for pattern, kind in kinds:
        for met in pattern.finditer(text):
            if pattern is _NO_LAST_DAY or is_near_a_cue(text, met.start(), met.end()):
                near = text[max(0, met.start() - 40) : met.end() + 20]
                return Deadline(kind, said=" ".join(near.split()))
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


_SAYS_WHEN = re.compile(
    r"(?:19|20)\d\d|day|tomorrow|week|month|morgen|heute|tage?n?\b|woche|monat|demain"
    r"|jour|semaine|mois"
    r"|mañana|hoy|d[íi]as?\b|mes(?:es)?\b|domani|oggi|giorn|settiman|mesi|amanhã|hoje"
    r"|vandaag|dagen|weken"
    r"|maand|jutro|dziś|dni\b|tyg|imorgon|i morgen|veck|uger|uker|huomenna|päivä|viiko|zítra|týd",
    re.I,
)


def _in_other_words(text: str, order: DateOrder | None, read_on: date) -> Deadline:
    """What has no usual shape: `tomorrow`, `in 3 weeks`, `2026年8月1日`."""
    words = re.findall(r"[^\W\d_]{3,12}", text)
    if not (_SAYS_WHEN.search(text) or any(month_of(word) for word in words)):
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


def _chosen(
    text: str,
    dates: list[DateShape],
    order: DateOrder | None,
    read_on: date,
    ends: Sequence[int] = (),
) -> Deadline | None:
    if not dates:
        return None
    read = [(shape, *_day_of(shape, order, read_on)) for shape in dates]
    days = [(shape, day, is_guess) for shape, day, is_guess in read if day is not None]
    if not days:
        return None
    extended = [d for d in days if EXTENDED.search(text[max(0, d[0].start - 60) : d[0].start])]
    candidates = extended or days
    ahead = [d for d in candidates if d[1] >= read_on]
    if extended or not ahead:
        shape, day, is_guess = max(candidates, key=lambda d: d[1])
    else:
        shape, day, is_guess = _end_of_range(text, ahead)
    start, end = _sentence(shape, ends, len(text))
    at, is_day = time_near(text[start:end], shape.start - start, shape.end - start, day)
    return Deadline("date", at, text[shape.start : shape.end], is_day, is_guess)


def _sentence(shape: DateShape, ends: Sequence[int], length: int) -> tuple[int, int]:
    """Where the sentence around a date begins and ends: a time behind it is not the date's."""
    first, last = bisect_left(ends, shape.start), bisect_left(ends, shape.end - 1)
    return ends[first - 1] + 1 if first else 0, max(
        ends[last] if last < len(ends) else length, shape.end
    )


def _end_of_range(
    text: str, days: list[tuple[DateShape, date, bool]]
) -> tuple[DateShape, date, bool]:
    """The first day, or the end of the range that it begins."""
    chosen = days[0]
    for later in days[1:]:
        between = text[chosen[0].end : later[0].start]
        if not RANGE.fullmatch(between):
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


def time_near(text: str, start: int, end: int, day: date) -> tuple[datetime, bool]:
    """The moment a date in `text`, from `start` to `end`, is over, UTC, and whether only a day was
    said: then it is the end of that day, where it ends last if `AoE` stands there, else in UTC.

    >>> said = "11:59 pm EST on May 2, 2026"
    >>> time_near(said, 16, len(said), date(2026, 5, 2))[0].isoformat()
    '2026-05-03T04:59:00+00:00'
    >>> time_near("May 2, 2026", 0, 11, date(2026, 5, 2))
    (datetime.datetime(2026, 5, 3, 0, 0, tzinfo=datetime.timezone.utc), True)
    """
    behind = text[end : end + _TIME_REACH]
    for found in (*_times(behind), *reversed(_times(_before(text, start)))):
        said = _clock(found)
        if said is None:
            continue
        zone = _zone(found)
        if said == time():  # midnight, or how spreadsheets write a bare day: its end is meant
            return _utc(day + timedelta(days=1), said, zone), zone is UTC
        if said >= time(23, 59) and zone is UTC:
            break
        return _utc(day, said, zone), False
    alone = _ZONE_ALONE.match(behind)
    zone = _zone(alone) if alone and alone["zone"] else UTC
    return _utc(day + timedelta(days=1), time(), zone), zone is UTC


def _before(text: str, start: int) -> str:
    """What stands before a date in its own clause."""
    return re.split(r"(?<![mlz])[.;\n]\s", text[max(0, start - _TIME_REACH) : start])[-1]


def _times(text: str) -> list[re.Match[str]]:
    cut = re.search(r"\n\s*\n|;", text)
    return list(_TIME.finditer(text[: cut.start()] if cut else text))


def _clock(found: re.Match[str]) -> time | None:
    """The time of day; None for a number that is none."""
    if found["word"]:
        return time(12 if found["word"].lower() in ("noon", "midday") else 0)
    is_told = found["half"] or found["unit"] or found["at"]
    if not (is_told or (found["minute"] and found["sign"] != ".")):  # 12.50 may be a price
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].lower().startswith("p") else 0)
    if (hour, minute) == (24, 0):
        return time(23, 59, 59)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _zone(found: re.Match[str]) -> tzinfo:
    named, offset = (found["zone"] or "").lower(), found["offset"]
    if offset and named in ("", "utc", "gmt"):
        digits = offset[1:].replace(":", "")
        hours, minutes = int(digits[:-2] or 0), int(digits[-2:])
        if len(digits) <= 2:
            hours, minutes = int(digits), 0
        sign = -1 if offset[0] == "-" else 1
        ahead = timedelta(hours=hours, minutes=minutes) * sign
        return timezone(ahead) if abs(ahead) < timedelta(hours=24) else UTC
    if named.startswith("anywhere"):
        named = "aoe"
    if named in _ZONES:
        return timezone(timedelta(hours=_ZONES[named])) if _ZONES[named] else UTC
    place = _PLACES.get(named) or (found["zone"] if "/" in named else "")
    try:
        return ZoneInfo(place) if place else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _utc(day: date, clock: time, zone: tzinfo) -> datetime:
    try:
        return datetime.combine(day, clock, zone).astimezone(UTC)
    except OverflowError:  # the last day there is
        return datetime.combine(day, clock, UTC)


__all__ = ["DATE", "NONE", "Deadline", "date_order", "find_deadline", "moment_of", "read_deadline"]
