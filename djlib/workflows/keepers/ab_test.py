"""A/B test of two ways of choosing: the arms, who chooses a batch, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from ...bandit.interleave import ratio_check
from ...errors import DjlibError, UsageError
from ...evaluation.proportions import Share, share_of
from ...evaluation.sequential import DifferenceBounds, RateTest, answers_needed
from ...settings import KEEPER_MODES, Settings, Workspace
from ..core.progress import ProgressReporter, give_back, reading
from .labels import Label, LabelLog, labelled
from .models import current_bandit, current_version, keeper_models, new_bandit
from .selections import AskedBatch

if TYPE_CHECKING:
    from ...bandit.bandit import ContrastiveBandit


Verdict = Literal["first", "second", "cannot tell"]


@dataclass(frozen=True)
class Look:
    """Where a test stood after one feedback: second minus first, with its always-valid interval,
    None where the difference has moved too much to have one."""

    difference: float
    interval: tuple[float, float] | None
    p_value: float


@dataclass(frozen=True)
class KeeperTest:
    """Two sides, what is kept of either one's choices, and whether that settles it.

    `looks` are after each feedback; `decided_at` is the look that settled it, from 1. `is_uneven`
    says that one side's records were answered far more often, so that the test tells little.
    `needed` is about how many more answers of each it takes if it goes on so.
    """

    plain_extra: ClassVar = ("leader", "winner")

    sides: tuple[str, str]
    batches: int
    kept: tuple[Share, Share]
    looks: list[Look]
    verdict: Verdict
    decided_at: int | None
    is_uneven: bool
    needed: int | None
    batch_ids: list[str] = field(repr=False)

    @property
    def leader(self) -> str | None:
        """The side that is ahead so far; None where neither is."""
        one, two = (share.share for share in self.kept)
        if one is None or two is None or one == two:
            return None
        return self.sides[two > one]

    @property
    def winner(self) -> str | None:
        """The side that is better, once that is decided."""
        known = {"first": self.sides[0], "second": self.sides[1]}
        return known.get(self.verdict)


def keeper_tests(batches: Iterable[AskedBatch], labels: LabelLog) -> list[KeeperTest]:
    """Every pair of sides that chose batches together, the latest last."""
    pairs: dict[tuple[str, str], list[AskedBatch]] = {}
    for batch in batches:
        if batch.sides:
            pairs[batch.sides] = [*pairs.pop(batch.sides, []), batch]
    return [_test(pair, found, labels) for pair, found in pairs.items()]


def latest_test(tests: Sequence[KeeperTest], answers: Iterable[Label]) -> KeeperTest | None:
    """The latest test that any of the answers belongs to."""
    batch_ids = {label.batch_id for label in answers}
    return next((test for test in reversed(tests) if batch_ids & set(test.batch_ids)), None)


def _test(pair: tuple[str, str], batches: Sequence[AskedBatch], labels: LabelLog) -> KeeperTest:
    ids = [batch.batch_id for batch in batches]
    answered = [k for k in labels.explicit.values() if k.batch_id in set(ids) and k.arm]
    test, bounds, looks = RateTest(), DifferenceBounds(), []
    place = {slot.listing_id: n for batch in batches for n, slot in enumerate(batch.slots)}
    for _, part in groupby(answered, key=lambda label: label.feedback):
        for first, second in _pairs(sorted(part, key=lambda label: place[label.listing_id])):
            test.update(first=first, second=second)
            bounds.update(first=first, second=second)
        looks.append(Look(_difference(test), bounds.interval, test.p_value))
    decided = [n for n, look in enumerate(looks, start=1) if look.p_value < test.level]
    return KeeperTest(
        sides=pair,
        batches=len({label.batch_id for label in answered}),
        kept=(share_of(*test.first), share_of(*test.second)),
        looks=looks,
        verdict=test.verdict,
        decided_at=decided[0] if decided else None,
        is_uneven=ratio_check(test.first[1], test.second[1]).is_off,
        needed=None if decided else _needed(test),
        batch_ids=ids,
    )


def _pairs(answers: Sequence[Label]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """What comes in together as bets: each side's best against the other's, its second best and so
    on, (keepers, answers) of either. The order is that of showing, which no answer has a say in;
    bets that small learn from each other."""
    first, second = ([k.keeper for k in answers if k.arm == side] for side in ("first", "second"))
    for one, two in zip_longest(first, second):
        yield (one or 0, int(one is not None)), (two or 0, int(two is not None))


def _difference(test: RateTest) -> float:
    one, two = (hits / n if n else 0.0 for hits, n in (test.first, test.second))
    return two - one


def _needed(test: RateTest) -> int | None:
    """Answers more of each side, as a test that looks once would need; None where they are even."""
    (hits_1, n_1), (hits_2, n_2) = test.first, test.second
    one, two = (hits_1 + 0.5) / (n_1 + 1), (hits_2 + 0.5) / (n_2 + 1)
    if one == two or not (n_1 and n_2):
        return None
    return max(answers_needed(one, two) - min(n_1, n_2), 1)


RANDOM = "random"
_FIRST, _SECOND = "first", "second"
_ALL_WEIGHED, _SAMPLE = 100_000, 300
"""Of more candidates than that only so many are asked about for the log."""


@dataclass(frozen=True)
class Arm:
    """Who chooses: its name in a test, the version it is, "" for none that is kept, and the model,
    None for pure chance."""

    name: str
    version: str
    model: ContrastiveBandit | None


def arm_in_force(
    workspace: Workspace, settings: Settings, labels: LabelLog, talk: ProgressReporter
) -> Arm:
    """The model in force; where another mode is asked for, one of that mode that has learned the
    same answers."""
    mode = settings.keepers.mode
    model, version = current_bandit(workspace, settings)
    if model.mode != mode:
        model, version = _of_mode(settings, labels, talk), mode
    return Arm(mode, version, model)


def other_arm(
    workspace: Workspace, settings: Settings, labels: LabelLog, other: str, talk: ProgressReporter
) -> Arm:
    """Who `other` means: a mode, "random", or a version as it was saved.

    A mode goes on learning, a version does not. Raises `UsageError` for who chooses already, and
    for nobody.
    """
    keepers = settings.keepers
    if other == RANDOM:
        return Arm(RANDOM, RANDOM, None)
    if other == keepers.mode:
        others = ", ".join(name for name in (*KEEPER_MODES, RANDOM) if name != other)
        raise UsageError(f"--ab {other} is who chooses already; name {others} or a version")
    if other in KEEPER_MODES:
        theirs = replace(settings, keepers=replace(keepers, mode=other))
        return Arm(other, other, _of_mode(theirs, labels, talk))
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
    return Arm(found.id, found.id, keeper_models(workspace).load(found.id))


def _of_mode(settings: Settings, labels: LabelLog, talk: ProgressReporter) -> ContrastiveBandit:
    """A model that learned every batch as it came."""
    by_batch: dict[str, list[Label]] = {"": []}
    for label in labels.by_id.values():
        by_batch.setdefault(label.batch_id, []).append(label)
    parts = list(by_batch.values())
    with talk.step(f"Learning as {settings.keepers.mode}", len(parts)) as progress:
        model = new_bandit(settings).fit(labelled(parts[0]))
        progress(1)
        for part in parts[1:]:
            model.update(labelled(part))
            progress(1)
    model.batch_number_ = labels.n_batches
    return model


@dataclass(frozen=True)
class Chosen:
    """What was picked, best first, with `arm` and `model_version`; what the model in force thinks
    of the candidates, of many of a sample, mean and uncertainty; what is wrong with who chose, by
    name."""

    picked: pd.DataFrame
    moments: tuple[np.ndarray, np.ndarray]
    warnings: dict[str, str]


def choose_alone(
    side: Arm, candidates: pd.DataFrame, settings: Settings, talk: ProgressReporter
) -> Chosen:
    """Let one side choose the batch."""
    picked, moments = _picked(side, candidates, settings, talk)
    picked = picked.assign(arm="", model_version=side.version)
    return Chosen(picked, moments, warnings_of(side))


def choose_together(
    first: Arm,
    second: Arm,
    candidates: pd.DataFrame,
    settings: Settings,
    seed: int,
    talk: ProgressReporter,
) -> Chosen:
    """Let two sides choose in turns, each its best that is left; a coin says who begins."""
    from ...bandit.interleave import team_draft

    keepers = settings.keepers
    one, moments = _picked(first, candidates, settings, talk)
    if second.model is None:
        two = _by_chance(candidates, first.model, keepers.k, seed)
    else:
        two, _ = _picked(second, candidates, settings, talk)
    both = team_draft(one, two, keepers.k, seed=seed)
    if second.model is None:  # any that was left could be next
        left = len(candidates) - np.arange(len(both))
        by_chance = (both["arm"] == _SECOND).to_numpy()
        both["propensity"] = np.where(by_chance, 1 / left, both["propensity"])
    for column in ("batch_number", "exploration_rate"):
        both[column] = one[column].iloc[0]
    versions = {_FIRST: first.version, _SECOND: second.version}
    warnings = {f"{s.name}: {k}": v for s in (first, second) for k, v in warnings_of(s).items()}
    return Chosen(both.assign(model_version=both["arm"].map(versions)), moments, warnings)


def warnings_of(side: Arm) -> dict[str, str]:
    """What the model found wrong with itself when it chose: all at one point, all scores alike."""
    return dict(getattr(side.model, "health_", {}))


def _picked(
    side: Arm, candidates: pd.DataFrame, settings: Settings, talk: ProgressReporter
) -> tuple[pd.DataFrame, tuple[np.ndarray, np.ndarray]]:
    model: Any = side.model
    keepers, n = settings.keepers, len(candidates)
    model.set_params(dial=keepers.exploration_profile, adaptive=keepers.adaptive)
    with reading(talk, "Looking at listings"):
        model.look_at(candidates)
    with talk.step("Reading listings", n) as progress:
        read = model.encode(candidates, progress)
    if n > _ALL_WEIGHED:
        give_back()
    with reading(talk, "Choosing listings"):
        picked = model.select(read, k=keepers.k)
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
