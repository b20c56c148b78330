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
from .labels import Keeps, fingerprint, labelled

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

    asked = settings.keepers
    return ContrastiveBandit(
        mode=asked.mode,
        random_state=settings.seed,
        engine=asked.engine,
        dial=asked.exploration_profile,
        adaptive=asked.adaptive,
        numeric=asked.numeric,
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


def learn_keeps(
    workspace: Workspace,
    settings: Settings,
    keeps: Keeps,
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
        if model is None or _must_start_again(keeps, seen, model, settings):
            model = new_bandit(settings).fit(keeps.table())
        else:
            model.update(keeps.table(since=seen))
        # Batches, not calls: half a batch now and half later are one.
        model.batch_number_ = keeps.n_batches
    said = keeps.said
    return keeper_models(workspace).save(
        model,
        metadata={
            "mode": model.mode,
            "engine": model.engine,
            "batch_number": model.batch_number_,
            "labels": len(said),
            "keepers": sum(keep.keeper for keep in said.values()),
            "guessed": len(keeps.by_id) - len(said),
            "keeps_logged": keeps.n_logged,
            "data_fingerprint": fingerprint(keeps),
            "metrics": dict(metrics or {}),
        },
        parent=version.id if version else None,
        promote=POLICY.decide({}, promotion).promote,
    )


def is_all_learned(workspace: Workspace, keeps: Keeps) -> bool:
    """Whether the model in force has seen the whole log, which one that was cut off has not."""
    version = current_version(workspace)
    return version is not None and int(version.metadata["keeps_logged"]) >= keeps.n_logged


def _must_start_again(keeps: Keeps, seen: int, model: Any, settings: Settings) -> bool:
    asked = settings.keepers
    if (model.mode, model.engine) != (asked.mode, asked.engine):
        return True
    if any(number > seen for number in keeps.taken_back):
        return True
    known = set(model.labelled_["listing_id"]) if len(model.labelled_) else set()
    new = {keep.listing_id for keep in keeps.by_id.values() if keep.number > seen}
    return bool(new & known) or not new
