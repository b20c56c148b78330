"""What a person filters calls by: of which kind, whether entering costs anything, where; and a
calendar of their deadlines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ..errors import UsageError
from ..features.text import fold
from ..formats.calls.deadlines import moment_of
from ..tables.cells import text_of

KINDS = {
    "residency": r"residenc|residenz|résidence|artists?[- ]in[- ]residence",
    "fellowship": r"fellowship|stipendi",
    "internship": r"internship|praktikum|traineeship|\bstage\b",
    "commission": r"commission|public art|request for (?:qualifications|proposals)|\brf[qp]\b|"
    r"mural",
    "competition": r"competition|contest|\bprize|\bawards?\b|wettbewerb|concours|\bpreis\b|premio",
    "grant": r"\bgrants?\b|funding|\bfund\b|förder|bursar|scholarship|subvention|beca\b",
    "exhibition": r"exhibition|exhibit\b|group show|solo show|juried|ausstellung|exposition|"
    r"biennial",
    "conference": r"conference|symposium|call for papers|\bcfp\b|congress|summit",
    "course": r"workshop|course|class(?:es)?\b|training|summer school|masterclass|bootcamp",
    "job": r"\bjobs?\b|position|instructor|professor|director|manager|assistant|coordinator|hiring",
    "submission": r"submission|anthology|magazine|journal|open call|call for|call to",
}
"""The words of each kind, the most telling kind first."""
_FREE = re.compile(
    r"\bno (?:entry |application |submission |participation )?(?:fee|charge|cost)s?\b|"
    r"\bfree (?:to|of charge|entry|submission|application|participation)\b|"
    r"\b(?:fee|entry|cost)s?\s?[:=]\s?(?:free|none|no\b|\$?0\b)|\bwithout (?:a )?fee\b|"
    r"kostenlos|gratuit",
)
_PAID = re.compile(
    r"\b(?:entry|application|submission|participation|registration|entrance|jury(?:ing)?|handling) "
    r"(?:fee|cost)s?\b|\bfees?\s?(?:of|:|is|=)?\s?[$€£]\s?\d|[$€£]\s?\d+\s?(?:entry|"
    r"application|per entry|per image|to enter|for (?:up to )?\w+ (?:images|entries|works))"
)
_READ = 5000
_ANYWHERE = re.compile(r"\b(?:online|remote|virtual|worldwide|anywhere|international)\b")


@dataclass(frozen=True)
class Wanted:
    """What a person asks for: what closes within `closing` days, at a `place` (or online), of some
    `kinds`, and nothing that names a fee (`free`)."""

    closing: float | None = None
    place: str = ""
    kinds: tuple[str, ...] = ()
    free: bool = False

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown:
            raise UsageError(f"unknown kind {unknown[0]!r}; known: {', '.join(KINDS)}")

    @property
    def is_anything(self) -> bool:
        """Whether nothing is asked for."""
        return self == Wanted()

    def of(self, calls: pd.DataFrame, days_left: np.ndarray) -> np.ndarray:
        """Which calls are wanted, (n,); `days_left` (n,) until each closes, NaN without a date."""
        wanted = np.ones(len(calls), dtype=bool)
        if self.closing is not None:
            wanted &= np.nan_to_num(days_left, nan=np.inf) <= self.closing
        if self.place:
            wanted &= _is_at(calls, self.place)
        if self.kinds:
            wanted &= np.array([kind in self.kinds for kind in kinds_of(calls)], dtype=bool)
        if self.free:
            wanted &= np.array([fee != "fee" for fee in fees_of(calls)], dtype=bool)
        return wanted


def kinds_of(calls: pd.DataFrame) -> list[str]:
    """The kind of each call, one of `KINDS`, "" where no word tells.

    >>> kinds_of(pd.DataFrame({"title": ["Dub Residency", "Film Prize 2027", "Hello"]}))
    ['residency', 'competition', '']
    """
    columns = [[fold(cell[:_READ]) for cell in text_of(calls, c)] for c in ("title", "tags")]
    texts = [fold(cell[:300]) for cell in text_of(calls, "description")]
    found = []
    for cells in zip(*columns, texts, strict=True):
        told = (kind for cell in cells for kind, words in KINDS.items() if re.search(words, cell))
        found.append(next(told, ""))
    return found


def fees_of(calls: pd.DataFrame) -> list[str]:
    """What entering each call costs, as it says: "free", "fee", or "" where it says nothing.

    >>> fees_of(pd.DataFrame({"description": ["No entry fee.", "Entry fee: $35", "Apply"]}))
    ['free', 'fee', '']
    """
    texts = zip(text_of(calls, "title"), text_of(calls, "description"), strict=True)
    found = []
    for title, text in texts:
        said = fold(f"{title} {text[:_READ]}")
        found.append("free" if _FREE.search(said) else "fee" if _PAID.search(said) else "")
    return found


def _is_at(calls: pd.DataFrame, place: str) -> np.ndarray:
    """Whether a call is at a place: named in its location; where it has none, in title or text;
    what is online is everywhere."""
    wanted = [fold(part).strip() for part in re.split(r"[,;]", place) if part.strip()]
    columns = ("location", "title", "description")
    found = []
    for where, title, text in zip(*(text_of(calls, c) for c in columns), strict=True):
        said = fold(where) or fold(f"{title} {text[:_READ]}")
        is_named = any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) for name in wanted)
        found.append(is_named or bool(where and _ANYWHERE.search(said)))
    return np.array(found, dtype=bool)


def calendar_of(rows: Iterable[Mapping[str, Any]], made_at: datetime) -> str:
    """A calendar (iCalendar, RFC 5545) of the deadlines of calls that have one, each with alarms
    three days and one day before.

    >>> made = datetime(2026, 5, 1, tzinfo=UTC)
    >>> row = {"opportunity_id": "a", "title": "Dub, grant", "deadline": "2026-06-01"}
    >>> [x for x in calendar_of([row], made).splitlines() if x[:3] in ("SUM", "DTS")]
    ['DTSTAMP:20260501T000000Z', 'DTSTART;VALUE=DATE:20260601', 'SUMMARY:Closes: Dub\\\\, grant']
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//djlib//calls//EN", "CALSCALE:GREGORIAN"]
    for row in rows:
        cell = str(row.get("deadline", ""))
        moment = moment_of(cell)
        if moment is None:
            continue
        lines += ["BEGIN:VEVENT", f"UID:{row['opportunity_id']}@djlib"]
        lines += [f"DTSTAMP:{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}", *_when(cell, moment)]
        lines.append(f"SUMMARY:{_escaped('Closes: ' + str(row.get('title', '')))}")
        if row.get("url"):
            lines.append(f"URL:{_on_one_line(str(row['url']))}")
        if row.get("location"):
            lines.append(f"LOCATION:{_escaped(str(row['location']))}")
        for days in (3, 1):
            lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Closes soon"]
            lines += [f"TRIGGER:-P{days}D", "END:VALARM"]
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _when(cell: str, moment: datetime) -> list[str]:
    if len(cell) == 10:
        day = date.fromisoformat(cell)
        next_day = day + timedelta(days=1)
        return [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{next_day:%Y%m%d}"]
    at = f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return [f"DTSTART:{at}", f"DTEND:{at}"]


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return _on_one_line(text)


def _on_one_line(text: str) -> str:
    return " ".join("".join(s if s.isprintable() else " " for s in text).split())


def _folded(line: str) -> str:
    """A line in parts of at most 75 bytes, none cut within a letter."""
    parts, rest = [], line
    while len(rest.encode()) > 74:
        cut = min(len(rest), 74)
        while len(rest[:cut].encode()) > 74:
            cut -= 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return "\r\n ".join([*parts, rest])
