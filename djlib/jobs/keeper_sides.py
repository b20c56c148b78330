"""Who chooses a batch: the model in force, and beside it, in an A/B test, somebody else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import DjlibError, UsageError
from ..settings import KEEPER_MODES, Settings, Workspace
from .keeper_models import current_bandit, current_version, keeper_models, new_bandit
from .keeps import Keep, Keeps, labelled
from .memory import give_back
from .reading import reading
from .talk import Talk

if TYPE_CHECKING:
    from ..bandit.bandit import ContrastiveBandit


RANDOM = "random"
_FIRST, _SECOND = "first", "second"
_ALL_WEIGHED, _SAMPLE = 100_000, 300
"""Of more candidates than that only so many are asked about for the log."""


@dataclass(frozen=True)
class Side:
    """Who chooses: its name in a test, the version it is, "" for none that is kept, and the model,
    None for pure chance."""

    name: str
    version: str
    model: ContrastiveBandit | None


def side_in_force(workspace: Workspace, settings: Settings, keeps: Keeps, talk: Talk) -> Side:
    """The model in force; where another mode is asked for, one of that mode that has learned the
    same answers."""
    mode = settings.keepers.mode
    model, version = current_bandit(workspace, settings)
    if model.mode != mode:
        model, version = _of_mode(settings, keeps, talk), mode
    return Side(mode, version, model)


def other_side(
    workspace: Workspace, settings: Settings, keeps: Keeps, other: str, talk: Talk
) -> Side:
    """Who `other` means: a mode, "random", or a version as it was saved.

    A mode goes on learning, a version does not. Raises `UsageError` for who chooses already, and
    for nobody.
    """
    asked = settings.keepers
    if other == RANDOM:
        return Side(RANDOM, RANDOM, None)
    if other == asked.mode:
        others = ", ".join(name for name in (*KEEPER_MODES, RANDOM) if name != other)
        raise UsageError(f"--ab {other} is who chooses already; name {others} or a version")
    if other in KEEPER_MODES:
        theirs = replace(settings, keepers=replace(asked, mode=other))
        return Side(other, other, _of_mode(theirs, keeps, talk))
    try:
        found = keeper_models(workspace).get(other)
    except DjlibError as error:
        raise UsageError(
            f"--ab {other}: {error}; or name {', '.join((*KEEPER_MODES, RANDOM))}"
        ) from error
    current = current_version(workspace)
    if current is not None and current.id == found.id:
        raise UsageError(
            f"--ab {other} is the version in use; 'djlib models list --learner keeper' shows others"
        )
    return Side(found.id, found.id, keeper_models(workspace).load(found.id))


def _of_mode(settings: Settings, keeps: Keeps, talk: Talk) -> ContrastiveBandit:
    """A model that learned every batch as it came."""
    by_batch: dict[str, list[Keep]] = {"": []}
    for keep in keeps.by_id.values():
        by_batch.setdefault(keep.batch_id, []).append(keep)
    parts = list(by_batch.values())
    with talk.step(f"Learning as {settings.keepers.mode}", len(parts)) as progress:
        model = new_bandit(settings).fit(labelled(parts[0]))
        progress(1)
        for part in parts[1:]:
            model.update(labelled(part))
            progress(1)
    model.batch_number_ = keeps.n_batches
    return model


@dataclass(frozen=True)
class Chosen:
    """What was picked, best first, with `arm` and `model_version`; what the model in force thinks
    of the candidates, of many of a sample, mean and uncertainty; what is wrong with who chose, by
    name."""

    picked: pd.DataFrame
    moments: tuple[np.ndarray, np.ndarray]
    warnings: dict[str, str]


def choose_alone(side: Side, candidates: pd.DataFrame, settings: Settings, talk: Talk) -> Chosen:
    """Let one side choose the batch."""
    picked, moments = _picked(side, candidates, settings, talk)
    picked = picked.assign(arm="", model_version=side.version)
    return Chosen(picked, moments, warnings_of(side))


def choose_together(
    first: Side,
    second: Side,
    candidates: pd.DataFrame,
    settings: Settings,
    seed: int,
    talk: Talk,
) -> Chosen:
    """Let two sides choose in turns, each its best that is left; a coin says who begins."""
    from ..bandit.interleave import team_draft

    asked = settings.keepers
    one, moments = _picked(first, candidates, settings, talk)
    if second.model is None:
        two = _by_chance(candidates, first.model, asked.k, seed)
    else:
        two, _ = _picked(second, candidates, settings, talk)
    both = team_draft(one, two, asked.k, seed=seed)
    if second.model is None:  # any that was left could be next
        left = len(candidates) - np.arange(len(both))
        by_chance = (both["arm"] == _SECOND).to_numpy()
        both["propensity"] = np.where(by_chance, 1 / left, both["propensity"])
    for column in ("batch_number", "exploration_rate"):
        both[column] = one[column].iloc[0]
    versions = {_FIRST: first.version, _SECOND: second.version}
    warnings = {f"{s.name}: {k}": v for s in (first, second) for k, v in warnings_of(s).items()}
    return Chosen(both.assign(model_version=both["arm"].map(versions)), moments, warnings)


def warnings_of(side: Side) -> dict[str, str]:
    """What the model found wrong with itself when it chose: all at one point, all scores alike."""
    return dict(getattr(side.model, "health_", {}))


def _picked(
    side: Side, candidates: pd.DataFrame, settings: Settings, talk: Talk
) -> tuple[pd.DataFrame, tuple[np.ndarray, np.ndarray]]:
    model: Any = side.model
    asked, n = settings.keepers, len(candidates)
    model.set_params(dial=asked.dial, adaptive=asked.adaptive)
    with reading(talk, "Looking at listings"):
        model.look_at(candidates)
    with talk.step("Reading listings", n) as progress:
        read = model.encode(candidates, progress)
    if n > _ALL_WEIGHED:
        give_back()
    with reading(talk, "Choosing listings"):
        picked = model.select(read, k=asked.k)
        if n > _ALL_WEIGHED:  # every doubt of a million would take minutes
            rng = np.random.default_rng([settings.seed, n])
            read = candidates.iloc[np.sort(rng.choice(n, _SAMPLE, replace=False))]
        return picked, model.moments(read)


def _by_chance(candidates: pd.DataFrame, model: Any, k: int, seed: int) -> pd.DataFrame:
    """Any listings, with what the model in force thinks of them: nothing measures it better."""
    rows = np.random.default_rng([seed, 1]).permutation(len(candidates))[:k]
    drawn = candidates.iloc[rows].reset_index(drop=True)
    mean, uncertainty = model.moments(drawn)
    return pd.DataFrame(
        {
            "listing_id": drawn["listing_id"],
            "selection_strategy": "uniform",
            "mean": mean,
            "uncertainty_at_selection": uncertainty,
            "propensity": 1 / len(candidates),
            "reason": "drawn by chance",
        }
    )
