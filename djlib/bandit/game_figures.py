"""What a game says of who played it: keepers found, what exploring brought, how honest it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..evaluation.calibration import calibration_error
from .replay import Game, Rules

_FEWEST_FOR_SHAPE = 5
"""Keepers fewer than this have no shape to speak of."""


@dataclass(frozen=True)
class GameFigures:
    """Figures of one game; None where there is nothing to measure.

    `rate` is the share of keepers among the picks, `lift` that over `base_rate`; `exploit_rate`
    and `explore_rate` the same for either part. `ece` and `brier` are of the picks, `ece_aside`
    and `brier_aside` of rows drawn at random, all before their answers were learned: picks
    alone are a chosen few. `forgot` is how much worse the answers of the first half are ranked
    (AUC) at the end than when they were just learned. `silhouette` is how far keepers stand
    apart in the player's taste space.
    """

    picks: int
    keepers: int
    base_rate: float
    rate: float
    lift: float
    exploit_picks: int
    exploit_rate: float | None
    explore_picks: int
    explore_rate: float | None
    ece: float | None
    brier: float | None
    ece_aside: float | None
    brier_aside: float | None
    forgot: float | None
    silhouette: float | None
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


def figures_of(game: Game, keeper: np.ndarray, rules: Rules) -> GameFigures:
    """Measure a game played on a pool whose answers are `keeper` (n,)."""
    base_rate, found = float(keeper.mean()), game.keeper.astype(float)
    rate = float(found.mean())
    early, late = game.early_auc
    return GameFigures(
        picks=len(found),
        keepers=int(found.sum()),
        base_rate=base_rate,
        rate=rate,
        lift=rate / base_rate,
        exploit_picks=int((~game.explore).sum()),
        exploit_rate=_mean(found[~game.explore]),
        explore_picks=int(game.explore.sum()),
        explore_rate=_mean(found[game.explore]),
        ece=_ece(game.mean, game.keeper),
        brier=_brier(game.mean, game.keeper),
        ece_aside=_ece(game.aside_mean, game.aside_keeper),
        brier_aside=_brier(game.aside_mean, game.aside_keeper),
        forgot=early - late if np.isfinite(early - late) else None,
        silhouette=_silhouette(game.taste, keeper),
        seconds=round(game.seconds, 3),
    )


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _ece(said: np.ndarray, true: np.ndarray) -> float | None:
    known = np.isfinite(said)
    return calibration_error(said[known], true[known]) if known.any() else None


def _brier(said: np.ndarray, true: np.ndarray) -> float | None:
    known = np.isfinite(said)
    return float(np.mean((said[known] - true[known]) ** 2)) if known.any() else None


def _silhouette(taste: np.ndarray | None, keeper: np.ndarray) -> float | None:
    """Mean silhouette of the keepers (Rousseeuw 1987), cosine distance."""
    if taste is None or min(keeper.sum(), (1 - keeper).sum()) < _FEWEST_FOR_SHAPE:
        return None
    from sklearn.metrics import silhouette_samples

    return float(silhouette_samples(taste, keeper, metric="cosine")[keeper == 1].mean())
