"""The opportunities as the jobs meet them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ...evaluation.significance import compare_auc
from ...opportunities.measures import newest
from ...registry import Version
from ...settings import Settings, Workspace
from ...tables.plain_json import to_plain
from ..core.learner import TIME_SPLIT, Challenge, Learner, challenge, is_enough
from ..core.progress import ProgressReporter
from ..core.runs import run
from .models import (
    Learnable,
    current_version,
    is_all_learned,
    learn_ratings,
    learnable,
    opportunity_models,
)
from .ratings import Ratings, fingerprint, ratings_so_far
from .retuning import half_life_in_force, retune
from .watch import watch_opportunities


def _is_there(workspace: Workspace) -> bool:
    """Whether anything was rated."""
    return bool(ratings_so_far(workspace).by_key)


def _challenge(workspace: Workspace, settings: Settings, talk: ProgressReporter) -> Challenge:
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
            learn=lambda: _learned(workspace, settings, ratings, data(), served, half_life, talk),
            compared_on="the newest ratings",
        )
        noted |= {"version": made.version, "promoted": False} if made.version else {}
        return made


def _is_as_asked(version: Version | None, settings: Settings, half_life: float | None) -> bool:
    made, engine = version.metadata if version else {}, settings.opportunities.engine
    return (made.get("engine"), made.get("half_life_days")) == (engine, half_life)


def _learned(
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
    return dict(to_plain(compared))


def _can_tell(data: Learnable, is_new: np.ndarray) -> bool:
    return is_enough(data.liked[is_new] > 0.5) and not bool(is_new.all())


OPPORTUNITIES = Learner(
    "opportunity", _is_there, _challenge, opportunity_models, watch_opportunities
)
