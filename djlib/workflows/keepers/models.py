"""The keepers model of a workspace: its registry, a fresh one, and learning what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import NotTrainedError
from ...evaluation.significance import compare_auc
from ...registry import Registry, Version
from ...settings import Settings, Workspace
from ...tables.plain_json import to_plain
from ..core.learner import TIME_SPLIT, Challenge, challenge, is_enough
from ..core.progress import ProgressReporter, reading
from ..core.runs import run
from ..promotion import POLICY, PromotionRequest
from .labels import LabelLog, fingerprint, labelled, labels_so_far

if TYPE_CHECKING:
    from ...bandit.bandit import ContrastiveBandit


LEARNER = "keeper"


def keeper_models(workspace: Workspace) -> Registry[ContrastiveBandit]:
    """The registry of keepers models; `models/keeper_model.pkl` is the current one."""
    return Registry(workspace.models, LEARNER, _load)


def _load(folder: Path) -> ContrastiveBandit:
    from ...bandit.bandit import ContrastiveBandit

    return ContrastiveBandit.load(folder)


def new_bandit(settings: Settings) -> ContrastiveBandit:
    """A keepers model that has learned nothing yet, as the settings ask for it."""
    from ...bandit.bandit import ContrastiveBandit

    keepers = settings.keepers
    return ContrastiveBandit(
        mode=keepers.mode,
        random_state=settings.seed,
        engine=keepers.engine,
        dial=keepers.exploration_profile,
        adaptive=keepers.adaptive,
        numeric=keepers.numeric,
    )


def current_version(workspace: Workspace) -> Version | None:
    """The version in force, None before the first answers."""
    try:
        return keeper_models(workspace).current()
    except NotTrainedError:
        return None


def current_bandit(workspace: Workspace, settings: Settings) -> tuple[ContrastiveBandit, str]:
    """The model in force and its version; a fresh one and "" before the first answers."""
    version = current_version(workspace)
    if version is None:
        return new_bandit(settings).fit(labelled([])), ""
    return keeper_models(workspace).load(version.id), version.id


def learn_labels(
    workspace: Workspace,
    settings: Settings,
    labels: LabelLog,
    talk: ProgressReporter,
    *,
    anew: bool = False,
    metrics: Mapping[str, Any] | None = None,
    promotion: PromotionRequest = "auto",
) -> Version:
    """Learn what the model in force has not learned yet and save it as a new version.

    It goes on from that model, but learns all anew where `anew` is asked for, an answer was
    changed or taken back, or other settings are in force than it was made with.
    """
    version = current_version(workspace)
    seen = int(version.metadata.get("keeps_logged", 0)) if version else 0
    with reading(talk, "Learning what you keep"):
        model = None if anew or version is None else keeper_models(workspace).load(version.id)
        if model is None or _must_start_again(labels, seen, model, settings):
            model = new_bandit(settings).fit(labels.table())
        else:
            model.update(labels.table(since=seen))
        # Batches, not calls: half a batch now and half later are one.
        model.batch_number_ = labels.n_batches
    explicit = labels.explicit
    return keeper_models(workspace).save(
        model,
        metadata={
            "mode": model.mode,
            "engine": model.engine,
            "batch_number": model.batch_number_,
            "labels": len(explicit),
            "keepers": sum(label.keeper for label in explicit.values()),
            "guessed": len(labels.by_id) - len(explicit),
            "keeps_logged": labels.n_logged,
            "data_fingerprint": fingerprint(labels),
            "metrics": dict(metrics or {}),
        },
        parent=version.id if version else None,
        promote=POLICY.decide({}, promotion).promote,
    )


def is_all_learned(workspace: Workspace, labels: LabelLog) -> bool:
    """Whether the model in force has seen the whole log, which one that was cut off has not."""
    version = current_version(workspace)
    return version is not None and int(version.metadata["keeps_logged"]) >= labels.n_logged


def _must_start_again(labels: LabelLog, seen: int, model: Any, settings: Settings) -> bool:
    keepers = settings.keepers
    if (model.mode, model.engine) != (keepers.mode, keepers.engine):
        return True
    if any(number > seen for number in labels.taken_back):
        return True
    known = set(model.labelled_["listing_id"]) if len(model.labelled_) else set()
    new = {label.listing_id for label in labels.by_id.values() if label.number > seen}
    return bool(new & known) or not new


def challenge_keepers(
    workspace: Workspace, settings: Settings, talk: ProgressReporter
) -> Challenge:
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
            learn=lambda: _challenger(workspace, settings, keeps, served, talk),
            compared_on="the newest answers",
        )
        noted |= {"version": made.version, "promoted": False} if made.version else {}
        return made


def _is_as_asked(version: Version | None, settings: Settings) -> bool:
    asked, made = settings.keepers, version.metadata if version else {}
    return (made.get("mode"), made.get("engine")) == (asked.mode, asked.engine)


def _challenger(
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
    compared: dict[str, Any] = to_plain(compare_auc(was, now, truth, seed=settings.seed))
    return compared


def _scores(model: Any, listings: Any) -> np.ndarray:
    return np.asarray(model.predict_proba(listings))[:, 1]
