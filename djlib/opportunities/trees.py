"""Boosted trees over what a logistic regression cannot say: a tag with a word, a source only for
some topics. They see what the logistic said of a row when it was left out, and so whose taste it
was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from scipy import sparse

from .call_features import Points

_ROUNDS, _STEP, _LEAVES = 120, 0.05, 8
_MOST_COLUMNS = 3000
WITHOUT = (
    "calls are ranked without trees, which find more of some people's taste from 200 ratings on"
)
"""What is lost where LightGBM is missing."""
_LEAST_ROWS = 5
"""Rated calls that must say a term before trees may ask for it."""


@cache
def trees_missing() -> str:
    """Why LightGBM cannot be used, "" where it can; found out once."""
    try:
        import lightgbm  # noqa: F401
    except ImportError:
        return "LightGBM is not installed (pip install lightgbm)"
    except OSError as error:  # its wheels ask the system for OpenMP
        said = (str(error).splitlines() or [type(error).__name__])[0]
        return f"LightGBM cannot be loaded: {said} (Debian and Ubuntu: apt install libgomp1)"
    return ""


@dataclass(frozen=True)
class Trees:
    """LightGBM (Ke et al. 2017) as it is kept: `text` is its model, `columns` the terms it asks."""

    text: str
    columns: np.ndarray

    @classmethod
    def fit(
        cls,
        points: Points,
        said: np.ndarray,
        liked: np.ndarray,
        weight: np.ndarray,
        *,
        seed: int = 0,
    ) -> Trees:
        """Learn from rated points: what the logistic said of each (log-odds), how well each was
        liked and how much that counts, all (n,)."""
        import lightgbm

        often = np.bincount(points.words.indices, minlength=points.words.shape[1])
        columns = np.flatnonzero(often >= _LEAST_ROWS)
        if len(columns) > _MOST_COLUMNS:
            columns = np.sort(columns[np.argsort(-often[columns], kind="stable")[:_MOST_COLUMNS]])
        learned = lightgbm.train(
            {
                "objective": "cross_entropy", "learning_rate": _STEP, "num_leaves": _LEAVES,
                "min_data_in_leaf": _LEAST_ROWS, "lambda_l2": 1.0, "feature_fraction": 0.5,
                "seed": seed, "deterministic": True, "force_row_wise": True, "num_threads": 1,
                "verbosity": -1,
            },
            lightgbm.Dataset(_table(points, said, columns), liked, weight=weight),
            _ROUNDS,
        )  # fmt: skip
        return cls(learned.model_to_string(), columns)

    def log_odds(self, points: Points, said: np.ndarray) -> np.ndarray:
        """The log-odds of each point, (n,)."""
        table = _table(points, said, self.columns)
        return np.asarray(self._booster.predict(table, raw_score=True), dtype=float)

    def parts(self, points: Points, said: np.ndarray) -> sparse.csr_matrix:
        """What each column adds (SHAP; Lundberg et al. 2020), (n, columns + standing + 2): last the
        logistic's word and what a call gets of which nothing is known."""
        table = _table(points, said, self.columns)
        return sparse.csr_matrix(self._booster.predict(table, pred_contrib=True))

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)


def _table(points: Points, said: np.ndarray, columns: np.ndarray) -> sparse.csr_matrix:
    dense = np.column_stack([points.standing, said]).astype(np.float32)
    return sparse.hstack([points.words[:, columns], sparse.csr_matrix(dense)], format="csr")
