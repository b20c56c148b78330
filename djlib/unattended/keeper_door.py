"""The keepers as the jobs meet them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..evaluation.paired_auc import compare_auc
from ..jobs.keeper_models import (
    current_version,
    is_all_learned,
    keeper_models,
    learn_keeps,
    new_bandit,
)
from ..jobs.keeps import Keeps, fingerprint, keeps_so_far, labelled
from ..jobs.runs import run
from ..jobs.talk import Talk
from ..registry import Version
from ..settings import Settings, Workspace
from .doors import Challenge, Learner
from .keeper_watch import watch_keepers

_TIME_SPLIT = "the newest answers"
_FEWEST = 30
"""Answers, and five of either kind among them, without which nothing is compared."""
_FEWEST_OF_EITHER = 5


def _is_there(workspace: Workspace) -> bool:
    """Whether anything was answered."""
    return bool(keeps_so_far(workspace).by_id)


def _challenge(workspace: Workspace, settings: Settings, talk: Talk) -> Challenge:
    """Learn all answers anew, unless the model in force is that already."""
    with run(workspace, settings, "retrain", talk) as noted:
        keeps, served = keeps_so_far(workspace), current_version(workspace)
        if not keeps.by_id:
            return Challenge("", why="nothing is answered yet")
        if served and not served.problem and _is_up_to_date(workspace, keeps, served, settings):
            return Challenge("", served.id, why=f"nothing new since version {served.id}")
        version = _pending(workspace, keeps, served) or _learned(
            workspace, settings, keeps, served, talk
        )
        noted |= {"version": version.id, "promoted": False}
        compared = version.metrics.get("time_split")
        parent = served.id if served else None
        return Challenge(version.id, parent, {_TIME_SPLIT: compared} if compared else {})


def _is_up_to_date(workspace: Workspace, keeps: Keeps, served: Version, settings: Settings) -> bool:
    asked, made = settings.keepers, served.metadata
    is_as_asked = (made.get("mode"), made.get("engine")) == (asked.mode, asked.engine)
    return is_as_asked and is_all_learned(workspace, keeps)


def _pending(workspace: Workspace, keeps: Keeps, served: Version | None) -> Version | None:
    """A challenger that a killed run has left: of these answers, and never served."""
    models = keeper_models(workspace)
    was_served = {promotion.to_version for promotion in models.history()} if served else set()
    parent = served.id if served else None
    for version in models.versions():
        is_of_these = version.metadata.get("data_fingerprint") == fingerprint(keeps)
        if is_of_these and version.parent == parent and version.id not in was_served:
            return None if version.problem else version
    return None


def _learned(
    workspace: Workspace, settings: Settings, keeps: Keeps, served: Version | None, talk: Talk
) -> Version:
    compared = _compared(workspace, settings, keeps, served) if served else None
    return learn_keeps(
        workspace,
        settings,
        keeps,
        talk,
        anew=True,
        metrics={"time_split": compared} if compared else {},
        promote=False,
    )


def _compared(
    workspace: Workspace, settings: Settings, keeps: Keeps, served: Version
) -> dict[str, Any] | None:
    """The model served, and one made as the challenger will be but of earlier answers only, on the
    answers that came after; None where those are too few."""
    seen = int(served.metadata.get("keeps_logged", 0))
    known = [keep for keep in keeps.by_id.values() if keep.number <= seen]
    newest = [k for k in keeps.said.values() if k.number > seen]
    kept = sum(keep.keeper for keep in newest)
    if served.problem or not known or len(newest) < _FEWEST:
        return None
    if min(kept, len(newest) - kept) < _FEWEST_OF_EITHER:
        return None
    listings = labelled(newest).drop(columns="keeper")
    truth = np.array([keep.keeper for keep in newest])
    stand_in = new_bandit(settings).fit(labelled(known))
    was, now = (_scores(m, listings) for m in (keeper_models(workspace).load(), stand_in))
    return compare_auc(was, now, truth, seed=settings.seed).as_dict()


def _scores(model: Any, listings: Any) -> np.ndarray:
    return np.asarray(model.predict_proba(listings))[:, 1]


KEEPERS = Learner("keeper", _is_there, _challenge, keeper_models, watch_keepers)
