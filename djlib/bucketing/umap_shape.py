"""Principal components bent into a few dimensions by UMAP, for the heads that ask for it.

McInnes et al. 2018. New tracks are placed at the weighted mean of their nearest known tracks, as
UMAP itself starts to place them; so nothing but two arrays has to be kept.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from sklearn.neighbors import NearestNeighbors

from ..errors import DjlibError

_NEIGHBOURS = 10

_FEWEST = 15
"""Tracks UMAP looks at around each; fewer than that have no shape to keep."""


class UmapShape:
    """UMAP of principal components that places new tracks too. Needs the extra `umap`.

    Parameters
    ----------
    n_dimensions : int, dimensions to keep (default 10).
    seed : int or None, seed of the layout; None counts as 0 (default None).

    Attributes
    ----------
    known_ : (n, k) components of the tracks it was fitted on.
    places_ : (n, n_dimensions) where these lie; at most 15 tracks keep their first components.

    Examples
    --------
    >>> shape = UmapShape(n_dimensions=2)
    >>> components = np.random.default_rng(0).normal(size=(10, 5))
    >>> places = shape.fit_transform(components)  # doctest: +SKIP
    >>> shape.transform(components[:3]).shape  # doctest: +SKIP
    (3, 2)
    """

    def __init__(self, n_dimensions: int = 10, seed: int | None = None) -> None:
        self.n_dimensions = n_dimensions
        self.seed = seed

    def fit(self, components: np.ndarray) -> Self:
        """Learn where tracks (n, k) lie; give itself. Raises `DjlibError` without umap-learn."""
        try:
            from umap import UMAP
        except ImportError as error:
            raise DjlibError("reduce='umap' needs umap-learn: pip install 'djlib[umap]'") from error
        self.known_ = components
        self.places_ = components[:, : self.n_dimensions]
        if len(components) > _FEWEST:
            dimensions = min(self.n_dimensions, len(components) - 2)
            seed = 0 if self.seed is None else self.seed
            shape = UMAP(_FEWEST, n_components=dimensions, random_state=seed, n_jobs=1)
            self.places_ = np.asarray(shape.fit_transform(components), dtype=np.float32)
        return self

    def fit_transform(self, components: np.ndarray) -> np.ndarray:
        """Learn where tracks (n, k) lie; give their places (n, n_dimensions)."""
        return self.fit(components).places_

    def transform(self, components: np.ndarray) -> np.ndarray:
        """Place tracks (n, k) among the known ones, (n, n_dimensions)."""
        near = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(self.known_))).fit(self.known_)
        far, rows = near.kneighbors(components)
        weight = 1 / (far + 1e-6)
        weight /= weight.sum(axis=1, keepdims=True)
        return np.asarray((self.places_[rows] * weight[:, :, None]).sum(axis=1))
