"""Placements that look odd: which of a person's own labels a model that never saw them doubts.

By confident learning (Northcutt, Jiang and Chuang 2021) with cleanlab, on out-of-fold
probabilities. Where crates overlap it flags a large part of a library, so a placement is only
called odd where another bucket is also many times as probable. Nothing is changed: taste is no
error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...errors import DjlibError, InputError
from ...tables.schema import split_buckets
from ..base import BucketAssigner
from ..cross_validation import OutOfFold, out_of_fold, with_min_support
from ..field_words import field_name, joined
from ..labels import Labels
from ..training import TrainingSet

TIMES = 20.0
"""How many times as probable the other bucket is at least; measured on real and invented
libraries with one label in twenty made wrong, see the how-to page."""

_SPEAKS = 0.02
_NEAREST = 5


@dataclass(frozen=True)
class OddPlacement:
    """A track (row `row` of the training set) whose place in `bucket` looks odd: `suggested` is
    the bucket that fits best of those it is not in, with its `probability`; `quality` is the
    probability of `bucket` itself."""

    row: int
    bucket: str
    suggested: str
    probability: float
    quality: float
    why: str


@dataclass(frozen=True)
class LabelQuality:
    """What was found in `training` (small buckets left out): the `odd` placements, the least
    probable first; `quality` (n, buckets), the probability of each placement, NaN where the track
    is not in the bucket or was not checked; the share of tracks whose first choice is one of
    their buckets; the buckets `too_small` to check."""

    training: TrainingSet
    buckets: tuple[str, ...]
    odd: list[OddPlacement]
    quality: np.ndarray
    agreement: float
    too_small: dict[str, int]

    @property
    def track_quality(self) -> np.ndarray:
        """The quality of each track's least probable placement, (n,); NaN where not checked."""
        worst = np.nan_to_num(self.quality, nan=np.inf).min(axis=1)
        return np.where(np.isfinite(worst), worst, np.nan)


def label_quality(
    make_model: Callable[[], BucketAssigner],
    training: TrainingSet,
    *,
    n_folds: int = 5,
    min_tracks: int = 3,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> LabelQuality:
    """Judge every placement by a model that learned from the other folds.

    Files of one song share a fold, so that none confirms itself. Raises `InputError` where fewer
    than two buckets are large enough, and `DjlibError` without cleanlab.
    """
    checked, too_small = with_min_support(training, min_tracks)
    if len(checked.sizes) < 2:
        raise InputError(
            f"fewer than two buckets hold {min_tracks} tracks: there is nothing to check "
            "placements against; sort a few more tracks"
        )
    _cleanlab()
    reasons = _Reasons(checked)
    found = out_of_fold(
        make_model,
        checked,
        n_folds=n_folds,
        seed=seed,
        progress=progress,
        each_fold=reasons.note,
    )
    done = found.answered
    if not done.any():
        raise InputError("too few different songs in the buckets to check their placements")
    hits = found.labels.truth[done, found.proba[done].argmax(axis=1)] > 0
    quality = np.where(found.labels.truth > 0, found.proba, np.nan)
    odd = [
        OddPlacement(
            int(row),
            found.labels.classes[own],
            found.labels.classes[other],
            float(found.proba[row, other]),
            float(quality[row, own]),
            reasons.why(int(row), found.labels.classes[other]),
        )
        for row, own, other in zip(*odd_placements(found), strict=True)
    ]
    return LabelQuality(checked, found.labels.classes, odd, quality, float(hits.mean()), too_small)


def odd_placements(found: OutOfFold) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, the bucket (column) doubted in each and the one that fits best instead, all (n odd,);
    the least probable placement first."""
    rows = np.flatnonzero(found.answered)
    labels, proba = found.labels, found.proba[rows]
    truth = labels.truth[rows] > 0
    other, probability = best_other(proba, truth)
    doubted = _doubted(labels, proba, truth) & (probability[:, None] >= TIMES * proba)
    row, own = np.nonzero(doubted & truth & (probability[:, None] > proba))
    order = np.lexsort((row, proba[row, own]))
    row, own = row[order], own[order]
    return rows[row], own, other[row]


def best_other(proba: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most probable bucket (column) each track is not in, and its probability, both (n,)."""
    others = np.where(truth, -np.inf, proba)
    return others.argmax(axis=1), others.max(axis=1)


def _doubted(labels: Labels, proba: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Placements that cleanlab calls label issues, (n, buckets)."""
    cleanlab = _cleanlab()
    present = np.flatnonzero(truth.any(axis=0))  # cleanlab wants no class without a track
    doubted = np.zeros_like(truth)
    some, sure = truth[:, present], proba[:, present]
    if labels.is_multi:
        given = [np.flatnonzero(row).tolist() for row in some]
        issues = cleanlab.multilabel_classification.filter.find_multilabel_issues_per_class(
            given, sure, filter_by="both", n_jobs=1
        )
        doubted[:, present] = issues
    else:
        issues = cleanlab.filter.find_label_issues(
            some.argmax(axis=1), sure, filter_by="both", n_jobs=1
        )
        doubted[issues] = truth[issues]
    return doubted


def _cleanlab() -> Any:
    try:
        import cleanlab
        import cleanlab.multilabel_classification
    except ImportError as error:
        raise DjlibError("checking labels needs cleanlab: pip install cleanlab") from error
    return cleanlab


class _Reasons:
    """Why each track would rather stand elsewhere, asked of the model that never saw it while it
    is there: models are large, reasons are short."""

    def __init__(self, training: TrainingSet) -> None:
        self._training = training
        self._classes = sorted(training.sizes)
        self._why: dict[int, str] = {}

    def note(self, model: BucketAssigner, test: np.ndarray) -> None:
        """Take the answers for the rows `test` apart where they may turn out odd."""
        tracks = self._training.tracks.iloc[test]
        proba = model.predict_proba(tracks)
        truth = np.array(
            [np.isin(model.classes_, self._training.labels[row]) for row in test], dtype=bool
        )
        other, probability = best_other(proba, truth)
        least = np.where(truth, proba, np.inf).min(axis=1)
        least[~truth.any(axis=1)] = 0.0  # its bucket is in no other fold
        places = np.flatnonzero((probability >= TIMES * least) & np.isfinite(probability))
        if not len(places):
            return
        chosen, columns = tracks.iloc[places], other[places]
        _, parts = model.contributions(chosen, columns)
        rows, _ = model.nearest(chosen, _NEAREST)
        for i, place in enumerate(places):
            bucket = str(model.classes_[columns[i]])
            near = model.labelled_.iloc[rows[i]]
            fields = [model.fields[f] for f in np.argsort(-parts[i]) if parts[i, f] >= _SPEAKS]
            self._why[int(test[place])] = _in_words(fields, near, bucket)

    def why(self, row: int, bucket: str) -> str:
        """What was noted for a track; "" where nothing speaks for the bucket."""
        return self._why.get(row, "")


def _in_words(fields: list[str], near: pd.DataFrame, bucket: str) -> str:
    """`tempo and genre fit better; like Robyn - Be Mine there`."""
    named = [field_name(field) for field in fields[:3]]
    parts = []
    if named:
        parts.append(f"{joined(named)} {'fits' if len(named) == 1 else 'fit'} better")
    there = near[[bucket in split_buckets(held) for held in near["buckets"]]]
    songs = [_song(row) for row in there.to_dict("records")]
    if any(songs):
        parts.append(f"like {next(filter(None, songs))} there")
    return "; ".join(parts)


def _song(row: dict[Any, Any]) -> str:
    return " - ".join(str(row[c]) for c in ("artist", "title") if row.get(c))
