"""Points of many dimensions laid out on a plane: PCA, t-SNE or UMAP, always the same way."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..errors import UsageError

Layout = Literal["pca", "tsne", "umap"]

_MOST_FOR_TSNE = 20_000


def project(points: np.ndarray, how: Layout = "pca", *, seed: int = 0) -> np.ndarray:
    """Lay (n, d) points out as (n, 2), scaled to -1..1.

    Raises `UsageError` for t-SNE of more than 20,000 points, which takes hours, and for UMAP where
    it is not installed.

    >>> project(np.eye(5, 8)).shape
    (5, 2)
    """
    points = np.asarray(points, dtype=float)
    if how == "tsne" and len(points) > _MOST_FOR_TSNE:
        raise UsageError(
            f"t-SNE lays out at most {_MOST_FOR_TSNE:,} points, not {len(points):,}; take pca"
        )
    if len(points) < 5 or how == "pca":
        flat = _pca(points)
    elif how == "tsne":
        flat = _tsne(points, seed)
    else:
        flat = _umap(points, seed)
    flat = flat - flat.mean(axis=0)
    return np.asarray(flat / max(np.abs(flat).max(initial=0.0), 1e-12))


def _pca(points: np.ndarray) -> np.ndarray:
    """The two directions of most spread; signs fixed, so that a map is never mirrored."""
    centred = points - points.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    axes = directions[:, ::-1][:, :2]
    largest = axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])]
    flat = centred @ (axes * np.where(largest < 0, -1, 1))
    return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def _tsne(points: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(points) - 1) / 3)
    found = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(points)
    return np.asarray(found, dtype=float)


def _umap(points: np.ndarray, seed: int) -> np.ndarray:
    try:
        import umap
    except ImportError as error:
        raise UsageError("umap is not installed: pip install umap-learn, or take pca") from error
    neighbours = min(15, len(points) - 1)
    reducer = umap.UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1)
    return np.asarray(reducer.fit_transform(points), dtype=float)
