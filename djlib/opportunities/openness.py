"""Whether a call can still be answered: by its deadline, its event, the years it names, its age."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd

from ..features.text import fold
from ..formats.calls.date_shapes import find_dates
from ..formats.calls.deadlines import moment_of, read_deadline
from ..tables.cells import text_of

USUAL_DAYS = 120.0
"""How long a call without any date counts as open where nothing is known of others."""
_FEWEST_OF_SOURCE, _FEWEST_OF_ALL = 5, 20
_LEAST_DAYS, _MOST_DAYS = 14.0, 365.0
_READ = 3000
"""Signs of a description that are searched for dates."""
_BACK, _AHEAD = 12, 5
"""Years before and after now that a year in a title or address can mean an edition."""
_NO_END = re.compile(
    r"\b(?:updated|posted|published|added|listed|founded|established|since|born|last modified)\b"
    r"[^\n.;]{0,12}$",
    re.I,
)
"""What stands before a date that ends nothing."""
_YEAR = re.compile(r"(?<![\d.,$€£])(20\d\d)(?:\s?[-/–]\s?(?:20)?(\d\d))?(?![\d,])")
_POSTED = re.compile(r"/(20\d\d)/(0?[1-9]|1[0-2])(?:/|$)")
_ORDINAL = re.compile(r"\b(\d{1,3})\s?(?:st|nd|rd|th|\.|ª|º|e|ème|a)\b(?=\s)|\bno\.?\s?(\d{1,3})\b")
_NUMBERS = re.compile(r"\d+\w*|\b[ivxl]+\b")


@dataclass(frozen=True)
class Openness:
    """For n calls: which can still be answered (`is_open`, (n,)) and what that is judged by
    (`why`, n texts; "" where a deadline says it)."""

    is_open: np.ndarray
    why: list[str]


def openness(calls: pd.DataFrame, now: datetime) -> Openness:
    """Judge each call by what it says, the most certain first: its deadline; the end of what it is
    for; the latest date in its text; the year in its title or address; a later edition of it.

    One without any date counts as open for as long as calls of its source usually are.

    >>> calls = pd.DataFrame({"title": ["Dub night 2023", "Dub prize", "Dub grant"],
    ...                       "deadline": ["", "2026-05-09", ""], "ends": ["", "", "2026-04-30"]})
    >>> judged = openness(calls, datetime(2026, 5, 2, tzinfo=UTC))
    >>> judged.is_open.tolist(), judged.why
    ([False, True, False], ['it names 2023', '', 'what it is for ended on 2026-04-30'])
    """
    columns = ("title", "url", "deadline", "starts", "ends", "description", "source")
    table = pd.DataFrame({name: text_of(calls, name).tolist() for name in columns})
    seen = "first_seen" if "first_seen" in calls else "scraped_at"
    first = [_moment(cell) for cell in text_of(calls, seen)]
    usual = _usual_days(table, first)
    later = _later_editions(table)
    cells = {cell: moment_of(cell) for cell in table["deadline"].unique()}
    judged = [
        _judged(row, cells[row["deadline"]], first[n], usual, later.get(n), now)
        for n, row in enumerate(table.to_dict("records"))
    ]
    return Openness(np.array([j[0] for j in judged], dtype=bool), [j[1] for j in judged])


def _judged(
    row: Mapping[str, str],
    deadline: datetime | None,
    first_seen: datetime | None,
    usual: Mapping[str, tuple[float, str]],
    later: str | None,
    now: datetime,
) -> tuple[bool, str]:
    if deadline is not None and deadline > now:
        return True, ""
    if deadline is not None:
        return False, "its deadline is over"
    end = _end_of(row)
    if end is not None and end <= now:
        return False, f"what it is for ended on {end - timedelta(seconds=1):%Y-%m-%d}"
    if row["deadline"] == "rolling":
        return True, "open at any time"
    said, year = _latest_in_text(row, first_seen or now), _year_of(row, now)
    is_behind = (year is None or year < now.year) and (said is None or said <= now)
    if end is None and is_behind and said is not None:
        return False, f"the latest date it names is {said - timedelta(seconds=1):%Y-%m-%d}"
    if end is None and is_behind and year is not None:
        return False, f"it names {year}"
    if later:
        return False, f"a later edition is known: {later}"
    if end is not None or (said is not None and said > now):
        return True, "no deadline; what it names lies ahead"
    return _by_age(row, first_seen, usual, now)


def _by_age(
    row: Mapping[str, str],
    first_seen: datetime | None,
    usual: Mapping[str, tuple[float, str]],
    now: datetime,
) -> tuple[bool, str]:
    """A call without any date, by how long it is known or was posted."""
    days, of_whom = usual.get(row["source"], usual[""])
    since = _posted(row["url"]) or first_seen
    if since is None:
        return True, "no date"
    said = f"no date; {of_whom} about {days:.0f} days"
    return (now - since).total_seconds() <= days * 86_400, said


def _usual_days(
    table: pd.DataFrame, first_seen: Sequence[datetime | None]
) -> dict[str, tuple[float, str]]:
    """How long calls of each source are usually open, the median from first seen to deadline; of
    all under "". With too few that have a deadline, that of all, or `USUAL_DAYS`."""
    by_source: dict[str, list[float]] = defaultdict(list)
    for source, cell, seen in zip(table["source"], table["deadline"], first_seen, strict=True):
        closes = moment_of(cell)
        if closes is not None and seen is not None and closes > seen:
            by_source[source].append((closes - seen).total_seconds() / 86_400)
    every = [days for some in by_source.values() for days in some]
    known = _clipped(every) if len(every) >= _FEWEST_OF_ALL else USUAL_DAYS
    found = {"": (known, "calls are usually open")}
    for source, some in by_source.items():
        if source and len(some) >= _FEWEST_OF_SOURCE:
            found[source] = (_clipped(some), f"calls of {source} are usually open")
    return found


def _clipped(days: Sequence[float]) -> float:
    return float(np.clip(np.median(days), _LEAST_DAYS, _MOST_DAYS))


def _end_of(row: Mapping[str, str]) -> datetime | None:
    """When what a call is for is over: its last day, else its first."""
    for cell in (row["ends"], row["starts"]):
        if not cell:
            continue
        moment = moment_of(cell)
        if moment is None:
            moment = read_deadline(cell, read_on=date(1990, 1, 1)).at
        if moment is not None:
            return moment
    return None


def _latest_in_text(row: Mapping[str, str], read_on: datetime) -> datetime | None:
    """The end of the latest full date in title and text, of those that can be meant."""
    latest: date | None = None
    text = f"{row['title']}\n{row['description'][:_READ]}"
    for shape in find_dates(text):
        if _NO_END.search(text, max(shape.start - 40, 0), shape.start):
            continue
        if shape.year is None or not -_BACK <= shape.year - read_on.year <= _AHEAD:
            continue
        month, day = shape.month_and_day("day first")
        try:
            found = date(shape.year, month, day)
        except ValueError:
            continue
        latest = found if latest is None else max(latest, found)
    return None if latest is None else datetime.combine(latest, time(), UTC) + timedelta(days=1)


def _year_of(row: Mapping[str, str], now: datetime) -> int | None:
    """The latest year that title or address name as an edition; the month an address was posted in
    is none."""
    address = _POSTED.sub("/", row["url"])
    years = []
    for found in _YEAR.finditer(f"{row['title']} {address}"):
        years.append(int(found[1]))
        if found[2]:
            years.append(int(found[1][:2] + found[2]))
    likely = [year for year in years if -_BACK <= year - now.year <= _AHEAD]
    return max(likely, default=None)


def _posted(url: str) -> datetime | None:
    """The end of the month that an address says a page was posted in: /2025/12/."""
    found = _POSTED.search(url)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2])
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def edition_of(title: str) -> tuple[str, int]:
    """What a title calls itself without numbers, and the edition: its year, else the number of it,
    0 where it names neither.

    >>> edition_of("Dub Prize 2025"), edition_of("12th Dub Prize"), edition_of("Dub Prize")
    (('dub prize', 2025), ('dub prize', 12), ('dub prize', 0))
    """
    plain = fold(title)
    years = [int(found[1]) for found in _YEAR.finditer(plain)]
    ordinal = _ORDINAL.search(plain)
    number = int(ordinal[1] or ordinal[2]) if ordinal else 0
    bare = re.sub(r"\bedition\b|\bno\b", " ", _NUMBERS.sub(" ", plain))
    return " ".join(re.findall(r"\w+", bare)), max(years, default=number)


def editions(table: pd.DataFrame) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Editions of one call, by source and what they call themselves: (edition, row), in order;
    only where there are several."""
    found: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for n, (title, source) in enumerate(zip(table["title"], table["source"], strict=True)):
        name, edition = edition_of(title)
        if edition and len(name.split()) >= 2:
            found[source, name].append((edition, n))
    return {
        key: sorted(some)
        for key, some in found.items()
        if len({edition for edition, _ in some}) > 1
    }


def _later_editions(table: pd.DataFrame) -> dict[int, str]:
    """The title of a later edition, by the row of each earlier one."""
    later: dict[int, str] = {}
    for some in editions(table).values():
        last, newest = some[-1]
        # A year and a plain number do not say which is later.
        kin = [(e, n) for e, n in some if (e > 1000) == (last > 1000)]
        later |= {n: str(table["title"].iloc[newest]) for e, n in kin if e < last}
    return later


def _moment(cell: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read
