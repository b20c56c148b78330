"""Metrics of an episode: keepers found, what exploring brought, calibration."""

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
    """Figures of one run; None where there is nothing to measure.

    `rate` is the share of keepers among the picks, `lift` that over `base_rate`; `exploit_rate`
    and `explore_rate` the same for either part. `ece` and `brier` are of the picks, `ece_aside`
    and `brier_aside` of rows drawn at random, all before their answers were learned: picks
    alone are a chosen few. `forgot` is how much worse the answers of the first half are ranked
    (AUC) at the end than when they were just learned. `settled` is the share of its uncertainty
    about the picks that is gone at the end, where it has labels by then. `silhouette` is how far
    keepers stand apart in the policy's embedding. `kinds_found` is how many of the pool's kinds
    of keepers (clusters of their words, the same for all policies) were met at least once,
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
    """A pool by its words, the same for all policies: `vectors` (n, d) of length one or zero, and
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


def simulation_metrics(
    episode: Episode, keeper: np.ndarray, geometry: PoolGeometry | None = None
) -> SimulationMetrics:
    """Measure an episode on a pool whose labels are `keeper` (n,)."""
    base_rate, labels = float(keeper.mean()), episode.keeper.astype(float)
    rate = float(labels.mean())
    early, late = episode.early_auc
    keepers = episode.rows[episode.keeper == 1]
    return SimulationMetrics(
        picks=len(labels),
        keepers=int(labels.sum()),
        base_rate=base_rate,
        rate=rate,
        lift=rate / base_rate,
        exploit_picks=int((~episode.explore).sum()),
        exploit_rate=_mean(labels[~episode.explore]),
        explore_picks=int(episode.explore.sum()),
        explore_rate=_mean(labels[episode.explore]),
        ece=_ece(episode.mean, episode.keeper),
        brier=_brier(episode.mean, episode.keeper),
        ece_aside=_ece(episode.aside_mean, episode.aside_keeper),
        brier_aside=_brier(episode.aside_mean, episode.aside_keeper),
        forgot=early - late if np.isfinite(early - late) else None,
        settled=_settled(*episode.uncertainty),
        silhouette=_silhouette(episode.embedding, keeper),
        kinds_found=len(set(geometry.kind[keepers]) - {-1}) if geometry else None,
        kinds=int(geometry.kind.max()) + 1 if geometry else 0,
        diversity=_diversity(geometry.vectors[keepers]) if geometry else None,
        seconds=round(episode.seconds, 3),
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


def _ece(predicted: np.ndarray, true: np.ndarray) -> float | None:
    known = np.isfinite(predicted)
    return calibration_error(predicted[known], true[known]) if known.any() else None


def _brier(predicted: np.ndarray, true: np.ndarray) -> float | None:
    known = np.isfinite(predicted)
    return float(np.mean((predicted[known] - true[known]) ** 2)) if known.any() else None


def _silhouette(embedding: np.ndarray | None, keeper: np.ndarray) -> float | None:
    """Mean silhouette of the keepers (Rousseeuw 1987), cosine distance."""
    if embedding is None or min(keeper.sum(), (1 - keeper).sum()) < _FEWEST_FOR_SHAPE:
        return None
    from sklearn.metrics import silhouette_samples

    return float(silhouette_samples(embedding, keeper, metric="cosine")[keeper == 1].mean())
