"""The opportunities as the jobs meet them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..evaluation.paired_auc import compare_auc
from ..jobs.opportunity_models import (
    Learnable,
    current_version,
    is_all_learned,
    learn_ratings,
    learnable,
    opportunity_models,
)
from ..jobs.ratings import Ratings, fingerprint, ratings_so_far
from ..jobs.retuning import half_life_in_force, retune
from ..jobs.runs import run
from ..jobs.talk import Talk
from ..opportunities.measures import newest
from ..registry import Version
from ..settings import Settings, Workspace
from .doors import Challenge, Learner
from .opportunity_watch import watch_opportunities

_TIME_SPLIT = "the newest ratings"
_FEWEST = 30
"""Ratings, and five of either kind among them, without which nothing is compared."""
_FEWEST_OF_EITHER = 5


def _is_there(workspace: Workspace) -> bool:
    """Whether anything was rated."""
    return bool(ratings_so_far(workspace).by_key)


def _challenge(workspace: Workspace, settings: Settings, talk: Talk) -> Challenge:
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
        if (
            served
            and not served.problem
            and _is_as_asked(served, settings, half_life)
            and is_all_learned(workspace, ratings)
        ):
            return Challenge("", served.id, why=f"nothing new since version {served.id}")
        version = _pending(workspace, settings, ratings, served, half_life)
        if version is None:
            compared = _compared(workspace, settings, data(), served, half_life) if served else None
            version = learn_ratings(
                workspace,
                settings,
                ratings,
                talk,
                half_life_days=half_life,
                metrics={"time_split": compared} if compared else {},
                promote=False,
            )
        noted |= {"version": version.id, "promoted": False}
        found = version.metrics.get("time_split")
        parent = served.id if served else None
        return Challenge(version.id, parent, {_TIME_SPLIT: found} if found else {})


def _is_as_asked(version: Version, settings: Settings, half_life: float | None) -> bool:
    made = version.metadata
    return (made.get("engine"), made.get("half_life_days")) == (
        settings.opportunities.engine,
        half_life,
    )


def _pending(
    workspace: Workspace,
    settings: Settings,
    ratings: Ratings,
    served: Version | None,
    half_life: float | None,
) -> Version | None:
    """A challenger that a killed run has left: of these ratings, and never served."""
    models = opportunity_models(workspace)
    was_served = {promotion.to_version for promotion in models.history()} if served else set()
    parent = served.id if served else None
    for version in models.versions():
        is_of_these = version.metadata.get("data_fingerprint") == fingerprint(ratings)
        is_asked = _is_as_asked(version, settings, half_life)
        if is_of_these and is_asked and version.parent == parent and version.id not in was_served:
            return None if version.problem else version
    return None


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
    if _is_enough(data, is_new):
        old, new = np.flatnonzero(~is_new), np.flatnonzero(is_new)
        was = data.scores(opportunity_models(workspace).load(served.id), new)
    else:
        is_new = newest(data.rated["at"].tolist())
        before = served.metadata.get("half_life_days")
        if before == half_life or not _is_enough(data, is_new):
            return None
        old, new = np.flatnonzero(~is_new), np.flatnonzero(is_new)
        was = data.scores(data.learned(settings, old, before), new)
    now = data.scores(data.learned(settings, old, half_life), new)
    return compare_auc(was, now, data.liked[new] > 0.5, seed=settings.seed).as_dict()


def _is_enough(data: Learnable, is_new: np.ndarray) -> bool:
    liked = data.liked[is_new] > 0.5
    few = min(int(liked.sum()), int((~liked).sum()))
    return len(liked) >= _FEWEST and few >= _FEWEST_OF_EITHER and not is_new.all()


OPPORTUNITIES = Learner(
    "opportunity", _is_there, _challenge, opportunity_models, watch_opportunities
)
