"""A third policy, to see that the bandit asks nothing of its policies beside their contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import pytest

from djlib.bandit.acquisition import ExplorationProfile, Picks
from djlib.bandit.bandit import POLICY_FACTORIES
from djlib.bandit.policy import EncodedPool, Policy

MODES = ["strong", "faithful", "uniform"]


class UniformPolicy(Policy):
    """Picks any rows; every listing is kept at the base rate."""

    def fit(self, listings: pd.DataFrame, keeper: np.ndarray) -> Self:
        self.rate_ = (keeper.sum() + 1) / (len(keeper) + 2)
        return self

    def update(self, listings: pd.DataFrame, keeper: np.ndarray, is_new: np.ndarray) -> Self:
        return self.fit(listings, keeper)

    def encode(
        self, listings: pd.DataFrame, progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        return np.zeros((len(listings), 1))

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(points), self.rate_), np.zeros(len(points))

    def select(
        self,
        pool: EncodedPool,
        k: int,
        *,
        profile: ExplorationProfile,
        batch_number: int,
        rng: np.random.Generator,
    ) -> Picks:
        rows = rng.permutation(len(pool))[:k]
        return Picks(rows, ["uniform"] * len(rows), np.full(len(rows), len(rows) / len(pool)), 1.0)

    def explain(
        self, listings: pd.DataFrame, points: np.ndarray, strategies: Sequence[str]
    ) -> list[list[str]]:
        return [["picked at random"] for _ in strategies]

    def embed(self, listings: pd.DataFrame) -> np.ndarray:
        return np.eye(1, 64).repeat(len(listings), axis=0)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def load(cls, folder: Path, labelled: pd.DataFrame) -> Self:
        return cls().fit(labelled, labelled["keeper"].to_numpy(dtype=int))


def register_uniform(patch: pytest.MonkeyPatch) -> None:
    """Let `ContrastiveBandit(mode="uniform")` use it."""
    patch.setitem(POLICY_FACTORIES, "uniform", lambda _: UniformPolicy())
