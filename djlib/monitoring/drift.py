"""Whether what comes in since differs from what came before: numbers, names, vectors.

How far apart two samples are is measured so that their size does not matter: the population
stability index (0.1 is a shift, 0.25 a large one, as the credit trade uses it) less what as small
samples show by chance, Cramér's V, the distance of means in standard deviations. Whether that is
more than chance: Kolmogorov and Smirnov, chi-squared. Rows must be independent; tracks that come in
by days are compared by `djlib.bucketing.analysis.drift`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2, chi2_contingency, ks_2samp

from .finding import Finding, Kind

FEWEST = 50
"""Rows on either side without which nothing is compared."""
_BINS = 10
_SHIFT = 0.1
_NAMES = 20
_LEAST_EXPECTED = 5.0
_AXES = 8
_FAR = 0.2
"""A distance of means under this many standard deviations matters little (Cohen: small)."""


def number_drift(what: str, before: np.ndarray, since: np.ndarray, kind: Kind = "input") -> Finding:
    """Compare two samples of numbers, (n,) and (m,); NaN are left out.

    >>> rng = np.random.default_rng(0)
    >>> number_drift("price", rng.normal(0, 1, 500), rng.normal(1, 1, 500)).verdict
    'moved'
    >>> number_drift("price", rng.normal(0, 1, 500), rng.normal(0, 1, 500)).verdict
    'still'
    """
    was, now = (np.asarray(x, dtype=float) for x in (before, since))
    was, now = was[np.isfinite(was)], now[np.isfinite(now)]
    if min(len(was), len(now)) < FEWEST:
        return Finding(kind, what, len(was), len(now))
    edges = _edges(np.concatenate([was, now]))
    counts = [np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) for x in (was, now)]
    return Finding(
        kind,
        what,
        len(was),
        len(now),
        effect=stability(*counts),
        measure="PSI",
        matters=_SHIFT,
        p_value=float(ks_2samp(was, now, method="asymp").pvalue),
        words=f"median {np.median(was):.3g} before, {np.median(now):.3g} since",
    )


def name_drift(what: str, before: Sequence[str], since: Sequence[str]) -> Finding:
    """Compare two samples of names; those beyond the 20 commonest count together, and new ones
    count among them.

    >>> name_drift("genre", ["House"] * 60, ["House"] * 30 + ["Trance"] * 30).words
    'House 100 % before, 50 % since'
    """
    counted = Counter(before), Counter(since)
    if min(len(before), len(since)) < FEWEST:
        return Finding("input", what, len(before), len(since))
    common = [name for name, _ in (counted[0] + counted[1]).most_common(_NAMES)]
    table = np.array([[c[name] for name in common] for c in counted], dtype=float)
    rest = np.array([len(before), len(since)]) - table.sum(axis=1)
    table = np.column_stack([table, rest]) if rest.any() else table
    shares = table / table.sum(axis=1, keepdims=True)
    most = int(np.abs(shares[1] - shares[0]).argmax())
    name = common[most] if most < len(common) else "others"
    told = f"{name} {100 * shares[0, most]:.0f} % before, {100 * shares[1, most]:.0f} % since"
    return Finding(
        "input",
        what,
        len(before),
        len(since),
        effect=stability(table[0], table[1]),
        measure="PSI",
        matters=_SHIFT,
        p_value=_same_mix(table),
        words=told,
    )


def vector_drift(what: str, before: np.ndarray, since: np.ndarray) -> Finding:
    """Compare two samples of vectors, (n, d) and (m, d), along the axes that both spread most on.

    The distance is that of the means in standard deviations (Mahalanobis), less what chance gives;
    chance is Hotelling's test, in its form for many rows.

    >>> rng = np.random.default_rng(0)
    >>> far = rng.normal(0.5, 1, (300, 40))
    >>> vector_drift("sentences", rng.normal(0, 1, (300, 40)), far).verdict
    'moved'
    """
    n, m = len(before), len(since)
    if min(n, m) < FEWEST:
        return Finding("embedding", what, n, m)
    everything = np.vstack([before, since]).astype(float)
    middle = everything - everything.mean(axis=0)
    _, spread, axes = np.linalg.svd(middle, full_matrices=False)
    kept = axes[:_AXES][spread[:_AXES] > 1e-9 * max(spread[0], 1e-12)]
    if not len(kept):
        return Finding("embedding", what, n, m, 0.0, "distance", _FAR, 1.0)
    was, now = middle[:n] @ kept.T, middle[n:] @ kept.T
    gap = now.mean(axis=0) - was.mean(axis=0)
    parts = [np.cov(x, rowvar=False).reshape(len(kept), len(kept)) / len(x) for x in (was, now)]
    statistic = float(gap @ np.linalg.pinv(parts[0] + parts[1]) @ gap)
    by_chance = len(kept) * (1 / n + 1 / m)
    pooled = (parts[0] * n + parts[1] * m) / 2
    distance = float(gap @ np.linalg.pinv(pooled) @ gap)
    return Finding(
        "embedding",
        what,
        n,
        m,
        effect=round(float(np.sqrt(max(distance - by_chance, 0.0))), 4),
        measure="distance",
        matters=_FAR,
        p_value=float(chi2.sf(statistic / (1 + len(kept) / (n + m - 2)), len(kept))),
        words=f"{np.sqrt(distance):.2f} standard deviations apart",
    )


def stability(before: np.ndarray, since: np.ndarray) -> float:
    """Population stability index of counts (k,) less its mean where nothing moved, which is
    (k - 1)(1/n + 1/m): without that, small samples always look shifted.

    >>> stability(np.array([50, 50]), np.array([50, 50])), stability(np.array([50, 50]),
    ...     np.array([80, 20]))
    (0.0, 0.3863)
    """
    p, q = ((c + 0.5) / (c + 0.5).sum() for c in (before, since))
    index = float(((q - p) * np.log(q / p)).sum())
    by_chance = (len(before) - 1) * (1 / before.sum() + 1 / since.sum())
    return round(max(index - float(by_chance), 0.0), 4)


def _edges(values: np.ndarray) -> np.ndarray:
    """Where about equally large bins part; between the two values where there are only two."""
    ends = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)))
    return ends[1:-1] if len(ends) > 2 else ends[:1]


def _same_mix(table: np.ndarray) -> float:
    """P-value of chi-squared on counts (2, k); columns too rare for it count together."""
    share = table.sum(axis=1, keepdims=True) / table.sum()
    is_rare = (table.sum(axis=0) * share).min(axis=0) < _LEAST_EXPECTED
    common = table[:, ~is_rare]
    rare = table[:, is_rare].sum(axis=1, keepdims=True)
    joined = np.hstack([common, rare]) if rare.any() else common
    if joined.shape[1] < 2:
        return 1.0
    return float(chi2_contingency(joined, correction=False).pvalue)
