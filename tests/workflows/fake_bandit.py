"""A keepers model that learns at once: it counts what was kept by label. Same doors as the real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest

from djlib.workflows.keepers import models as keeper_models


class CountingBandit:
    """Likes the labels that were kept."""

    def __init__(self, **settings: Any) -> None:
        self.mode = settings.get("mode", "strong")
        self.engine = settings.get("engine", "torch")
        self.labelled_ = pd.DataFrame({"listing_id": [], "label": [], "keeper": []})
        self.batch_number_ = 0
        self.n_fits, self.n_updates = 0, 0

    def set_params(self, **_: Any) -> Self:
        return self

    def fit(self, X: pd.DataFrame) -> Self:
        self.n_fits += 1
        self.batch_number_ = 0
        self.labelled_ = X.copy()
        return self

    def update(self, X: pd.DataFrame) -> Self:
        self.n_updates += 1
        self.batch_number_ += 1
        self.labelled_ = pd.concat([self.labelled_, X], ignore_index=True)
        return self

    def look_at(self, pool: pd.DataFrame) -> CountingBandit:
        return self

    def encode(self, X: pd.DataFrame, progress: object = None) -> pd.DataFrame:
        return X

    def moments(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        seen = self.labelled_
        label = X["label"] if "label" in X else pd.Series("", index=X.index)
        if not len(seen) or "label" not in seen:
            return np.full(len(X), 0.5), np.full(len(X), 0.5)
        by_label = seen.groupby("label")["keeper"].agg(["sum", "count"])
        kept, n = (label.map(by_label[c]).fillna(0).to_numpy() for c in ("sum", "count"))
        return (kept + 0.5) / (n + 1), 1 / np.sqrt(n + 1)

    def embed(self, X: pd.DataFrame) -> np.ndarray:
        codes = pd.util.hash_pandas_object(X.get("label", X["listing_id"]), index=False).to_numpy()
        points = np.stack([np.random.default_rng(int(c)).normal(size=64) for c in codes])
        return points / np.linalg.norm(points, axis=1, keepdims=True)

    def nearest(self, X: pd.DataFrame, n: int = 10) -> Any:
        return None

    def explain(self, X: pd.DataFrame) -> list[str]:
        return ["its label"] * len(X)

    def select(self, pool: pd.DataFrame, k: int = 20) -> pd.DataFrame:
        mean, std = self.moments(pool)
        k = min(k, len(pool))
        rate = max(0.2, 0.6 * 0.95**self.batch_number_)
        n_explore = round(rate * k)
        best = np.argsort(-(mean - std), kind="stable")[: k - n_explore]
        rest = np.setdiff1d(np.argsort(-std, kind="stable"), best, assume_unique=True)[:n_explore]
        places = np.concatenate([best, rest]).astype(int)
        strategies = ["exploit"] * len(best) + ["explore"] * len(rest)
        return pd.DataFrame(
            {
                "listing_id": pool["listing_id"].to_numpy()[places],
                "selection_strategy": strategies,
                "mean": mean[places],
                "uncertainty_at_selection": std[places],
                "propensity": 0.5,
                "reason": "its label",
                "batch_number": self.batch_number_,
                "exploration_rate": rate,
            }
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        about = {"mode": self.mode, "engine": self.engine, "batch": self.batch_number_}
        rows = self.labelled_.astype(object).where(self.labelled_.notna(), None)
        about |= {"rows": rows.to_dict("records"), "fits": self.n_fits, "updates": self.n_updates}
        (folder / "bandit.json").write_text(json.dumps(about))

    @classmethod
    def load(cls, folder: Path) -> CountingBandit:
        about = json.loads((folder / "bandit.json").read_text())
        model = cls(mode=about["mode"], engine=about["engine"])
        model.labelled_ = pd.DataFrame(
            about["rows"], columns=None if about["rows"] else ["listing_id", "label", "keeper"]
        )
        model.batch_number_ = about["batch"]
        model.n_fits, model.n_updates = about["fits"], about["updates"]
        return model


def use_counting_bandit(patch: pytest.MonkeyPatch) -> None:
    """Let the jobs make and load this model."""
    patch.setattr(keeper_models, "_load", CountingBandit.load)
    patch.setattr(
        keeper_models,
        "new_bandit",
        lambda settings: CountingBandit(**vars(settings.keepers)),
    )
