"""When a call closes: read from its own cell, or found in what it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .date_shapes import DATE, DateShape, find_dates

_ZONES = {
    "aoe": -12, "utc": 0, "gmt": 0, "wet": 0, "z": 0, "bst": 1, "cest": 2, "eest": 3, "est": -5,
    "edt": -4, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "hst": -10,
    "jst": 9, "kst": 9, "sgt": 8, "hkt": 8, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip
_PLACES = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver",
    "pt": "America/Los_Angeles", "cet": "Europe/Berlin", "eet": "Europe/Helsinki",
    "eastern": "America/New_York", "central": "America/Chicago", "mountain": "America/Denver",
    "pacific": "America/Los_Angeles",
}  # fmt: skip
_ZONE = (
    r"(?:(?P<zone>AoE|anywhere on earth|UTC|GMT|Z\b|[ECMP][SD]?T|AKST|HST|WET|BST|CES?T|EES?T|JST"
    r"|KST|SGT|HKT|AE[SD]T|NZ[SD]T"
    r"|(?:Eastern|Central|Mountain|Pacific)(?=\s(?:standard |daylight )?time)"
    r"|[A-Z][a-z]+/[A-Z][A-Za-z_]+)\b)?\s?(?P<offset>[+-]\d{1,2}(?::?\d\d)?)?"
)
_TIME = re.compile(
    r"(?:(?<![\d/.:-])(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d)(?::\d\d)?)?\s?"
    r"(?P<half>[ap]\.?\s?m\b\.?)?(?:\s?(?:uhr|h)\b)?|(?P<word>noon|midday|midnight))"
    rf"[\s,(]{{0,3}}{_ZONE}",
    re.I,
)
_ZONE_ALONE = re.compile(rf"^[\s,(]{{0,3}}{_ZONE}", re.I)
_TIME_REACH = 30

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
    r"|extended (?:to|until|through)|\bclos(?:e|es|ing)\b"
    r"|last (?:day|date|chance)|final date|(?:application|submission|entry) (?:period|window)"
    r"|(?:bewerbungs|einreichungs|anmelde)zeitraum|ausschreibung läuft|läuft bis"
    r"|\bentro (?:le|la|l['’])|pervenire|\btermina[mn]?\b|finaliza[mn]?\b|encerra\w{0,6}"
    r"|cierra[n]?\b"
    r"|\b(?:clos|ferme) le\b|période de candidature|período de|\bdo (?=\d{1,2}\.?\s(?!de\b))"
    r"|stichtag|einreich(?:frist|schluss|termin)"
    r"|(?:bewerb|einreich|anmeld)\w{0,12}\b[^.\n]{0,40}?\bbis\b"
    r"|einsende\w*|bewerbungs(?:schluss|frist)|anmeldeschluss|frist\b|abgabe\w*"
    r"|\bbis (?:zum|spätestens)"
    r"|date limite|(?:jusqu['’]au|avant le)|clôture|au plus tard"
    r"|fecha límite|plazo|hasta el|antes del|cierre|prazo|inscrições até|até (?:o dia|dia)"
    r"|data[ -]limite|scadenza|\bentro (?:e non oltre )?il|non oltre il|termine ultimo"
    r"|\bsluitingsdatum|tot en met|\buiterste|uiterlijk|\w{0,20}frist\w{0,6}"
    r"|\btermin\b|\btermín|zgłoszenia[^.\n]{0,30}?\bdo\b|\bdo dnia"
    r"|sista \w{0,20}dag|\bsenast\b|\bsenest\b|hakuaika|määräaika|päättyy"
    r"|uzávěrka|határid|\bson (?:başvuru|tarih)|termen(?:ul)? limită|\brok (?:za|prijave)"
    r"|срок|крайний|προθεσμία|締切|締め切り",
    re.I,
)
_EXTENDED = re.compile(
    r"extended (?:to|until|through)|new deadline|deadline extension|verlängert bis|prorrogad[oa]"
    r"|prolongé", re.I
)  # fmt: skip
_NOT_THE_LAST = re.compile(
    r"early[ -]?bird|early deadline|priority|notif|announc|\bopens\b|\bopen(?:ing)? (?:on|from)\b",
    re.I,
)
_CLAUSE = re.compile(r"[.,;|\n]")
_MONEY = r"€|\$|£|¥|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|JPY|AUD|CAD|euros?\b|dollars?\b"
_MONEY_BEHIND = re.compile(
    rf"^\d*\s?(?:{_MONEY}|pounds?\b|kr\b|z[łl]\b|k[čc]\b|ft\b|%|x\s?\d|[cm]?m\b|credits?\b)", re.I
)
_MONEY_BEFORE = re.compile(
    rf"(?:{_MONEY}|fees?|costs?|price|budget|gebühr|honorar|frais|cuota|taxa|quota|kost|kostet"
    r"|avgift|gebyr|opłata|poplatek)\W{0,3}$",
    re.I,
)
_SPOKEN = re.compile(r"(?:\bat|\bum|\bkl\.?|\balle|\bà|\ba las|\bat?é?|\bo|\bom|\bdo)\s*$", re.I)
"""Words before a time of day that is written with a point."""
_ALWAYS = re.compile(
    r"rolling basis|sans date limite|candidatures? en continu|convocatoria permanente"
    r"|no (?:fixed )?(?:application )?deadlines?\b|laufend möglich|jederzeit möglich",
    re.I,
)
_REACH = 90
"""Signs behind a cue in which its date must stand."""
_LONGEST = 20_000
_FEW_WORDS = 40
_RELATIVE = re.compile(
    r"tomorrow|today|tonight|\bnext\b|\bin \w+ (?:day|week|month)"
    r"|(?:day|week|month)s?\b.{0,10}\bfrom now"
    r"|morgen|heute|demain|aujourd|mañana|hoy|domani|oggi|amanhã|hoje|jutro|imorgon|i ?morgen"
    r"|huomenna|zítra|\bin \w+ (?:tag|woche|monat)|dans \w+ (?:jour|semaine|mois)|[年月日]",
    re.I,
)
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
    if _NUMBER.fullmatch(text):
        return _of_a_number(text)
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
    always = _ALWAYS.search(text)
    if always:
        return Deadline("rolling", said=always[0])
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


_NUMBER = re.compile(r"\d+(?:[.,]\d+)?(?:e[+-]?\d+)?", re.I)
_EPOCH = date(1970, 1, 1)
_SERIALS_FROM = date(1899, 12, 30)
"""The day that spreadsheets count from."""


def _of_a_number(text: str) -> Deadline:
    """The day that a bare number stands for: 20270131, the serial number of a spreadsheet, seconds
    or milliseconds since 1970. Digits that a spreadsheet rounded away (4.64E+04) are no day.

    >>> [_of_a_number(n).cell for n in ("20270131", "46400.75", "1800000000", "4.64E+04", "12")]
    ['2027-01-31', '2027-01-13', '2027-01-15', '', '']
    """
    whole, _, rest = text.partition(".")
    if not whole.isdigit() or (rest and not rest.isdigit()):
        return NONE
    number = int(whole[:14])
    day: date | None = None
    if len(whole) == 8 and not rest:
        day = _real_day(number // 10_000, number // 100 % 100, number % 100)
    elif len(whole) == 5:
        day = _SERIALS_FROM + timedelta(days=number)
    elif len(whole) in (10, 13):
        day = _EPOCH + timedelta(seconds=number / (1000 if len(whole) == 13 else 1))
    if day is None or not 2000 <= day.year < 2100:
        return NONE
    return Deadline("date", datetime.combine(day, time(), UTC) + timedelta(days=1), text)


def _in_other_words(text: str, order: DateOrder | None, read_on: date) -> Deadline:
    """What has no usual shape: `tomorrow`, `in 3 weeks`, `2026年8月1日`."""
    if not _RELATIVE.search(text) and len(re.findall(r"\d+", text)) < 2:
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
    sentence = re.search(r"(?<!\s\d)(?<!\s\d\d)[.!?]\s+[A-ZÄÖÜ]|\n\s*\n", text[cue.end() : end])
    if sentence:
        end = cue.end() + sentence.start() + 1
    found = [d for d in find_dates(text, cue.start(), min(end + 30, len(text))) if d.is_a_day]
    found = [d for d in found if cue.start() <= d.start <= end]
    clause = _CLAUSE.split(text[max(0, cue.start() - 25) : cue.start()])[-1]
    if not found or _NOT_THE_LAST.search(clause):
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


def time_near(text: str, start: int, end: int, day: date) -> tuple[datetime, bool]:
    """The moment a date in `text`, from `start` to `end`, is over, UTC, and whether only a day was
    said: then it is the end of that day, where it ends last if `AoE` stands there, else in UTC.

    >>> said = "11:59 pm EST on May 2, 2026"
    >>> time_near(said, 16, len(said), date(2026, 5, 2))[0].isoformat()
    '2026-05-03T04:59:00+00:00'
    >>> time_near("May 2, 2026", 0, 11, date(2026, 5, 2))
    (datetime.datetime(2026, 5, 3, 0, 0, tzinfo=datetime.timezone.utc), True)
    """
    behind = _NEXT_SENTENCE.split(text[end : end + _TIME_REACH])[0]
    for found in (*_times(behind), *reversed(_times(_before(text, start)))):
        said = _clock(found)
        if said is None:
            continue
        zone = _zone(found)
        # Midnight is the end of the day that was named; in figures it is how programs write a day.
        if said == time() and (found["word"] or zone is UTC):
            return _utc(day + timedelta(days=1), said, zone), zone is UTC
        if said >= time(23, 59) and zone is UTC:
            break
        return _utc(day, said, zone), False
    alone = _ZONE_ALONE.match(behind)
    zone = _zone(alone) if alone else UTC
    return _utc(day + timedelta(days=1), time(), zone), zone is UTC


_NEXT_SENTENCE = re.compile(r"\.\s+(?=[A-ZÀ-ÖØ-Þ])|\s[/|]\s")


def _before(text: str, start: int) -> str:
    """What stands before a date in its own clause."""
    return re.split(r"(?<!m)[.;\n]\s", text[max(0, start - _TIME_REACH) : start])[-1]


def _times(text: str) -> list[re.Match[str]]:
    cut = re.search(r"\n\s*\n|;", text)
    text = text[: cut.start()] if cut else text
    return [found for found in _TIME.finditer(text) if not _is_money(text, found)]


def _is_money(text: str, found: re.Match[str]) -> bool:
    """Whether figures are a sum, a size or a version rather than a time of day."""
    before, behind = text[: found.start()], text[found.end() :]
    if _MONEY_BEHIND.match(behind.lstrip()) or _MONEY_BEFORE.search(before):
        return True
    with_a_point = bool(found["minute"]) and "." in found[0][: len(found["hour"]) + 1]
    is_told = found["half"] or found["zone"] or re.search(r"uhr|h\b", found[0], re.I)
    return with_a_point and not is_told and not _SPOKEN.search(before)


def _clock(found: re.Match[str]) -> time | None:
    """The time of day; None for a number that is none."""
    if found["word"]:
        return time(12 if found["word"].lower() != "midnight" else 0)
    if not (found["minute"] or found["half"]):
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
