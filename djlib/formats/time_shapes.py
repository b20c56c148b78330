"""The time of day beside a date, and in which time zone it is meant."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
_REACH = 30


def time_near(text: str, start: int, end: int, day: date) -> tuple[datetime, bool]:
    """The moment a date in `text`, from `start` to `end`, is over, UTC, and whether only a day was
    said: then it is the end of that day, where it ends last if `AoE` stands there, else in UTC.

    >>> said = "11:59 pm EST on May 2, 2026"
    >>> time_near(said, 16, len(said), date(2026, 5, 2))[0].isoformat()
    '2026-05-03T04:59:00+00:00'
    >>> time_near("May 2, 2026", 0, 11, date(2026, 5, 2))
    (datetime.datetime(2026, 5, 3, 0, 0, tzinfo=datetime.timezone.utc), True)
    """
    behind = text[end : end + _REACH]
    for found in (*_times(behind), *reversed(_times(_before(text, start)))):
        said = _clock(found)
        if said is None:
            continue
        zone = _zone(found)
        if said == time() and found["word"]:  # midnight: the end of the day that was named
            return _utc(day + timedelta(days=1), said, zone), zone is UTC
        if said >= time(23, 59) and zone is UTC:
            break
        return _utc(day, said, zone), False
    alone = _ZONE_ALONE.match(behind)
    zone = _zone(alone) if alone else UTC
    return _utc(day + timedelta(days=1), time(), zone), zone is UTC


def _before(text: str, start: int) -> str:
    """What stands before a date in its own clause."""
    return re.split(r"(?<!m)[.;\n]\s", text[max(0, start - _REACH) : start])[-1]


def _times(text: str) -> list[re.Match[str]]:
    cut = re.search(r"\n\s*\n|;", text)
    return list(_TIME.finditer(text[: cut.start()] if cut else text))


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
