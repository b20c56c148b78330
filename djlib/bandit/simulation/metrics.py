"""What a game says of who played it: keepers found, what exploring brought, how honest it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...evaluation.calibration import calibration_error
from .episode import Episode
from .policies import sparse_words

_FEWEST_FOR_SHAPE = 5
"""Keepers fewer than this have no shape to speak of."""

_WIDTH, _A_KIND, _MOST_KINDS = 50, 8, 12


@dataclass(frozen=True)
class SimulationMetrics:
    """Figures of one game; None where there is nothing to measure.

    `rate` is the share of keepers among the picks, `lift` that over `base_rate`; `exploit_rate`
    and `explore_rate` the same for either part. `ece` and `brier` are of the picks, `ece_aside`
    and `brier_aside` of rows drawn at random, all before their answers were learned: picks
    alone are a chosen few. `forgot` is how much worse the answers of the first half are ranked
    (AUC) at the end than when they were just learned. `settled` is the share of its doubt about the
    picks that is gone at the end, on ground that is familiar by then. `silhouette` is how far
    keepers stand apart in the player's taste space. `kinds_found` is how many of the pool's kinds
    of keepers (clusters of their words, the same for all players) were met at least once,
    `diversity` the mean cosine distance between the keepers found.
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
    settled: float | None
    silhouette: float | None
    kinds_found: int | None
    kinds: int
    diversity: float | None
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


@dataclass(frozen=True)
class PoolGeometry:
    """A pool by its words, the same for all players: `vectors` (n, d) of length one or zero, and
    the `kind` of each keeper, -1 for other rows."""

    vectors: np.ndarray
    kind: np.ndarray


def pool_geometry(listings: pd.DataFrame, keeper: np.ndarray) -> PoolGeometry:
    """Group the keepers of a pool into kinds: clusters of their words, one for about 8 keepers."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    words = sparse_words(listings)
    width = min(_WIDTH, words.shape[1] - 1, len(keeper) - 1)
    vectors = TruncatedSVD(width, random_state=0).fit_transform(words) if width > 1 else None
    if vectors is None:
        vectors = words.toarray()
    vectors = normalize(vectors)
    kept = np.flatnonzero(keeper)
    distinct = len(np.unique(vectors[kept].round(6), axis=0))
    n_kinds = max(1, min(len(kept) // _A_KIND, _MOST_KINDS, distinct))
    kind = np.full(len(keeper), -1)
    kind[kept] = KMeans(n_kinds, n_init=4, random_state=0).fit_predict(vectors[kept])
    return PoolGeometry(vectors, kind)


def figures_of(
    game: Episode, keeper: np.ndarray, ground: PoolGeometry | None = None
) -> SimulationMetrics:
    """Measure a game played on a pool whose answers are `keeper` (n,)."""
    base_rate, found = float(keeper.mean()), game.keeper.astype(float)
    rate = float(found.mean())
    early, late = game.early_auc
    met = game.rows[game.keeper == 1]
    return SimulationMetrics(
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
        settled=_settled(*game.doubt),
        silhouette=_silhouette(game.taste, keeper),
        kinds_found=len(set(ground.kind[met]) - {-1}) if ground else None,
        kinds=int(ground.kind.max()) + 1 if ground else 0,
        diversity=_diversity(ground.vectors[met]) if ground else None,
        seconds=round(game.seconds, 3),
    )


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) else None


def _settled(before: float, after: float) -> float | None:
    return 1 - after / before if np.isfinite(after) and before > 0 else None


def _diversity(vectors: np.ndarray) -> float | None:
    n = len(vectors)
    if n < 2:
        return None
    summed = vectors.sum(axis=0)
    alike = (summed @ summed - (vectors**2).sum()) / (n * (n - 1))
    return float(1 - alike)


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
