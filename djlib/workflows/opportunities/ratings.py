"""Ratings of calls: the log, replayed whenever asked, and files of ratings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...opportunities.intake import CALL_COLUMNS
from ...settings import Workspace
from ...tables.cells import undefuse
from ...tables.csv.sources import open_source
from ...tables.events import utc_now
from ...tables.io import read_table
from ...tables.problems import Problem
from ...tables.schema import RATINGS
from ..core.event_log import active_events, fingerprint_of, log_feedback

RATING_LOG = "ratings"

_LOGGED = ("title", "tags", "source", "sources", "url", "deadline", "location", "description")
_LONGEST = 2000


@dataclass(frozen=True)
class Rating:
    """How well a person liked a call, 0 to 1, as they wrote it (`text`) and when; `first_at` is
    when they first rated it, `number` the place in the log."""

    user_id: str
    opportunity_id: str
    liked: float
    text: str
    at: str
    call: Mapping[str, Any] = field(repr=False, default_factory=dict)
    scale: str = "0-1"
    first_at: str = ""
    number: int = 0


@dataclass(frozen=True)
class Ratings:
    """The ratings in force, by person and call, oldest first; the last word counts. `events` are
    all that were ever given and not taken back, `n_logged` is how long the log is, `feedbacks` what
    can be taken back, newest last, `undone` what was."""

    by_key: dict[tuple[str, str], Rating]
    events: list[Rating]
    n_logged: int = 0
    feedbacks: tuple[str, ...] = ()
    undone: frozenset[str] = frozenset()

    @property
    def users(self) -> list[str]:
        """Who has rated anything, in order."""
        return list(dict.fromkeys(user for user, _ in self.by_key))

    def of(self, user: str) -> list[Rating]:
        """What a person rated."""
        return [rating for (who, _), rating in self.by_key.items() if who == user]


def ratings_so_far(workspace: Workspace, *, without: str = "") -> Ratings:
    """Replay the log, also `without` one feedback. Raises `InputError` for a damaged one."""
    log = active_events(workspace, RATING_LOG, without=without)
    by_key: dict[tuple[str, str], Rating] = {}
    events = log.replay(_rating, "rating")
    for rating in events:
        key = (rating.user_id, rating.opportunity_id)
        before = by_key.pop(key, None)
        by_key[key] = replace(rating, first_at=before.first_at if before else rating.at)
    return Ratings(by_key, events, log.n_logged, tuple(log.feedbacks), log.undone)


def log_ratings(workspace: Workspace, ratings: Iterable[Rating], source: str) -> str:
    """Append ratings as one feedback; gives its id, by which it can be taken back."""
    now = utc_now()
    return log_feedback(
        workspace,
        RATING_LOG,
        [
            {
                "at": rating.at,
                "taken_at": now,
                "user_id": rating.user_id,
                "opportunity_id": rating.opportunity_id,
                "liked": rating.liked,
                "rating": rating.text,
                "scale": rating.scale,
                "source": source,
                "call": logged_call(rating.call),
            }
            for rating in ratings
        ],
    )


def logged_call(call: Mapping[str, Any]) -> dict[str, str]:
    """What of a call is logged with a rating."""
    cells = {name: str(call.get(name, "") or "")[:_LONGEST] for name in _LOGGED}
    return {name: cell for name, cell in cells.items() if cell}


def rated_calls(ratings: Ratings, calls: pd.DataFrame) -> pd.DataFrame:
    """The rated calls, a row a rating in force: as they are in `calls`, else as logged; with
    `user_id`, `liked`, `at` (when it was first rated) and `number`."""
    ids = current_ids(calls)
    wanted = {ids[r.opportunity_id] for r in ratings.by_key.values() if r.opportunity_id in ids}
    some = calls[calls["opportunity_id"].isin(wanted)].to_dict("records")
    known = {row["opportunity_id"]: row for row in some}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for rating in ratings.by_key.values():
        name = ids.get(rating.opportunity_id, rating.opportunity_id)
        row = known.get(name, {**rating.call, "opportunity_id": name})
        before = rows.pop((rating.user_id, name), None)  # the same call, before it was merged
        rows[rating.user_id, name] = (
            {column: str(row.get(column, "") or "") for column in CALL_COLUMNS}
            | {"user_id": rating.user_id, "liked": rating.liked, "number": rating.number}
            | {"at": before["at"] if before else rating.first_at}
        )
    columns = [*CALL_COLUMNS, "user_id", "liked", "at", "number"]
    table = pd.DataFrame(list(rows.values()), columns=columns)
    return table.astype({"liked": float, "number": np.int64})


def current_ids(calls: pd.DataFrame) -> dict[str, str]:
    """The id a call has now, by every id it ever had: calls that were merged had several."""
    found: dict[str, str] = {}
    if "other_ids" in calls:
        merged = calls[calls["other_ids"] != ""]
        for own, others in zip(merged["opportunity_id"], merged["other_ids"], strict=True):
            found |= dict.fromkeys(filter(None, others.split("|")), own)
    return found | {own: own for own in calls["opportunity_id"]}


def fingerprint(ratings: Ratings) -> str:
    """Names the exact ratings a version learned from."""
    return fingerprint_of((*key, r.liked) for key, r in ratings.by_key.items())


def _rating(event: Mapping[str, Any], number: int) -> Rating:
    liked = float(event["liked"])
    if not 0 <= liked <= 1:
        raise ValueError("a number from 0 to 1 as 'liked'")
    return Rating(
        str(event["user_id"]),
        str(event["opportunity_id"]),
        liked,
        str(event.get("rating", "")),
        str(event["at"]),
        dict(event.get("call", {})),
        str(event.get("scale", "0-1")),
        number=number,
    )


_LINE = "line in the file"
_YES = {"yes", "y", "like", "liked", "good", "x", "true", "t", "+"}
_NO = {"no", "n", "dislike", "disliked", "bad", "false", "f", "-"}
_STAR = re.compile(r"([0-5])(?:[.,]0+)?")
SCALES = ("0-1", "1-5")
"""How ratings are written: 1 or 0, or one to five stars."""
_SPELLED = {
    said: scale
    for scale in SCALES
    for low, high in [scale.split("-")]
    for said in (f"{low}\u2013{high}", f"{low} - {high}", f"{low} to {high}", f"{low}/{high}")
} | {"05-Jan": "1-5", "5-Jan": "1-5", "01-May": "1-5", "1-May": "1-5", "Jan-05": "1-5"}
_ALLOWED = {
    "0-1": "1, yes or like; 0, no or dislike; empty for not rated",
    "1-5": "1 to 5 stars, like or dislike; empty for not rated",
}
_UNCLEAR = (
    "it can mean the best of 0 and 1 or one of five stars, for the file mixes both: write 0-1 or "
    "1-5 into a column rating_scale"
)


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
    stated = [undefuse(str(row.get("rating_scale", ""))).strip() for row in rows]
    scales = scales_of(cells, stated, ratings, scale)
    now = utc_now()
    taken: dict[tuple[str, str], Rating] = {}
    opened: dict[tuple[str, str], str] = {}
    for row, cell, of_row in zip(rows, cells, scales, strict=True):
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
        rating, problem = _rated(row, cell, user, name, calls[name], of_row, now)
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
        next((s for s, cell in zip(scales, cells, strict=True) if cell and s in SCALES), "0-1"),
        problems,
    )


def scales_of(
    cells: Sequence[str], stated: Sequence[str], ratings: Ratings, asked: str = "auto"
) -> list[str]:
    """How each rating of a file is written: as its own row says (`rating_scale`), else as was
    `asked`, else as the ratings of those rows can only be meant; "" where that cannot be told, and
    what a row says where it is none of `SCALES`.

    >>> nothing = Ratings({}, [])
    >>> scales_of(["1", "5"], ["1-5", "1-5"], nothing), scales_of(["1", "0"], ["", ""], nothing)
    (['1-5', '1-5'], ['0-1', '0-1'])
    >>> scales_of(["1", "5"], ["", ""], nothing)
    ['', '']
    """
    silent = [cell for cell, said in zip(cells, stated, strict=True) if not said]
    rest = asked if asked != "auto" else _scale_meant(silent, ratings)
    # A spreadsheet may make a day of 1-5, or a long dash of the short one.
    return [_SPELLED.get(said, said) or rest for said in stated]


def _scale_meant(cells: Sequence[str], ratings: Ratings) -> str:
    """The one scale that numbers can be meant in; "" for a 1 that may be the worst or the best."""
    stars = {int(found[1]) for cell in cells if (found := _STAR.fullmatch(cell))}
    if max(stars, default=0) > 1:
        return "" if stars & {0, 1} else "1-5"
    if stars == {1} and ratings.events and ratings.events[-1].scale == "1-5":
        return ""
    return "0-1"


def scale_asked(ratings: Ratings, user: str, setting: str = "auto") -> str:
    """In which scale a person is asked: as the settings say, else as they rated last."""
    if setting != "auto":
        return setting
    own = [rating.scale for rating in ratings.events if rating.user_id == user]
    return own[-1] if own else "0-1"


def liked_of(cell: str, scale: str) -> float | None:
    """How well a call was liked, 0 to 1; None for what is no rating, and for a number in no scale.

    >>> [liked_of(cell, "1-5") for cell in ("5", "3", "1", "0")]
    [1.0, 0.5, 0.0, None]
    >>> [liked_of(cell, "0-1") for cell in ("1", "No", "2", "maybe")]
    [1.0, 0.0, None, None]
    """
    plain = cell.casefold()
    if plain in _YES or plain in _NO:
        return float(plain in _YES)
    found = _STAR.fullmatch(cell)
    if not found or not scale:
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
    if scale and scale not in SCALES:
        return None, Problem(line, "rating_scale", scale, "no scale; allowed: 0-1, 1-5")
    liked = liked_of(cell, scale)
    if liked is None and not scale and _STAR.fullmatch(cell):
        return None, Problem(line, "rating", cell, _UNCLEAR)
    scale = scale or "0-1"
    if liked is None:
        return None, Problem(line, "rating", cell, f"no rating; allowed: {_ALLOWED[scale]}")
    rated_at = str(row.get("rated_at", "")).strip()
    at = _moment(rated_at, now) if rated_at else now
    problem = None
    if at is None:
        why = "no moment that has been; taken as now"
        problem = Problem(line, "rated_at", rated_at, why, "value ignored")
    return Rating(user, name, liked, cell, at or now, call, scale), problem


def _moment(text: str, now: str) -> str | None:
    """A moment in UTC; None for what is none, or is yet to come."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    at = f"{read:%Y-%m-%dT%H:%M:%SZ}"
    return at if at <= now else None
