"""Cross-validation results of several models on the same folds, compared in pairs.

A saved version is compared with its settings, learned anew on every fold: what is compared is a
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
    """A model to compare: its name as shown, and how an unfitted one is made from a seed."""

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
    """All models on one kind of folds, over `n` tracks in `buckets`; each of `comparisons` is
    of one model with `against`, which is "" where every model failed."""

    kind: FoldKind
    n: int
    buckets: tuple[str, ...]
    results: tuple[CVResult, ...]
    against: str
    comparisons: tuple[PairedComparison, ...]

    def result(self, name: str) -> CVResult:
        """The result of a model by name."""
        return next(r for r in self.results if r.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {  # "standings" and "duels" are keys of the format
            "kind": self.kind,
            "n": self.n,
            "buckets": self.buckets,
            "standings": [result.as_dict() for result in self.results],
            "against": self.against,
            "duels": [comparison.as_dict() for comparison in self.comparisons],
        }


def compare_models(
    candidates: Sequence[Candidate],
    training: TrainingSet,
    rules: ComparisonOptions,
    *,
    against: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[FoldKindResult]:
    """Cross-validate every model on the same folds, and compare each with `against`:
    a name, `BEST_BASELINE`, or None for the first that did not fail.

    A kind of folds that cannot be made (one artist for all) has no result. P-values are adjusted
    for all comparisons of all kinds. `progress` is told of each fit. Raises `InputError` where
    fewer than two buckets are large enough and `UsageError` for an unknown `against`.
    """
    _check(candidates, against)
    measured, too_small = with_min_support(training, rules.min_tracks)
    if len(measured.sizes) < 2:
        raise InputError(
            f"{len(measured.sizes)} bucket(s) with at least {rules.min_tracks} tracks, "
            f"{len(too_small)} with fewer: comparing needs two; label more tracks"
        )
    results = [
        _compared_on(candidates, measured, kind, rules, against, progress) for kind in rules.kinds
    ]
    compared = [result for result in results if result]
    pairs = iter(adjusted([pair for result in compared for pair in result.comparisons]))
    return [
        replace(result, comparisons=tuple(next(pairs) for _ in result.comparisons))
        for result in compared
    ]


def _check(candidates: Sequence[Candidate], against: str | None) -> None:
    names = [c.name for c in candidates]
    known = [*names, *([BEST_BASELINE] if any(c.is_baseline for c in candidates) else [])]
    if against is not None and against not in known:
        raise UsageError(f"{against!r} does not take part; compare against {', '.join(known)}")


def _compared_on(
    candidates: Sequence[Candidate],
    training: TrainingSet,
    kind: FoldKind,
    rules: ComparisonOptions,
    against: str | None,
    progress: Callable[[int], None] | None,
) -> FoldKindResult | None:
    runs = [_Run(candidate, training) for candidate in candidates]
    for run in runs:
        run.cross_validate(kind, rules, progress)
    whole = [run for run in runs if run.predictions and run.predictions[0].answered.any()]
    if not whole and not any(run.failed for run in runs):
        return None
    results = tuple(run.result() for run in runs)
    if not whole:
        return FoldKindResult(kind, 0, tuple(sorted(training.sizes)), results, "", ())
    first = _against(results, against)
    base = next(run for run in whole if run.candidate.name == first)
    groups = artist_groups(training.tracks)
    return FoldKindResult(
        kind,
        int(base.predictions[0].answered.sum()),
        base.predictions[0].labels.classes,
        results,
        first,
        tuple(
            paired_comparison(
                run.candidate.name, run.scores(), first, base.scores(), groups, seed=rules.seed
            )
            for run in whole
            if run is not base
        ),
    )


def _against(results: Sequence[CVResult], wanted: str | None) -> str:
    whole = [s for s in results if not s.failed]
    simple = [s for s in whole if s.is_baseline]
    if wanted == BEST_BASELINE and simple:
        return max(simple, key=lambda s: float(s.figures["accuracy"])).name
    return next((s.name for s in whole if s.name == wanted), whole[0].name)


class _Run:
    """One model going through all repeats of one kind of folds, with a watch."""

    def __init__(self, candidate: Candidate, training: TrainingSet) -> None:
        self.candidate, self._training = candidate, training
        self.predictions: list[OutOfFold] = []
        self.failed = ""
        self._folds: list[list[np.ndarray]] = []
        self._fit_s: list[float] = []
        self._predict_s: list[float] = []

    def cross_validate(
        self, kind: FoldKind, rules: ComparisonOptions, progress: Callable[[int], None] | None
    ) -> None:
        """Predict out of fold `repeats` times; what goes wrong is noted, never raised."""
        try:
            for repeat in range(rules.repeats):
                seed = rules.seed + repeat
                self._folds.append([])
                predictions = out_of_fold(
                    lambda seed=seed: self._made(seed),  # type: ignore[misc]
                    self._training,
                    kind,
                    n_folds=rules.n_folds,
                    seed=seed,
                    progress=progress,
                    each_fold=self._timed,
                )
                self.predictions.append(predictions)
        except Exception as error:  # a model that fails is a row of the table
            _log.debug("%s failed", self.candidate.name, exc_info=error)
            own = isinstance(error, DjlibError)
            self.failed = str(error) if own else f"{type(error).__name__}: {error}"
            self.predictions = []

    def result(self) -> CVResult:
        """Figures over all repeats together."""
        name, is_baseline = self.candidate.name, self.candidate.is_baseline
        if not self.predictions:
            return CVResult(name, is_baseline, failed=self.failed or "no fold had two buckets")
        labels = self.predictions[0].labels
        answered = [p.answered for p in self.predictions]
        pairs = list(zip(self.predictions, answered, strict=True))
        proba = np.vstack([p.proba[rows] for p, rows in pairs])
        given = np.vstack([p.given[rows] for p, rows in pairs])
        truth = np.vstack([labels.truth[rows] for rows in answered])
        figures = bucket_metrics(
            proba, truth, list(labels.classes), given=given if labels.is_multi else None
        )
        first, rarest = (
            proba.argmax(axis=1),
            np.concatenate([labels.first[rows] for rows in answered]),
        )
        correct = truth[np.arange(len(truth)), first] > 0
        confusion = np.zeros((len(labels.classes),) * 2, int)
        np.add.at(confusion, (np.where(correct, first, rarest), first), 1)
        confidence = proba.max(axis=1)
        return CVResult(
            name,
            is_baseline,
            figures | {"n": int(answered[0].sum())},
            threshold_for_precision(confidence, correct, PRECISION),
            float(np.median(self._fit_s)),
            float(np.median(self._predict_s)),
            confidence=confidence,
            correct=correct,
            confusion=confusion,
        )

    def scores(self) -> RowsOfFolds:
        """Scores of each track in each repeat, (repeats, n, scores), and which fold it was in."""
        labels = self.predictions[0].labels
        scored = [
            row_scores(p.proba, labels.truth, is_multi=labels.is_multi) for p in self.predictions
        ]
        return RowsOfFolds(np.stack(scored), self._folds)

    def _made(self, seed: int) -> BucketAssigner:
        model = self.candidate.make(seed)
        self._began = time.perf_counter()
        return model

    def _timed(self, model: BucketAssigner, test: np.ndarray) -> None:
        both = time.perf_counter() - self._began
        began = time.perf_counter()
        model.predict_proba(self._training.tracks.iloc[test])
        predicting = time.perf_counter() - began
        self._predict_s.append(predicting)
        self._fit_s.append(max(both - predicting, 0.0))
        self._folds[-1].append(test)
        self._began = time.perf_counter()
