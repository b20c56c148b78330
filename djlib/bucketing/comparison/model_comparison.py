"""Models side by side on the same folds: figures of each, and what the differences are worth.

A saved version takes part with its settings, learned anew on every fold: what is compared is a
way of learning, never a model on tracks it has seen.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...errors import DjlibError, InputError, UsageError
from ...evaluation.calibration import Abstention, threshold_for_precision
from ...evaluation.metrics import bucket_metrics, row_scores
from ...evaluation.splits import FoldKind, artist_groups
from ..base import BucketAssigner
from ..cross_validation import OutOfFold, out_of_fold, with_min_support
from ..training import TrainingSet
from .paired_tests import PairedComparison, RowsOfFolds, adjusted, paired_comparison

PRECISION = 0.9
"""The precision at which coverage is compared."""

BEST_BASELINE = "baseline"
"""Stands for the best of the simple models where a model's name is asked for."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """A model that takes part: its name as shown, and how an unfitted one is made from a seed."""

    name: str
    make: Callable[[int], BucketAssigner]
    is_baseline: bool = False


@dataclass(frozen=True)
class ComparisonOptions:
    """How models are measured: kinds of folds, folds, times over with other folds, the smallest
    bucket that counts, and the first seed."""

    kinds: tuple[FoldKind, ...] = ("stratified", "artist")
    n_folds: int = 5
    repeats: int = 1
    min_tracks: int = 3
    seed: int = 0


@dataclass(frozen=True)
class CVResult:
    """How one model did on one kind of folds, all repeats together; `failed` says why there are
    no figures. `sure` is what it costs to be right nine times in ten; seconds are those of
    the middle fold, as the first may do work that stays done."""

    name: str
    is_baseline: bool
    figures: dict[str, Any] = field(default_factory=dict)
    sure: Abstention | None = None
    fit_s: float = 0.0
    predict_s: float = 0.0
    failed: str = ""
    confidence: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    correct: np.ndarray = field(default_factory=lambda: np.empty(0, bool), repr=False)
    confusion: np.ndarray = field(default_factory=lambda: np.empty((0, 0), int), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, without the arrays behind the charts."""
        arrays = ("confidence", "correct", "confusion")
        plain = {k: v for k, v in self.__dict__.items() if k not in arrays}
        return plain | {"sure": self.sure.as_dict() if self.sure else None}


@dataclass(frozen=True)
class FoldKindResult:
    """All models on one kind of folds, over `n` tracks in `buckets`; each of `duels` is of one
    model with `against`, which is "" where every model failed."""

    kind: FoldKind
    n: int
    buckets: tuple[str, ...]
    standings: tuple[CVResult, ...]
    against: str
    duels: tuple[PairedComparison, ...]

    def standing(self, name: str) -> CVResult:
        """How a model did."""
        return next(s for s in self.standings if s.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **self.__dict__,
            "standings": [s.as_dict() for s in self.standings],
            "duels": [d.as_dict() for d in self.duels],
        }


def compare_models(
    entrants: Sequence[Candidate],
    training: TrainingSet,
    rules: ComparisonOptions,
    *,
    against: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[FoldKindResult]:
    """Let every model answer for the same tracks out of fold, and compare each with `against`:
    a name, `BEST_BASELINE`, or None for the first that did not fail.

    A kind of folds that cannot be made (one artist for all) has no round. P-values are adjusted
    for all comparisons of all rounds. `progress` is told of each fit. Raises `InputError` where
    fewer than two buckets are large enough and `UsageError` for an unknown `against`.
    """
    _check(entrants, against)
    measured, too_small = with_min_support(training, rules.min_tracks)
    if len(measured.sizes) < 2:
        raise InputError(
            f"{len(measured.sizes)} bucket(s) with at least {rules.min_tracks} tracks, "
            f"{len(too_small)} with fewer: comparing needs two; label more tracks"
        )
    rounds = [_round(entrants, measured, kind, rules, against, progress) for kind in rules.kinds]
    held = [found for found in rounds if found]
    duels = iter(adjusted([d for found in held for d in found.duels]))
    return [replace(found, duels=tuple(next(duels) for _ in found.duels)) for found in held]


def _check(entrants: Sequence[Candidate], against: str | None) -> None:
    names = [e.name for e in entrants]
    known = [*names, *([BEST_BASELINE] if any(e.is_baseline for e in entrants) else [])]
    if against is not None and against not in known:
        raise UsageError(f"{against!r} does not take part; compare against {', '.join(known)}")


def _round(
    entrants: Sequence[Candidate],
    training: TrainingSet,
    kind: FoldKind,
    rules: ComparisonOptions,
    against: str | None,
    progress: Callable[[int], None] | None,
) -> FoldKindResult | None:
    runs = [_Run(entrant, training) for entrant in entrants]
    for run in runs:
        run.answer(kind, rules, progress)
    whole = [run for run in runs if run.found and run.found[0].answered.any()]
    if not whole and not any(run.failed for run in runs):
        return None
    standings = tuple(run.standing() for run in runs)
    if not whole:
        return FoldKindResult(kind, 0, tuple(sorted(training.sizes)), standings, "", ())
    first = _against(standings, against)
    base = next(run for run in whole if run.entrant.name == first)
    groups = artist_groups(training.tracks)
    return FoldKindResult(
        kind,
        int(base.found[0].answered.sum()),
        base.found[0].labels.classes,
        standings,
        first,
        tuple(
            paired_comparison(
                run.entrant.name, run.scores(), first, base.scores(), groups, seed=rules.seed
            )
            for run in whole
            if run is not base
        ),
    )


def _against(standings: Sequence[CVResult], asked: str | None) -> str:
    whole = [s for s in standings if not s.failed]
    simple = [s for s in whole if s.is_baseline]
    if asked == BEST_BASELINE and simple:
        return max(simple, key=lambda s: float(s.figures["accuracy"])).name
    return next((s.name for s in whole if s.name == asked), whole[0].name)


class _Run:
    """One model going through all repeats of one kind of folds, with a watch."""

    def __init__(self, entrant: Candidate, training: TrainingSet) -> None:
        self.entrant, self._training = entrant, training
        self.found: list[OutOfFold] = []
        self.failed = ""
        self._folds: list[list[np.ndarray]] = []
        self._fit_s: list[float] = []
        self._predict_s: list[float] = []

    def answer(
        self, kind: FoldKind, rules: ComparisonOptions, progress: Callable[[int], None] | None
    ) -> None:
        """Answer out of fold `repeats` times; what goes wrong is noted, never raised."""
        try:
            for repeat in range(rules.repeats):
                seed = rules.seed + repeat
                self._folds.append([])
                found = out_of_fold(
                    lambda seed=seed: self._made(seed),  # type: ignore[misc]
                    self._training,
                    kind,
                    n_folds=rules.n_folds,
                    seed=seed,
                    progress=progress,
                    each_fold=self._timed,
                )
                self.found.append(found)
        except Exception as error:  # a model that fails is a row of the table
            _log.debug("%s failed", self.entrant.name, exc_info=error)
            own = isinstance(error, DjlibError)
            self.failed = str(error) if own else f"{type(error).__name__}: {error}"
            self.found = []

    def standing(self) -> CVResult:
        """Figures over all repeats together."""
        name, is_baseline = self.entrant.name, self.entrant.is_baseline
        if not self.found:
            return CVResult(name, is_baseline, failed=self.failed or "no fold had two buckets")
        labels = self.found[0].labels
        kept = [found.answered for found in self.found]
        proba = np.vstack([f.proba[k] for f, k in zip(self.found, kept, strict=True)])
        given = np.vstack([f.given[k] for f, k in zip(self.found, kept, strict=True)])
        truth = np.vstack([labels.truth[k] for k in kept])
        figures = bucket_metrics(
            proba, truth, list(labels.classes), given=given if labels.is_multi else None
        )
        first, rarest = proba.argmax(axis=1), np.concatenate([labels.first[k] for k in kept])
        correct = truth[np.arange(len(truth)), first] > 0
        confusion = np.zeros((len(labels.classes),) * 2, int)
        np.add.at(confusion, (np.where(correct, first, rarest), first), 1)
        confidence = proba.max(axis=1)
        return CVResult(
            name,
            is_baseline,
            figures | {"n": int(kept[0].sum())},
            threshold_for_precision(confidence, correct, PRECISION),
            float(np.median(self._fit_s)),
            float(np.median(self._predict_s)),
            confidence=confidence,
            correct=correct,
            confusion=confusion,
        )

    def scores(self) -> RowsOfFolds:
        """Scores of each track in each repeat, (repeats, n, scores), and which fold it was in."""
        labels = self.found[0].labels
        scored = [row_scores(f.proba, labels.truth, is_multi=labels.is_multi) for f in self.found]
        return RowsOfFolds(np.stack(scored), self._folds)

    def _made(self, seed: int) -> BucketAssigner:
        model = self.entrant.make(seed)
        self._began = time.perf_counter()
        return model

    def _timed(self, model: BucketAssigner, test: np.ndarray) -> None:
        both = time.perf_counter() - self._began
        began = time.perf_counter()
        model.predict_proba(self._training.tracks.iloc[test])
        answering = time.perf_counter() - began
        self._predict_s.append(answering)
        self._fit_s.append(max(both - answering, 0.0))
        self._folds[-1].append(test)
        self._began = time.perf_counter()
