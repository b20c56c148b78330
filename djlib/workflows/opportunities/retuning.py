"""Tuning anew when people stop taking what is recommended: how fast old ratings fade.

Click-through since the last tuning is held against what it was before: by the size of the fall and
its interval, with enough impressions on either side, and only so often. What is chosen is what
ranks the newest ratings best when learned from earlier ones; every look that changed or kept
something is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from ...evaluation.proportions import SharesCompared, compare_shares, share_of
from ...evaluation.significance import compare_auc
from ...opportunities.measures import newest
from ...registry import Version
from ...settings import Settings, Workspace
from ...tables.events import append_events, read_events, utc_now
from ...tables.plain_json import to_plain
from ..core.learner import TIME_SPLIT, Challenge, challenge, is_enough
from ..core.progress import ProgressReporter
from ..core.runs import run
from .engagement import IN_TIME, Shown, had_time, shown_so_far, stamp
from .models import (
    Learnable,
    current_version,
    is_all_learned,
    learn_ratings,
    learnable,
    opportunity_models,
    time_split,
)
from .ratings import Ratings, fingerprint, ratings_so_far

RETUNINGS = "retunings"

_FALL = 0.2
"""Share of the click-through before that must be lost: less is no reason for anything."""
_RECENT = timedelta(days=7)
_APART = timedelta(days=3)
_WITHIN = timedelta(days=30)
_HALF_LIVES: tuple[float | None, ...] = (None, 120.0, 30.0, 10.0)
_WORTH_IT = 0.005
"""AUC on the newest ratings by which another half-life must be better than the one in force."""


@dataclass(frozen=True)
class Retuning:
    """One tuning: the fall that asked for it, the half-life in days before and now (None: ratings
    do not fade), what each that was tried reached, and why."""

    at: str
    before: float | None
    now: float | None
    clicked_before: float
    clicked_now: float
    tried: Mapping[str, float | None]
    reason: str


def half_life_in_force(workspace: Workspace) -> float | None:
    """What the last tuning chose; None before the first: no rating fades."""
    events = read_events(workspace.events, RETUNINGS)
    found = events[-1].get("now") if events else None
    return None if found is None else float(found)


def click_through(shown: Sequence[Shown], now: datetime, floor: int) -> SharesCompared | None:
    """How often what was shown was taken within two days, in the last week that is two days old
    beside before; None under the floor of impressions on either side.
    """
    old, since = had_time(shown, now), stamp(now - IN_TIME - _RECENT)
    past, recent = ([s.in_time for s in old if (s.at >= since) is late] for late in (False, True))
    if min(len(recent), len(past)) < floor:
        return None
    return compare_shares(share_of(sum(past), len(past)), share_of(sum(recent), len(recent)))


def has_fallen(compared: SharesCompared | None) -> bool:
    """Whether click-through fell by enough, beyond chance."""
    if compared is None or compared.verdict != "worse":
        return False
    before = compared.first.hits / compared.first.n
    return -compared.difference >= _FALL * before


def retune(
    workspace: Workspace,
    settings: Settings,
    ratings: Ratings,
    data: Callable[[], Learnable],
    talk: ProgressReporter,
) -> Retuning | None:
    """Tune anew if click-through has fallen and it was not done too often; gives what was done."""
    now = datetime.now(UTC)
    if not _may_again(workspace, settings, now):
        return None
    shown = shown_so_far(workspace, ratings)
    compared = click_through(shown, now, settings.opportunities.retune_impressions)
    if compared is None or not has_fallen(compared):
        return None
    before = half_life_in_force(workspace)
    with talk.step("Click-through has fallen: tuning anew"):
        rated = data()
        tried = {h: _reached(rated, settings, h) for h in dict.fromkeys((before, *_HALF_LIVES))}
    chosen, reason = _choose(tried, before)
    done = Retuning(
        utc_now(),
        before,
        chosen,
        compared.first.hits / compared.first.n,
        compared.second.hits / compared.second.n,
        {_named(h): auc for h, auc in tried.items()},
        reason,
    )
    append_events(workspace.events, RETUNINGS, [to_plain(done)])
    return done


def _may_again(workspace: Workspace, settings: Settings, now: datetime) -> bool:
    """Whether it is long enough ago, and was not done too often in a month."""
    done = [datetime.fromisoformat(e["at"]) for e in read_events(workspace.events, RETUNINGS)]
    lately = [at for at in done if now - at < _WITHIN]
    if len(lately) >= settings.opportunities.max_retunes:
        return False
    return not lately or now - lately[-1] >= _APART


def _reached(data: Learnable, settings: Settings, half_life: float | None) -> float | None:
    figures = time_split(data, settings, half_life)
    return figures.auc if figures else None


def _choose(
    tried: Mapping[float | None, float | None], before: float | None
) -> tuple[float | None, str]:
    known = {h: auc for h, auc in tried.items() if auc is not None}
    if before not in known:
        return before, "too few ratings, or none of the newest, to choose by: nothing changed"
    best = max(known, key=lambda h: known[h])
    if known[best] - known[before] < _WORTH_IT:
        return before, "nothing tried ranks the newest ratings better: nothing changed"
    gain = known[best] - known[before]
    return best, f"{_named(best)} ranks the newest ratings better: AUC {gain:+.3f}"


def _named(half_life: float | None) -> str:
    return "no fading" if half_life is None else f"half-life of {half_life:g} days"


def challenge_opportunities(
    workspace: Workspace, settings: Settings, talk: ProgressReporter
) -> Challenge:
    """Learn all ratings anew, unless the model in force is that already; tune first where what is
    recommended is taken less than before."""
    with run(workspace, settings, "retrain", talk) as noted:
        ratings, served = ratings_so_far(workspace), current_version(workspace)
        if not ratings.by_key:
            return Challenge("", why="nothing is rated yet")
        data = cache(lambda: learnable(workspace, ratings))
        retuned = retune(workspace, settings, ratings, data, talk)
        if retuned:
            noted |= {"retuned": retuned.reason}
        half_life = half_life_in_force(workspace)
        made = challenge(
            opportunity_models(workspace),
            served,
            is_learned=_is_as_asked(served, settings, half_life)
            and is_all_learned(workspace, ratings),
            is_same=lambda version: (
                version.metadata.get("data_fingerprint") == fingerprint(ratings)
                and _is_as_asked(version, settings, half_life)
            ),
            learn=lambda: _challenger(
                workspace, settings, ratings, data(), served, half_life, talk
            ),
            compared_on="the newest ratings",
        )
        noted |= {"version": made.version, "promoted": False} if made.version else {}
        return made


def _is_as_asked(version: Version | None, settings: Settings, half_life: float | None) -> bool:
    made, engine = version.metadata if version else {}, settings.opportunities.engine
    return (made.get("engine"), made.get("half_life_days")) == (engine, half_life)


def _challenger(
    workspace: Workspace,
    settings: Settings,
    ratings: Ratings,
    data: Learnable,
    served: Version | None,
    half_life: float | None,
    talk: ProgressReporter,
) -> Version:
    compared = _compared(workspace, settings, data, served, half_life) if served else None
    return learn_ratings(
        workspace,
        settings,
        ratings,
        talk,
        half_life_days=half_life,
        metrics={TIME_SPLIT: compared} if compared else {},
        promotion="never",
    )


def _compared(
    workspace: Workspace,
    settings: Settings,
    data: Learnable,
    served: Version,
    half_life: float | None,
) -> dict[str, Any] | None:
    """The model served, and one made as the challenger will be but of earlier ratings only, on the
    ratings that came after. Where those are too few and only the tuning is another, two stand-ins
    learn the earlier ratings, each tuned as one of the two. None where that is not possible."""
    if served.problem:
        return None
    number = data.rated["number"].to_numpy()
    is_new = number > int(served.metadata.get("ratings_logged", 0))
    if _can_tell(data, is_new):
        old, new = np.flatnonzero(~is_new), np.flatnonzero(is_new)
        was = data.scores(opportunity_models(workspace).load(served.id), new)
    else:
        is_new = newest(data.rated["at"].tolist())
        before = served.metadata.get("half_life_days")
        if before == half_life or not _can_tell(data, is_new):
            return None
        old, new = np.flatnonzero(~is_new), np.flatnonzero(is_new)
        was = data.scores(data.learned(settings, old, before), new)
    now = data.scores(data.learned(settings, old, half_life), new)
    compared = compare_auc(was, now, data.liked[new] > 0.5, seed=settings.seed)
    plain: dict[str, Any] = to_plain(compared)
    return plain


def _can_tell(data: Learnable, is_new: np.ndarray) -> bool:
    return is_enough(data.liked[is_new] > 0.5) and not bool(is_new.all())
