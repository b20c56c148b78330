"""When to say unsure: the confidence threshold that keeps a promised precision."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

_NEVER_SURE = float(np.nextafter(1, 2))
"""Over every confidence, a full 1 included; shown as 1.00."""


@dataclass(frozen=True)
class Abstention:
    """A confidence threshold and what it was measured to give: precision of the sure ones, and
    coverage, the share of tracks that are sure. `target` is None where the person set the
    threshold."""

    threshold: float
    precision: float | None
    coverage: float
    target: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for metrics.json."""
        return asdict(self)


def threshold_for_precision(
    confidence: np.ndarray, correct: np.ndarray, target: float
) -> Abstention:
    """Pick the lowest threshold whose sure predictions are right at the rate `target`.

    Both arrays hold out-of-fold predictions, shape (n,). The precision is smoothed by one success
    and one failure, so that three lucky hits promise nothing. Where no threshold keeps the
    promise the threshold is just over 1 and coverage 0: everything is unsure.

    >>> sure = np.linspace(0, 1, 200)
    >>> found = threshold_for_precision(sure, sure > 0.5, 0.9)
    >>> 0.4 < found.threshold < 0.5, found.coverage > 0.5
    (True, True)
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(correct[order])
    taken = np.arange(1, len(order) + 1)
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True) if len(ranked) else np.array([], bool)
    keeps = ((hits + 1) / (taken + 2) >= target) & last_of_tie
    if not keeps.any():
        return Abstention(_NEVER_SURE, None, 0.0, target)
    n = int(np.flatnonzero(keeps)[-1]) + 1
    return Abstention(
        float(ranked[n - 1]), float(hits[n - 1] / n), float(n / len(confidence)), target
    )


def measured_at(confidence: np.ndarray, correct: np.ndarray, threshold: float) -> Abstention:
    """What a given threshold gives on out-of-fold predictions.

    >>> measured_at(np.array([0.2, 0.6, 0.9]), np.array([False, False, True]), 0.5)
    Abstention(threshold=0.5, precision=0.5, coverage=0.6666666666666666, target=None)
    """
    sure = confidence >= threshold
    precision = float(correct[sure].mean()) if sure.any() else None
    return Abstention(threshold, precision, float(sure.mean()) if len(sure) else 0.0)
