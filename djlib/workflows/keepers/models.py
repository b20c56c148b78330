"""The keepers model of a workspace: its registry, a fresh one, and learning what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import NotTrainedError
from ...registry import Registry, Version
from ...settings import Settings, Workspace
from ..core.progress import ProgressReporter, reading
from ..promotion import POLICY, PromotionRequest
from .labels import LabelLog, fingerprint, labelled

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
