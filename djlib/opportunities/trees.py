"""Boosted trees beside the logistic regression, and how the two are blended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import expit
from sklearn.model_selection import StratifiedKFold

from ..evaluation.calibration import Calibration
from .call_features import Points
from .hierarchical_logistic import HierarchicalLogistic

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
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return f"LightGBM cannot be loaded: {reason} (Debian and Ubuntu: apt install libgomp1)"
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
        logits: np.ndarray,
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
            lightgbm.Dataset(_table(points, logits, columns), liked, weight=weight),
            _ROUNDS,
        )  # fmt: skip
        return cls(learned.model_to_string(), columns)

    def log_odds(self, points: Points, logits: np.ndarray) -> np.ndarray:
        """The log-odds of each point, (n,)."""
        table = _table(points, logits, self.columns)
        return np.asarray(self._booster.predict(table, raw_score=True), dtype=float)

    def parts(self, points: Points, logits: np.ndarray) -> sparse.csr_matrix:
        """What each column adds (SHAP; Lundberg et al. 2020), (n, columns + standing + 2): last the
        logistic's word and what a call gets of which nothing is known."""
        table = _table(points, logits, self.columns)
        return sparse.csr_matrix(self._booster.predict(table, pred_contrib=True))

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)


def _table(points: Points, logits: np.ndarray, columns: np.ndarray) -> sparse.csr_matrix:
    dense = np.column_stack([points.standing, logits]).astype(np.float32)
    return sparse.hstack([points.words[:, columns], sparse.csr_matrix(dense)], format="csr")


ENOUGH_FOR_TREES = 200
"""Ratings of one person below which trees are not even tried: they would learn the noise."""
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_OWN = (0.3, 0.7, 0.95)
_FOLDS = 5
_FEWEST = 10
_FEWEST_OF_EITHER = 3
_FEWEST_TO_CALIBRATE = 30
"""With fewer the prior, which draws every probability to the middle, is the better guess."""
_WORTH_IT = 0.002
"""Log-loss that the trees, or another prior, must spare before they are worth their keep."""


@dataclass(frozen=True)
class Blend:
    """What cross-validation chose: the person's `own` share of the prior, the share of the log-odds
    that the trees have for each person who has any, the `calibration` of the result; `logits` (n,)
    are the logistic's log-odds of each rated row when it was left out, `losses` the log-loss of
    each choice; `lacking` is why trees were not tried although there were ratings enough."""

    own: float = 0.8
    trees: Mapping[str, float] = field(default_factory=dict)
    calibration: Calibration | None = None
    logits: np.ndarray | None = None
    losses: Mapping[str, float] = field(default_factory=dict)
    lacking: str = ""

    @classmethod
    def choose(
        cls,
        points: Points,
        users: Sequence[str],
        liked: np.ndarray,
        weight: np.ndarray,
        *,
        seed: int = 0,
    ) -> Blend:
        """Choose by the log-loss on rows left out; the plainer where the other gains nothing.
        `weight` (n,) is how much each rating counts."""
        likes = liked > 0.5
        if len(liked) < _FEWEST or min(likes.sum(), (~likes).sum()) < _FEWEST_OF_EITHER:
            return cls()
        folds = _folds(likes, seed)
        owns = _OWN if len(set(users)) > 1 else (cls.own,)
        by_own = {own: _cross_val_logits(points, users, liked, weight, folds, own) for own in owns}
        losses = {f"own {own}": _loss(logits, liked, weight) for own, logits in by_own.items()}
        own = min(owns, key=lambda o: losses[f"own {o}"])
        logits = by_own[own]
        both, trees = logits.copy(), {}
        enough = enough_for_trees(users, liked)
        lacking = trees_missing() if enough else ""
        for user, rows in () if lacking else enough.items():
            tree_logits = _cross_val_trees(
                points.take(rows), logits[rows], liked[rows], weight[rows], seed
            )
            mixed = {s: (1 - s) * logits[rows] + s * tree_logits for s in _SHARES}
            found = {s: _loss(m, liked[rows], weight[rows]) for s, m in mixed.items()}
            losses |= {f"trees {s} for {user}": loss for s, loss in found.items()}
            best = min(_SHARES, key=lambda s: found[s])
            if found[0.0] - found[best] >= _WORTH_IT:
                trees[user], both[rows] = best, mixed[best]
        calibration = None
        if len(liked) >= _FEWEST_TO_CALIBRATE:
            calibration = Calibration.fit(_column(expit(both)), _column(liked), is_multi=True)
        return cls(own, trees, calibration, logits, losses, lacking)

    def probabilities(self, log_odds: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of log-odds (n,)."""
        if self.calibration is None:
            return np.asarray(expit(log_odds), dtype=float)
        return self.calibration.apply(_column(expit(log_odds)))[:, 0]


def enough_for_trees(users: Sequence[str], liked: np.ndarray) -> dict[str, np.ndarray]:
    """The rows of each person who has rated enough for trees of their own."""
    names, likes = np.array(users, dtype=object), liked > 0.5
    found = {}
    for user in dict.fromkeys(users):
        rows = np.flatnonzero(names == user)
        fewest = min(likes[rows].sum(), (~likes[rows]).sum())
        if len(rows) >= ENOUGH_FOR_TREES and fewest >= _FEWEST:
            found[user] = rows
    return found


def _folds(likes: np.ndarray, seed: int) -> list[np.ndarray]:
    n = min(_FOLDS, int(likes.sum()), int((~likes).sum()))
    splitter = StratifiedKFold(n, shuffle=True, random_state=seed)
    return [test for _, test in splitter.split(np.zeros(len(likes)), likes)]


def _cross_val_logits(
    points: Points,
    users: Sequence[str],
    liked: np.ndarray,
    weight: np.ndarray,
    folds: list[np.ndarray],
    own: float,
) -> np.ndarray:
    logits, names = np.zeros(len(liked)), np.array(users, dtype=object)
    for test in folds:
        train = np.setdiff1d(np.arange(len(liked)), test)
        logistic = HierarchicalLogistic.fit(
            points.take(train), names[train].tolist(), liked[train], weight[train], own=own
        )
        logits[test] = logistic.log_odds(points.take(test), names[test].tolist())
    return logits


def _cross_val_trees(
    points: Points, logits: np.ndarray, liked: np.ndarray, weight: np.ndarray, seed: int
) -> np.ndarray:
    tree_logits = np.zeros(len(liked))
    for test in _folds(liked > 0.5, seed):
        train = np.setdiff1d(np.arange(len(liked)), test)
        some = points.take(train)
        trees = Trees.fit(some, logits[train], liked[train], weight[train], seed=seed)
        tree_logits[test] = trees.log_odds(points.take(test), logits[test])
    return tree_logits


def _loss(log_odds: np.ndarray, liked: np.ndarray, weight: np.ndarray) -> float:
    return float(np.average(np.logaddexp(0, log_odds) - liked * log_odds, weights=weight))


def _column(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=float)[:, None]
