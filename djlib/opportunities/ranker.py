"""The ranker: learns from ratings which calls a person would want to see."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..errors import InputError, ModelError
from ..evaluation.calibration import Calibration
from ..tables.atomic import replace_file, write_json
from ..tables.cell_text import text_of
from .blending import Blend, enough_for_trees
from .call_features import CallFeatures, Points
from .call_words import WIDTH
from .history import COLUMNS
from .taste import Taste
from .trees import Trees, trees_missing

_SHORTLIST = 5000
_SETTINGS, _ARRAYS, _TREES = "ranker.json", "ranker.npz", "trees-{}.txt"


class OpportunityRanker(BaseEstimator):
    """Ranks calls for a person: a logistic regression, shared and their own; trees beside it from
    200 ratings on where those help on ratings left out.

    Parameters
    ----------
    random_state : seed of folds and trees.
    engine : what reads the texts ("none": nobody does).
    cache : folder of remembered sentence vectors; None takes the person's own.

    Attributes
    ----------
    classes_ : array([0, 1]).
    blend_ : what cross-validation chose, `taste_` and `trees_` what was learned.

    Examples
    --------
    >>> calls = pd.DataFrame({"title": ["Dub residency", "Film grant", "Dub night", "Film prize"]})
    >>> ranker = OpportunityRanker(engine="none", random_state=0).fit(calls.iloc[:2], [1, 0])
    >>> chance = ranker.predict_proba(calls)[:, 1]
    >>> bool(chance[2] > chance[3])
    True
    """

    def __init__(
        self, random_state: int | None = None, engine: str = "torch", cache: str | None = None
    ) -> None:
        self.random_state = random_state
        self.engine = engine
        self.cache = cache

    def fit(
        self,
        X: pd.DataFrame,
        y: object,
        *,
        sample_weight: np.ndarray | None = None,
        pool: pd.DataFrame | None = None,
        counts: tuple[sparse.csr_matrix, sparse.csr_matrix] | None = None,
    ) -> Self:
        """Learn from rated calls.

        `X` holds calls with `user_id` (one person where it is missing) and, where known, how each
        stood when it was rated (the columns `history.COLUMNS`); `y` how well each was liked, 0 to
        1, `sample_weight` how much that counts. `pool` are all calls, which tell how rare words
        are; `counts` those of `X` and `pool` where they are known already. Raises `InputError`
        where nothing is rated.
        """
        liked = np.asarray(y, dtype=float)
        if not len(liked) or len(liked) != len(X):
            raise InputError(f"{len(X)} calls with {len(liked)} ratings: nothing to learn from")
        if not ((liked >= 0) & (liked <= 1)).all():
            raise InputError("a rating is a number from 0 (not liked) to 1 (liked)")
        seed = self.random_state or 0
        of_rated, of_pool = counts or (None, None)
        self.classes_ = np.array([0, 1])
        self.features_ = CallFeatures(self.engine, self.cache)
        self.features_.fit(X if pool is None else pool, of_pool if pool is not None else of_rated)
        points = self.encode(X, of_rated)
        users = users_of(X)
        weight = np.ones(len(liked)) if sample_weight is None else np.asarray(sample_weight)
        self.blend_ = Blend.choose(points, users, liked, weight, seed=seed)
        self.taste_ = Taste.fit(points, users, liked, weight, own=self.blend_.own)
        self.trees_ = self._grown(points, users, liked, weight)
        self.n_ratings_ = len(liked)
        return self

    def encode(self, X: pd.DataFrame, counts: sparse.csr_matrix | None = None) -> Points:
        """Read calls once, to rank them many times."""
        standing = np.column_stack([_numbers(X, name) for name in COLUMNS])
        return self.features_.encode(X, counts, standing)

    def log_odds(self, points: Points, users: str | Sequence[str]) -> np.ndarray:
        """The log-odds that each call is liked, (n,), by one person or the person of its row."""
        check_is_fitted(self)
        if isinstance(users, str):
            return self._of_one(points, users)
        names, made = np.array(users, dtype=object), np.zeros(len(points))
        for user in dict.fromkeys(users):
            rows = np.flatnonzero(names == user)
            made[rows] = self._of_one(points.take(rows), user)
        return made

    def trees_of(self, user: str) -> Trees | None:
        """A person's trees; None where there are none, or LightGBM is missing: the logistic
        regression then ranks alone."""
        trees = self.trees_.get(user)
        return None if trees is None or trees_missing() else trees

    def shortlist(self, points: Points, user: str) -> np.ndarray:
        """The rows worth a full look, in order: all, or the first thousands by the logistic alone,
        which takes a hundredth of the time of the trees."""
        if len(points) <= _SHORTLIST or self.trees_of(user) is None:
            return np.arange(len(points))
        said = self.taste_.of(user).along(points)
        return np.sort(np.argpartition(-said, _SHORTLIST - 1)[:_SHORTLIST])

    def probabilities(self, points: Points, users: str | Sequence[str]) -> np.ndarray:
        """How likely each call is liked, (n,)."""
        return self.blend_.probabilities(self.log_odds(points, users))

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of not liking and liking, (n, 2); by nobody known without `user_id`."""
        check_is_fitted(self)
        chance = self.probabilities(self.encode(X), users_of(X))
        return np.column_stack([1 - chance, chance])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """1 where a call is more likely liked than not, (n,)."""
        return (self.predict_proba(X)[:, 1] > 0.5).astype(int)

    def explain(self, X: pd.DataFrame) -> list[list[str]]:
        """Why each call would be liked or not, the weightiest reason first."""
        from .reasons import reasons_of

        check_is_fitted(self)
        return reasons_of(self, X, self.encode(X), users_of(X))

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """What each part of a call adds to its log-odds; rows sum to them."""
        from .reasons import contributions

        check_is_fitted(self)
        return contributions(self, self.encode(X), users_of(X))

    def save(self, folder: str | Path) -> None:
        """Write the ranker into `folder` by parts, none of them a pickle."""
        check_is_fitted(self)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with replace_file(folder / _ARRAYS) as handle:
            np.savez_compressed(handle, **self.features_.arrays(), **self._learned())  # type: ignore[arg-type]
        for number, trees in enumerate(self.trees_.values()):
            with replace_file(folder / _TREES.format(number), "w") as text:
                text.write(trees.text)
        calibration = self.blend_.calibration
        write_json(
            folder / _SETTINGS,
            {
                "parameters": {"random_state": self.random_state, "engine": self.engine},
                "users": list(self.taste_.users),
                "n_meaning": self.taste_.n_meaning,
                "own": self.blend_.own,
                "trees": dict(self.blend_.trees),
                "losses": dict(self.blend_.losses),
                "calibration": calibration.as_dict() if calibration else None,
                "n_ratings": self.n_ratings_,
            },
        )

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read back what `save` wrote; raises `ModelError` where it is damaged."""
        folder = Path(folder)
        try:
            return cls._read(folder)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(f"{folder}: not a whole opportunities model ({said})") from error

    @classmethod
    def _read(cls, folder: Path) -> Self:
        said = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        ranker = cls(**said["parameters"])
        calibration = said["calibration"]
        ranker.blend_ = Blend(
            float(said["own"]),
            {str(user): float(share) for user, share in said["trees"].items()},
            Calibration.from_dict(calibration) if calibration else None,
            None,
            dict(said["losses"]),
        )
        with open(folder / _ARRAYS, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
        ranker.features_ = CallFeatures(ranker.engine, ranker.cache).restore(kept)
        ranker.taste_ = Taste.restore(
            said["users"], int(said["n_meaning"]), ranker.blend_.own, WIDTH, kept
        )
        ranker.trees_ = {
            user: Trees(
                (folder / _TREES.format(number)).read_text(encoding="utf-8"),
                kept[f"tree_columns_{number}"],
            )
            for number, user in enumerate(ranker.blend_.trees)
        }
        ranker.n_ratings_ = int(said["n_ratings"])
        ranker.classes_ = np.array([0, 1])
        return ranker

    def _of_one(self, points: Points, user: str) -> np.ndarray:
        said, trees = self.taste_.of(user).along(points), self.trees_of(user)
        if trees is None:
            return said
        share = self.blend_.trees[user]
        return (1 - share) * said + share * trees.log_odds(points, said)

    def _grown(
        self, points: Points, users: list[str], liked: np.ndarray, weight: np.ndarray
    ) -> dict[str, Trees]:
        """The trees of each person for whom they were found worth it."""
        said, made = self.blend_.said, {}
        for user, rows in enough_for_trees(users, liked).items():
            if user in self.blend_.trees and said is not None:
                made[user] = Trees.fit(
                    points.take(rows), said[rows], liked[rows], weight[rows],
                    seed=self.random_state or 0,
                )  # fmt: skip
        return made

    def _learned(self) -> dict[str, Any]:
        columns = {f"tree_columns_{n}": t.columns for n, t in enumerate(self.trees_.values())}
        return {**self.taste_.arrays(), **columns}


def users_of(X: pd.DataFrame) -> list[str]:
    """Who rates each row: `user_id`, "" where there is none."""
    return text_of(X, "user_id").tolist()


def _numbers(X: pd.DataFrame, name: str) -> np.ndarray:
    if name not in X:
        return np.zeros(len(X))
    return np.nan_to_num(X[name].to_numpy(dtype=float))
