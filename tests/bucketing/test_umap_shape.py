"""Components bent into few dimensions: known tracks keep their places, new ones lie between."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from djlib.bucketing.umap_shape import UmapShape

KNOWN = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)


class Doubled:
    """Stands for UMAP: the first components, doubled."""

    def __init__(self, n_neighbors: int, *, n_components: int, **settings: Any) -> None:
        assert n_neighbors < 40
        assert settings["random_state"] == 7
        self.n_components = n_components

    def fit_transform(self, components: np.ndarray) -> np.ndarray:
        return 2 * components[:, : self.n_components]


@pytest.fixture(autouse=True)
def _umap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Doubled))


def test_known_tracks_are_found_where_they_were_put() -> None:
    shape = UmapShape(3, seed=7)
    places = shape.fit_transform(KNOWN)
    assert places.shape == (40, 3)
    np.testing.assert_allclose(shape.transform(KNOWN), places, atol=1e-4)


def test_new_tracks_lie_among_their_neighbours() -> None:
    shape = UmapShape(3, seed=7)
    shape.fit_transform(KNOWN)
    between = shape.transform((KNOWN[:1] + KNOWN[1:2]) / 2)
    assert (between <= 2 * KNOWN[:, :3].max(axis=0)).all()
    assert (between >= 2 * KNOWN[:, :3].min(axis=0)).all()
    assert np.isfinite(between).all()


@pytest.mark.parametrize("n", [1, 2, 15])
def test_few_tracks_stay_as_they_are(n: int) -> None:
    shape = UmapShape(3, seed=7)
    np.testing.assert_array_equal(shape.fit_transform(KNOWN[:n]), KNOWN[:n, :3])
    assert shape.transform(KNOWN).shape == (40, 3)
