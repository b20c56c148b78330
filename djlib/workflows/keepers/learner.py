"""The keepers as the jobs meet them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...evaluation.significance import compare_auc
from ...registry import Version
from ...settings import Settings, Workspace
from ...tables.plain_json import to_plain
from ..core.learner import TIME_SPLIT, Challenge, Learner, challenge, is_enough
from ..core.progress import ProgressReporter
from ..core.runs import run
from .labels import LabelLog, fingerprint, labelled, labels_so_far
from .models import current_version, is_all_learned, keeper_models, learn_labels, new_bandit
from .watch import watch_keepers


def _is_there(workspace: Workspace) -> bool:
    """Whether anything was answered."""
    return bool(labels_so_far(workspace).by_id)


def _challenge(workspace: Workspace, settings: Settings, talk: ProgressReporter) -> Challenge:
    """Learn all answers anew, unless the model in force is that already."""
    with run(workspace, settings, "retrain", talk) as noted:
        keeps, served = labels_so_far(workspace), current_version(workspace)
        if not keeps.by_id:
            return Challenge("", why="nothing is answered yet")
        made = challenge(
            keeper_models(workspace),
            served,
            is_learned=_is_as_asked(served, settings) and is_all_learned(workspace, keeps),
            is_same=lambda version: (
                version.metadata.get("data_fingerprint") == fingerprint(keeps)
                and _is_as_asked(version, settings)
            ),
            learn=lambda: _learned(workspace, settings, keeps, served, talk),
            compared_on="the newest answers",
        )
        noted |= {"version": made.version, "promoted": False} if made.version else {}
        return made


def _is_as_asked(version: Version | None, settings: Settings) -> bool:
    asked, made = settings.keepers, version.metadata if version else {}
    return (made.get("mode"), made.get("engine")) == (asked.mode, asked.engine)


def _learned(
    workspace: Workspace,
    settings: Settings,
    keeps: LabelLog,
    served: Version | None,
    talk: ProgressReporter,
) -> Version:
    compared = _compared(workspace, settings, keeps, served) if served else None
    metrics = {TIME_SPLIT: compared} if compared else {}
    return learn_labels(
        workspace, settings, keeps, talk, anew=True, metrics=metrics, promotion="never"
    )


def _compared(
    workspace: Workspace, settings: Settings, keeps: LabelLog, served: Version
) -> dict[str, Any] | None:
    """The model served, and one made as the challenger will be but of earlier answers only, on the
    answers that came after; None where those are too few."""
    seen = int(served.metadata.get("keeps_logged", 0))
    known = [keep for keep in keeps.by_id.values() if keep.number <= seen]
    newest = [k for k in keeps.explicit.values() if k.number > seen]
    truth = np.array([keep.keeper for keep in newest])
    if served.problem or not known or not is_enough(truth):
        return None
    listings = labelled(newest).drop(columns="keeper")
    stand_in = new_bandit(settings).fit(labelled(known))
    was, now = (_scores(m, listings) for m in (keeper_models(workspace).load(), stand_in))
    return dict(to_plain(compare_auc(was, now, truth, seed=settings.seed)))


def _scores(model: Any, listings: Any) -> np.ndarray:
    return np.asarray(model.predict_proba(listings))[:, 1]


KEEPERS = Learner("keeper", _is_there, _challenge, keeper_models, watch_keepers)
