"""The log of how people rated calls: appended to, never rewritten, replayed whenever asked.

Each rating is logged with the call itself, so that the log alone can be learned from when the call
is long gone from the feeds.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError
from ..opportunities.intake import CALL_COLUMNS
from ..settings import Workspace
from ..tables.events import append_events, utc_now
from ..tables.plain_json import json_text
from .taken_back import standing

RATINGS = "ratings"

_LOGGED = ("title", "tags", "source", "sources", "url", "deadline", "location", "description")
_LONGEST = 2000


@dataclass(frozen=True)
class Rating:
    """How well a person liked a call, 0 to 1, as they wrote it (`said`) and when; `first_at` is
    when they first rated it, `number` the place in the log."""

    user_id: str
    opportunity_id: str
    liked: float
    said: str
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
    log = standing(workspace, RATINGS, without=without)
    found: dict[tuple[str, str], Rating] = {}
    events = []
    for number, event in log.events:
        try:
            rating = _rating(event, number)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{workspace.events / RATINGS}.jsonl: rating {number} lacks {error}; "
                "mend or remove its line"
            ) from error
        key = (rating.user_id, rating.opportunity_id)
        before = found.pop(key, None)
        first_at = before.first_at if before else rating.at
        found[key] = Rating(**{**rating.__dict__, "first_at": first_at})
        events.append(rating)
    return Ratings(found, events, log.n_logged, tuple(log.feedbacks), log.undone)


def log_ratings(workspace: Workspace, ratings: Iterable[Rating], source: str) -> str:
    """Append ratings as one feedback; gives its id, by which it can be taken back."""
    feedback, now = secrets.token_hex(4), utc_now()
    append_events(
        workspace.events,
        RATINGS,
        [
            {
                "at": rating.at,
                "taken_at": now,
                "feedback": feedback,
                "user_id": rating.user_id,
                "opportunity_id": rating.opportunity_id,
                "liked": rating.liked,
                "rating": rating.said,
                "scale": rating.scale,
                "source": source,
                "call": logged_call(rating.call),
            }
            for rating in ratings
        ],
    )
    return feedback


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
        told = calls[calls["other_ids"] != ""]
        for own, others in zip(told["opportunity_id"], told["other_ids"], strict=True):
            found |= dict.fromkeys(filter(None, others.split("|")), own)
    return found | {own: own for own in calls["opportunity_id"]}


def fingerprint(ratings: Ratings) -> str:
    """Names the exact ratings a version learned from."""
    said = sorted((*key, r.liked) for key, r in ratings.by_key.items())
    return hashlib.sha256(json_text(said).encode("utf-8", "surrogatepass")).hexdigest()[:16]


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
