"""Ranking the open calls of a workspace for one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..opportunities.expiry import days_left, is_open
from ..opportunities.history import COLUMNS, History, seconds_of
from ..opportunities.recommending import best, varied, worth_a_look
from ..opportunities.trees import WITHOUT, trees_missing
from ..settings import Settings, Workspace
from .engagement import history_of, stamp
from .opportunity_models import feature_store, opportunity_models
from .ratings import Ratings, current_ids

if TYPE_CHECKING:
    from scipy import sparse

    from ..opportunities.ranker import OpportunityRanker

NOTHING_RATED = (
    "Nothing is rated yet: these are fresh, close soon enough, and come from different sources."
)
NEVER_RATED = (
    "You have rated nothing yet: these are what others here liked, from different sources. "
    "Your own ratings count from the first one."
)
_DAY = 86_400.0


@dataclass(frozen=True)
class Ranked:
    """The calls for a person, the best first: rows of the table, how likely each is liked (None
    where no model knows), why, and a word on how they were found."""

    calls: pd.DataFrame
    days_left: np.ndarray
    chance: list[float | None]
    reasons: list[str]
    note: str
    open: int
    rated: int


def rank_calls(
    workspace: Workspace,
    settings: Settings,
    calls: pd.DataFrame,
    ratings: Ratings,
    user: str,
    version: str,
    *,
    now: datetime,
    keep: bool = True,
) -> Ranked:
    """Rank what is open and was not rated by the person."""
    ids = current_ids(calls)
    done = {ids.get(r.opportunity_id, r.opportunity_id) for r in ratings.of(user)}
    open_now = is_open(calls, now)
    is_rated = calls["opportunity_id"].isin(done).to_numpy(dtype=bool)
    rows = np.flatnonzero(open_now & ~is_rated)
    some = calls.iloc[rows].reset_index(drop=True)
    history = history_of(workspace, ratings, ids)
    picked = _Picked()
    if len(some) and not version:
        picked = _cold(some, history, settings.opportunities.top, now)
    elif len(some):
        counts = feature_store(workspace, keep=keep).counts(calls)[rows]
        some[list(COLUMNS)] = history.standing(some, _so_far(now))
        model = opportunity_models(workspace).load(version)
        picked = _by_taste(model, some, counts, user, settings.opportunities.top)
    chosen = some.iloc[picked.rows].reset_index(drop=True)
    left = days_left(chosen, now)
    n_open, n_rated = int(open_now.sum()), int(is_rated.sum())
    return Ranked(chosen, left, picked.chance, picked.reasons, picked.note, n_open, n_rated)


@dataclass(frozen=True)
class _Picked:
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    chance: list[float | None] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    note: str = ""


def _by_taste(
    model: OpportunityRanker, calls: pd.DataFrame, counts: sparse.csr_matrix, user: str, top: int
) -> _Picked:
    """What the model finds most likely liked; varied for a person it knows nothing of."""
    points = model.encode(calls, counts)
    short = model.shortlist(points, user)
    few = calls.iloc[short].reset_index(drop=True)
    chances = model.probabilities(points.take(short), user)
    is_known = user in model.taste_.users
    if is_known:
        place = best(chances, few["title"].tolist(), top)
    else:
        place = varied(np.maximum(chances, 1e-9), few, top)
    said = model.explain(few.iloc[place].assign(user_id=user))
    return _Picked(
        short[place],
        # What is known of how right the model is, is known of people who have rated.
        [round(float(c), 4) if is_known else None for c in chances[place]],
        [" | ".join(parts) or "nothing speaks against it" for parts in said],
        _lacking(model, user) if is_known else NEVER_RATED,
    )


def _lacking(model: OpportunityRanker, user: str) -> str:
    """What the ranking goes without, "" where nothing."""
    is_there = user not in model.trees_ or model.trees_of(user) is not None
    return "" if is_there else f"{trees_missing()}: {WITHOUT}."


def _cold(calls: pd.DataFrame, history: History, top: int, now: datetime) -> _Picked:
    """What is worth a look while nobody has said anything, and why."""
    column = "first_seen" if "first_seen" in calls else "scraped_at"
    seen = seconds_of(calls[column]).astype(float)
    old = np.where(seen > 0, (now.timestamp() - seen) / _DAY, np.nan)
    left = days_left(calls, now)
    reliability = history.reliability(calls, _so_far(now))
    picked = varied(worth_a_look(old, left, reliability), calls, top)
    reasons = [_why(old[row], left[row]) for row in picked]
    return _Picked(picked, [None] * len(picked), reasons, NOTHING_RATED)


def _so_far(now: datetime) -> str:
    """The moment that all that was logged until now lies before: logs are written to the second,
    and a person who rated within this one wants it to count."""
    return stamp(now + timedelta(seconds=1))


def _why(days_old: float, days: float) -> str:
    found = "" if np.isnan(days_old) else f"found {_days(days_old)} ago"
    closes = "no date" if np.isnan(days) else f"closes in {_days(days)}"
    return " | ".join(part for part in (found, closes) if part)


def _days(days: float) -> str:
    whole = max(int(days), 0)
    return "less than a day" if whole == 0 else f"{whole:,} day{'s'[: whole != 1]}"


def open_still(rows: list[Mapping[str, object]], now: datetime) -> bool:
    """Whether everything in a list can still be answered."""
    table = pd.DataFrame({"deadline": [str(row.get("deadline", "")) for row in rows]})
    return bool(is_open(table, now).all()) if len(table) else True
