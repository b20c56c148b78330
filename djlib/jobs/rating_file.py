"""A file of ratings as feedback reads it: how well each call was liked, or what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..tables.events import utc_now
from ..tables.io import read_table
from ..tables.problems import Problem
from ..tables.ratings import RATINGS
from ..tables.sources import open_source
from ..tables.spreadsheet import undefuse
from .ratings import Rating, Ratings

_LINE = "line in the file"
_YES = {"yes", "y", "like", "liked", "good", "x", "true", "t", "+"}
_NO = {"no", "n", "dislike", "disliked", "bad", "false", "f", "-"}
_STAR = re.compile(r"([0-5])(?:[.,]0+)?")
_ALLOWED = {
    "0-1": "1, yes or like; 0, no or dislike; empty for not rated",
    "1-5": "1 to 5 stars, like or dislike; empty for not rated",
}


@dataclass(frozen=True)
class RatingFile:
    """What a file holds: ratings that can be taken, calls that were opened (person, call, source),
    rows left empty, how ratings are written, and problems."""

    taken: list[Rating] = field(default_factory=list)
    opened: list[tuple[str, str, str]] = field(default_factory=list)
    unanswered: int = 0
    scale: str = "0-1"
    problems: list[Problem] = field(default_factory=list)


def is_of_ratings(file: Path) -> bool:
    """Whether a file rates calls: it has `opportunity_id` and `rating` or `opened`."""
    with open_source(file, 1) as source:
        known = {RATINGS.known_as(heading) for heading in source.headings}
    return "opportunity_id" in known and bool(known & {"rating", "opened"})


def read_rating_file(
    file: Path,
    calls: Mapping[str, Mapping[str, Any]],
    ids: Mapping[str, str],
    ratings: Ratings,
    scale: str = "auto",
) -> RatingFile:
    """Read a file of ratings; `calls` are those known, by id, `ids` what a call is called now by
    every id it had. Raises `InputError` for a file without the columns."""
    problems: list[Problem] = []
    table = read_table(
        file, schema=RATINGS, problems=problems, duplicates="keep", line_column=_LINE
    )
    rows = [{**row, "line": int(row[_LINE])} for row in table.to_dict("records")]
    cells = [undefuse(str(row.get("rating", ""))).strip() for row in rows]
    scale = scale if scale != "auto" else scale_of(cells, ratings)
    now = utc_now()
    taken: dict[tuple[str, str], Rating] = {}
    opened: dict[tuple[str, str], str] = {}
    for row, cell in zip(rows, cells, strict=True):
        has_opened = str(row.get("opened", "")).strip() not in ("", "0")
        if not cell and not has_opened:
            continue
        user, name, wrong = _whose(row, calls, ids)
        if wrong:
            problems.append(wrong)
            continue
        if has_opened:
            opened[user, name] = str(calls[name].get("source", ""))
        if not cell:
            continue
        rating, problem = _rated(row, cell, user, name, calls[name], scale, now)
        problems += [problem] if problem else []
        if rating is None:
            continue
        before = taken.pop((user, name), None)
        if before and before.liked != rating.liked:
            why = "rated twice, the last one counts"
            problems.append(Problem(row["line"], "rating", cell, why, "note"))
        taken[user, name] = rating
    return RatingFile(
        list(taken.values()),
        [(user, name, source) for (user, name), source in opened.items()],
        sum(not cell for cell in cells),
        scale,
        problems,
    )


def scale_of(cells: list[str], ratings: Ratings) -> str:
    """How ratings are written: in stars where any is more than 1, or the last ones known were.

    >>> nothing = Ratings({}, [])
    >>> scale_of(["1", "0", ""], nothing), scale_of(["1", "4"], nothing)
    ('0-1', '1-5')
    """
    stars = [int(found[1]) for cell in cells if (found := _STAR.fullmatch(cell))]
    if any(star > 1 for star in stars):
        return "1-5"
    if 0 in stars:
        return "0-1"
    return ratings.events[-1].scale if ratings.events else "0-1"


def liked_of(cell: str, scale: str) -> float | None:
    """How well a call was liked, 0 to 1; None for what is no rating.

    >>> [liked_of(cell, "1-5") for cell in ("5", "3", "1", "0")]
    [1.0, 0.5, 0.0, None]
    >>> [liked_of(cell, "0-1") for cell in ("1", "No", "2", "maybe")]
    [1.0, 0.0, None, None]
    """
    plain = cell.casefold()
    if plain in _YES or plain in _NO:
        return float(plain in _YES)
    found = _STAR.fullmatch(cell)
    if not found:
        return None
    star = int(found[1])
    if scale == "0-1":
        return float(star) if star <= 1 else None
    return (star - 1) / 4 if star >= 1 else None


def _whose(
    row: Mapping[str, Any], calls: Mapping[str, Any], ids: Mapping[str, str]
) -> tuple[str, str, Problem | None]:
    """Who rates which call, and what is wrong with that."""
    user, given = str(row["user_id"]).strip(), str(row["opportunity_id"]).strip()
    name = ids.get(given, given)
    if not user:
        return "", "", Problem(row["line"], "user_id", user, "nobody: write who rates")
    if name not in calls:
        why = "no call of this id was scanned or rated here; 'djlib scan' brings calls"
        return "", "", Problem(row["line"], "opportunity_id", given, why)
    return user, name, None


def _rated(
    row: Mapping[str, Any],
    cell: str,
    user: str,
    name: str,
    call: Mapping[str, Any],
    scale: str,
    now: str,
) -> tuple[Rating | None, Problem | None]:
    line = row["line"]
    liked = liked_of(cell, scale)
    if liked is None:
        return None, Problem(line, "rating", cell, f"no rating; allowed: {_ALLOWED[scale]}")
    said = str(row.get("rated_at", "")).strip()
    at = _moment(said, now) if said else now
    problem = None
    if at is None:
        why = "no moment that has been; taken as now"
        problem = Problem(line, "rated_at", said, why, "value ignored")
    return Rating(user, name, liked, cell, at or now, call, scale), problem


def _moment(said: str, now: str) -> str | None:
    """A moment in UTC; None for what is none, or is yet to come."""
    try:
        read = datetime.fromisoformat(said)
    except ValueError:
        return None
    read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    at = f"{read:%Y-%m-%dT%H:%M:%SZ}"
    return at if at <= now else None
