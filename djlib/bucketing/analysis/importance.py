"""How much a model leans on each field: what it loses on test tracks when the field is shuffled.

All columns made of a field move with it, whatever the model makes of them. This is about the
model, not the music: where two fields say the same, either of them may look idle. Breiman 2001,
"Random Forests", section 10; Fisher, Rudin and Dominici 2019 for models of any kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...tables.schema import TRACKS, coerce
from ..base import BucketAssigner

_TINY = 1e-6
_NORMAL = 1.96


@dataclass(frozen=True)
class Loss:
    """A mean over the test tracks with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Importance:
    """What is lost without a field: `log_loss` grows and `accuracy` falls by so much when it is
    shuffled among the tracks, `blank_log_loss` and `blank_accuracy` when no track has it."""

    field: str
    log_loss: Loss
    accuracy: Loss
    blank_log_loss: float
    blank_accuracy: float


def shuffled_fields(model: BucketAssigner) -> list[str]:
    """The fields that are columns of a track; a sentence made of several moves with those."""
    return [field for field in model.fields if field in TRACKS.names]


def importance(
    model: BucketAssigner,
    tracks: pd.DataFrame,
    labels: list[list[str]],
    *,
    n_repeats: int = 5,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> list[Importance]:
    """Measure how much the model loses without each field, the field it leans on most first.

    `tracks` are tracks it has not learned from, `labels` their buckets. `progress` is told of
    each field. Needs at least two tracks.

    >>> from djlib import SimpleMLBucketAssigner
    >>> tracks = pd.DataFrame({"bpm": [122.0, 174.0] * 20, "key": ["8A"] * 40})
    >>> model = SimpleMLBucketAssigner(random_state=0).fit(tracks, ["Warm", "Late"] * 20)
    >>> found = importance(model, tracks, [["Warm"], ["Late"]] * 20)
    >>> found[0].field, found[0].accuracy.mean > 0.3, found[1].accuracy.mean
    ('bpm', True, 0.0)
    """
    truth = np.array([[b in row for b in model.classes_] for row in labels], dtype=float)
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(tracks)) for _ in range(n_repeats)]
    tracks = coerce(tracks, TRACKS)[0]
    whole = _losses(model, tracks, truth)
    found = []
    for field in shuffled_fields(model):
        found.append(_of_field(model, tracks, truth, field, orders, whole))
        if progress:
            progress(1)
    return sorted(found, key=lambda one: -one.log_loss.mean)


def mean_contributions(model: BucketAssigner, tracks: pd.DataFrame) -> dict[str, float]:
    """How far each field moves the vote for the first choice, up or down, on average; the field
    that moves it most first."""
    first = model.predict_proba(tracks).argmax(axis=1)
    _, parts = model.contributions(tracks, first)
    moved = dict(zip(model.fields, np.abs(parts).mean(axis=0).tolist(), strict=True))
    return dict(sorted(moved.items(), key=lambda pair: -pair[1]))


def _of_field(
    model: BucketAssigner,
    tracks: pd.DataFrame,
    truth: np.ndarray,
    field: str,
    orders: list[np.ndarray],
    whole: np.ndarray,
) -> Importance:
    if field not in tracks:
        return Importance(field, Loss(0.0, 0.0, 0.0), Loss(0.0, 0.0, 0.0), 0.0, 0.0)
    column = tracks[field]
    shuffled = [tracks.assign(**{field: column.to_numpy()[order]}) for order in orders]
    empty = "" if TRACKS.column(field).is_text else np.nan
    blank = tracks.assign(**{field: pd.Series(empty, tracks.index, dtype=column.dtype)})
    variants = pd.concat([*shuffled, blank], ignore_index=True)
    losses = _losses(model, variants, np.tile(truth, (len(orders) + 1, 1)))
    lost = losses.reshape(2, len(orders) + 1, len(tracks)) - whole[:, None]
    log_loss, accuracy = (_mean(one) for one in lost[:, :-1].mean(axis=1))
    blank_log_loss, blank_accuracy = lost[:, -1].mean(axis=1)
    return Importance(field, log_loss, accuracy, float(blank_log_loss), float(blank_accuracy))


def _losses(model: BucketAssigner, tracks: pd.DataFrame, truth: np.ndarray) -> np.ndarray:
    """Log-loss of each track, and 1 where the first choice is none of its buckets: (2, n)."""
    proba = model.predict_proba(tracks)
    inside = np.clip(proba, _TINY, 1 - _TINY)
    if model.is_multi_:
        log_loss = -np.log(np.where(truth > 0, inside, 1 - inside)).mean(axis=1)
    else:
        log_loss = -np.log((inside * truth).sum(axis=1))
    missed = 1 - truth[np.arange(len(truth)), proba.argmax(axis=1)]
    return np.array([log_loss, missed])


def _mean(lost: np.ndarray) -> Loss:
    mean = float(lost.mean())
    around = _NORMAL * float(lost.std(ddof=1)) / len(lost) ** 0.5
    return Loss(mean, mean - around, mean + around)
