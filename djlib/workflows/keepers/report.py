"""`report` of the keepers: batches, calibration, off-policy estimates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...evaluation.calibration import calibration_error, reliability
from ...evaluation.off_policy import LEAST_ESS, OffPolicyReport, evaluate_off_policy
from ...evaluation.proportions import (
    Ratio,
    Share,
    SharesCompared,
    compare_shares,
    ratio_of,
    share_of,
)
from ...settings import Settings, Workspace
from ...tables.cells import text_of
from ..core.progress import ProgressReporter
from .ab_test import KeeperTest, keeper_tests
from .explain import listings_met
from .labels import LabelLog, labelled, labels_so_far
from .models import current_version, new_bandit
from .selections import Asked, AskedBatch, batches_shown

_ESTIMATED_PARTS = 4
_AS_MANY = 0.9
"""Share of the listings open now, of those of then, that must have been there then."""


@dataclass(frozen=True)
class _Line:
    batch: AskedBatch
    slot: Asked


def present_model(
    workspace: Workspace,
    settings: Settings,
    labels: LabelLog,
    batches: Sequence[AskedBatch],
    talk: ProgressReporter,
) -> OffPolicyReport:
    """Estimate the share kept of the `k` best of the present model; refused, without work, where
    too few choices were left to chance."""
    lines = [_Line(b, s) for b in batches if b.pool for s in b.answered if _is_left_to_chance(b, s)]
    if len(lines) < LEAST_ESS:
        return _too_few(lines)
    listings = listings_met(workspace, labels)
    is_open = {
        name: _open_then(listings, batch, labels)
        for name, batch in {line.batch.batch_id: line.batch for line in lines}.items()
    }
    lines = [line for line in lines if _were_there(line.batch, is_open[line.batch.batch_id])]
    if len(lines) < LEAST_ESS:
        return _too_few(lines)
    return _estimated(settings, labels, listings, lines, is_open, talk)


def _is_left_to_chance(batch: AskedBatch, slot: Asked) -> bool:
    """Whether it could have been another listing, and how likely it was this one is known: in a
    test of two, only for what chance itself drew."""
    return 0 < slot.propensity < 1 and (batch.sides is None or slot.strategy == "uniform")


def _too_few(lines: Sequence[_Line]) -> OffPolicyReport:
    reward = [float(line.slot.keeper or 0) for line in lines]
    n = len(reward)
    return OffPolicyReport(
        n=n,
        matches=0,
        ess=0.0,
        clipped=0,
        logged=float(np.mean(reward)) if n else 0.0,
        refused=f"{n} choices were left to chance, {LEAST_ESS} needed",
    )


def _open_then(listings: pd.DataFrame, batch: AskedBatch, labels: LabelLog) -> np.ndarray:
    """Which listings could be asked about when a batch was chosen, (n,)."""
    logged = batch.keeps_logged or 0
    known = {i for i, label in labels.explicit.items() if label.number <= logged}
    is_known = listings["listing_id"].isin(known)
    return np.asarray(~is_known & (text_of(listings, "owned") != "1"), dtype=bool)


def _were_there(batch: AskedBatch, is_open: np.ndarray) -> bool:
    """Whether the listings of today were mostly there then: what was not could not be chosen."""
    return batch.pool >= _AS_MANY * is_open.sum()


def _estimated(
    settings: Settings,
    labels: LabelLog,
    listings: pd.DataFrame,
    lines: Sequence[_Line],
    is_open: dict[str, np.ndarray],
    talk: ProgressReporter,
) -> OffPolicyReport:
    names = list(dict.fromkeys(line.batch.batch_id for line in lines))
    parts = {name: n % _ESTIMATED_PARTS for n, name in enumerate(names)}
    place = {listing_id: n for n, listing_id in enumerate(listings["listing_id"])}
    found = np.zeros((len(lines), 3))  # chance of the other, what is expected of it, of its batch
    with talk.step("What the present model would have found", _ESTIMATED_PARTS) as progress:
        for part in range(_ESTIMATED_PARTS):
            mean = _without(settings, labels, listings, {n for n in names if parts[n] == part})
            for row, line in enumerate(lines):
                name = line.batch.batch_id
                if parts[name] == part:
                    best = _best(mean, is_open[name], settings.keepers.k)
                    here = place[line.slot.listing_id]
                    found[row] = (here in best) / len(best), mean[here], mean[best].mean()
            progress(1)
    return evaluate_off_policy(
        np.array([float(line.slot.keeper or 0) for line in lines]),
        np.array([_chance(line) for line in lines]),
        found[:, 0],
        model=(found[:, 1], found[:, 2]),
        groups=np.array([line.batch.batch_id for line in lines]),
        seed=settings.seed,
    )


def _without(
    settings: Settings, labels: LabelLog, listings: pd.DataFrame, batches: set[str]
) -> np.ndarray:
    """What a model that never saw some batches thinks of all listings, (n,)."""
    model = new_bandit(settings)
    model.fit(labelled(k for k in labels.by_id.values() if k.batch_id not in batches))
    mean, _ = model.moments(model.encode(listings))
    return np.asarray(mean)


def _best(mean: np.ndarray, is_open: np.ndarray, k: int) -> np.ndarray:
    rows = np.flatnonzero(is_open)
    return rows[np.argsort(-mean[rows], kind="stable")[:k]]


def _chance(line: _Line) -> float:
    """How likely this listing was in its slot, of all that were open: some were not looked at."""
    return line.slot.propensity * min(line.batch.candidates / line.batch.pool, 1.0)


_LUCKY_DRAWS = 400


@dataclass(frozen=True)
class BatchLine:
    """One batch: who chose it, how many were asked about and answered, what was kept of each part;
    and, of the answers, the mean probability said beforehand and the squared error (Brier)."""

    id: str
    at: str
    number: int
    version: str
    sides: tuple[str, str] | None
    asked: int
    answered: int
    kept: Share
    exploit: Share
    explore: Share
    by_chance: Share
    said: float | None
    brier: float | None


@dataclass(frozen=True)
class Honesty:
    """How far probabilities said before the answers were off: mean over ten bins (`error`), what
    luck alone would make of honest ones (`luck`), the squared error, and the bins: said, true,
    answers."""

    n: int
    error: float
    luck: float
    brier: float
    bins: list[tuple[float, float, int]]


AIM = (0.70, 0.85)
"""Share to be kept of what it thinks a person likes, where keepers are not too rare for that."""


@dataclass(frozen=True)
class KeeperProgress:
    """All batches, oldest first, and what they say together. `lift` is the share kept where it
    exploits over the base rate, which only listings drawn by chance tell; `over_explore` the same
    over what explores. `trend` compares what is kept where it exploits, the later half of the
    batches beside the earlier. `honesty` is of what the model chose and of what chance drew, where
    there are answers; `off_policy` what the present model would have found."""

    version: str
    labels: int
    keepers: int
    guessed: int
    batches: list[BatchLine]
    exploit: Share
    explore: Share
    by_chance: Share
    lift: Ratio | None
    over_explore: Ratio | None
    trend: SharesCompared | None
    honesty: dict[str, Honesty]
    off_policy: OffPolicyReport
    tests: list[KeeperTest]

    @property
    def aim(self) -> Literal["reached", "cannot tell", "not reached"]:
        """Whether as much is kept where it exploits as `AIM` asks for."""
        if self.exploit.n and self.exploit.hits >= AIM[0] * self.exploit.n:
            return "reached"
        return "cannot tell" if self.exploit.high >= AIM[0] else "not reached"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        aim = {"low": AIM[0], "high": AIM[1], "verdict": self.aim}
        return {**vars(self), "aim": aim}


def keeper_progress(
    workspace: Workspace, settings: Settings, *, talk: ProgressReporter
) -> KeeperProgress | None:
    """Gather what the log knows; None where nothing was asked or answered."""
    labels = labels_so_far(workspace)
    batches = batches_shown(workspace, labels)
    if not batches and not labels.by_id:
        return None
    version = current_version(workspace)
    chosen, drawn = _own(s for b in batches for s in b.answered), _by_chance(batches)
    exploit, explore = (_kept(s for s in chosen if s.strategy == part) for part in _PARTS)
    honesty = {"chosen": _honesty(chosen), "by chance": _honesty(drawn)}
    return KeeperProgress(
        version=version.id if version else "",
        labels=len(labels.explicit),
        keepers=sum(label.keeper for label in labels.explicit.values()),
        guessed=len(labels.by_id) - len(labels.explicit),
        batches=[_line(batch) for batch in batches if batch.answered or batch is batches[-1]],
        exploit=exploit,
        explore=explore,
        by_chance=_kept(drawn),
        lift=ratio_of(exploit, _kept(drawn)),
        over_explore=ratio_of(exploit, explore),
        trend=_trend(batches),
        honesty={name: found for name, found in honesty.items() if found},
        off_policy=present_model(workspace, settings, labels, batches, talk),
        tests=keeper_tests(batches, labels),
    )


_PARTS = ("exploit", "explore")


def _line(batch: AskedBatch) -> BatchLine:
    answered, chosen = batch.answered, _own(batch.answered)
    drawn = [slot for slot in answered if _is_drawn(slot)]
    predicted, true = _foreseen([*chosen, *drawn])
    return BatchLine(
        id=batch.batch_id,
        at=batch.at,
        number=batch.number,
        version=batch.version,
        sides=batch.sides,
        asked=len(batch.slots),
        answered=len(answered),
        kept=_kept(answered),
        exploit=_kept(s for s in chosen if s.strategy == "exploit"),
        explore=_kept(s for s in chosen if s.strategy == "explore"),
        by_chance=_kept(drawn),
        said=float(predicted.mean()) if len(predicted) else None,
        brier=float(np.mean((predicted - true) ** 2)) if len(predicted) else None,
    )


def _trend(batches: Sequence[AskedBatch]) -> SharesCompared | None:
    """The later half of the batches that exploit beside the earlier; None of fewer than two."""
    by_batch = [[s for s in _own(b.answered) if s.strategy == "exploit"] for b in batches]
    by_batch = [slots for slots in by_batch if slots]
    if len(by_batch) < 2:
        return None
    half = len(by_batch) // 2
    early, late = (_kept(s for b in part for s in b) for part in (by_batch[:half], by_batch[half:]))
    return compare_shares(early, late)


def _own(slots: Iterable[Asked]) -> list[Asked]:
    """What the model in force chose: not the other side of a test, and not chance."""
    return [slot for slot in slots if slot.arm != "second" and not _is_drawn(slot)]


def _is_drawn(slot: Asked) -> bool:
    return slot.strategy == "uniform"


def _by_chance(batches: Sequence[AskedBatch]) -> list[Asked]:
    return [slot for batch in batches for slot in batch.answered if _is_drawn(slot)]


def _kept(slots: Iterable[Asked]) -> Share:
    answers = [slot.keeper for slot in slots if slot.keeper is not None]
    return share_of(sum(answers), len(answers))


def _foreseen(slots: Iterable[Asked]) -> tuple[np.ndarray, np.ndarray]:
    known = [(slot.mean, slot.keeper) for slot in slots if slot.mean is not None]
    predicted, true = np.array(known, dtype=float).reshape(-1, 2).T
    return predicted, true


def _honesty(slots: Sequence[Asked]) -> Honesty | None:
    predicted, true = _foreseen(slots)
    if not len(predicted):
        return None
    rng = np.random.default_rng(0)
    lucky = [
        calibration_error(predicted, rng.random(len(predicted)) < predicted)
        for _ in range(_LUCKY_DRAWS)
    ]
    return Honesty(
        n=len(predicted),
        error=calibration_error(predicted, true),
        luck=float(np.mean(lucky)),
        brier=float(np.mean((predicted - true) ** 2)),
        bins=reliability(predicted, true),
    )
