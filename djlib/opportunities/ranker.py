"""The ranker: learns from ratings which calls a person would want to see, and says why."""

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
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.utils.validation import check_is_fitted

from ..errors import InputError, ModelError
from ..evaluation.calibration import Calibration
from ..tables.atomic import replace_file, write_json
from ..tables.cells import text_of
from .call_features import BLOCKS, STARTS, WIDTH, CallFeatures, Points, terms
from .hierarchical_logistic import HierarchicalLogistic
from .history import COLUMNS
from .trees import Blend, Trees, enough_for_trees, trees_missing

PARTS = (*BLOCKS, "meaning", *COLUMNS, "patterns", "base")
"""Columns of `contributions`. "patterns" is what trees make of all that together, "base"
what a call gets of which nothing is known."""
_SHOWN = 3
_LEAST = 0.05
"""Log-odds under which a part is no reason."""
_OPENED = ("how often it was opened", "how often its source was opened")
_SHORTLIST = 5000
_SETTINGS, _ARRAYS, _TREES = "ranker.json", "ranker.npz", "trees-{}.txt"


class OpportunityRanker(BaseEstimator):
    """Ranks calls for a person: a logistic regression, shared and their own; trees beside it from
    200 ratings on where those help on ratings left out.

    Parameters
    ----------
    random_state : int or None, seed of folds and trees (default None).
    engine : str, what embeds the texts, "torch", "onnx", "static" or "none" for nothing
        (default "torch").
    cache : str or None, folder of remembered sentence vectors; None takes the person's own
        (default None).

    Attributes
    ----------
    classes_ : array([0, 1]).
    blend_ : what cross-validation chose, `logistic_` and `trees_` what was learned.

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
        self.logistic_ = HierarchicalLogistic.fit(points, users, liked, weight, own=self.blend_.own)
        self.trees_ = self._fit_trees(points, users, liked, weight)
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
            return self._log_odds_of(points, users)
        names, made = np.array(users, dtype=object), np.zeros(len(points))
        for user in dict.fromkeys(users):
            rows = np.flatnonzero(names == user)
            made[rows] = self._log_odds_of(points.take(rows), user)
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
        log_odds = self.logistic_.of(user).evaluate(points)
        return np.sort(np.argpartition(-log_odds, _SHORTLIST - 1)[:_SHORTLIST])

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

        check_is_fitted(self)
        return reasons_of(self, X, self.encode(X), users_of(X))

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """What each part of a call adds to its log-odds; rows sum to them."""

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
                "users": list(self.logistic_.users),
                "n_meaning": self.logistic_.n_meaning,
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
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(f"{folder}: not a whole opportunities model ({reason})") from error

    @classmethod
    def _read(cls, folder: Path) -> Self:
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        ranker = cls(**settings["parameters"])
        calibration = settings["calibration"]
        ranker.blend_ = Blend(
            float(settings["own"]),
            {str(user): float(share) for user, share in settings["trees"].items()},
            Calibration.from_dict(calibration) if calibration else None,
            None,
            dict(settings["losses"]),
        )
        with open(folder / _ARRAYS, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            learned = {name: arrays[name] for name in arrays.files}
        ranker.features_ = CallFeatures(ranker.engine, ranker.cache).restore(learned)
        ranker.logistic_ = HierarchicalLogistic.restore(
            settings["users"], int(settings["n_meaning"]), ranker.blend_.own, WIDTH, learned
        )
        ranker.trees_ = {
            user: Trees(
                (folder / _TREES.format(number)).read_text(encoding="utf-8"),
                learned[f"tree_columns_{number}"],
            )
            for number, user in enumerate(ranker.blend_.trees)
        }
        ranker.n_ratings_ = int(settings["n_ratings"])
        ranker.classes_ = np.array([0, 1])
        return ranker

    def _log_odds_of(self, points: Points, user: str) -> np.ndarray:
        log_odds, trees = self.logistic_.of(user).evaluate(points), self.trees_of(user)
        if trees is None:
            return log_odds
        share = self.blend_.trees[user]
        return (1 - share) * log_odds + share * trees.log_odds(points, log_odds)

    def _fit_trees(
        self, points: Points, users: list[str], liked: np.ndarray, weight: np.ndarray
    ) -> dict[str, Trees]:
        """The trees of each person for whom they were found worth it."""
        log_odds, trees = self.blend_.logits, {}
        for user, rows in enough_for_trees(users, liked).items():
            if user in self.blend_.trees and log_odds is not None:
                trees[user] = Trees.fit(
                    points.take(rows), log_odds[rows], liked[rows], weight[rows],
                    seed=self.random_state or 0,
                )  # fmt: skip
        return trees

    def _learned(self) -> dict[str, Any]:
        columns = {f"tree_columns_{n}": t.columns for n, t in enumerate(self.trees_.values())}
        return {**self.logistic_.arrays(), **columns}


def users_of(X: pd.DataFrame) -> list[str]:
    """Who rates each row: `user_id`, "" where there is none."""
    return text_of(X, "user_id").tolist()


def _numbers(X: pd.DataFrame, name: str) -> np.ndarray:
    if name not in X:
        return np.zeros(len(X))
    return np.nan_to_num(X[name].to_numpy(dtype=float))


def contributions(ranker: OpportunityRanker, points: Points, users: Sequence[str]) -> pd.DataFrame:
    """What each part of a call adds to its log-odds, (n, PARTS); rows sum to them."""
    by_term, rest = _taken_apart(ranker, points, users)
    ends = (*STARTS[1:], WIDTH)
    blocks = [
        np.asarray(by_term[:, start:end].sum(axis=1)).ravel()
        for start, end in zip(STARTS, ends, strict=True)
    ]
    return pd.DataFrame(np.column_stack([*blocks, rest]), columns=list(PARTS))


def reasons_of(
    ranker: OpportunityRanker, calls: pd.DataFrame, points: Points, users: Sequence[str]
) -> list[list[str]]:
    """Reasons for each call, the weightiest first."""
    by_term, _ = _taken_apart(ranker, points, users)
    parts = contributions(ranker, points, users)
    found = {block: terms(calls, block) for block in BLOCKS}
    sources = text_of(calls, "source").tolist()
    explained = []
    for row, user in enumerate(users):
        # One row as a dictionary: looking terms up in a sparse row is slow.
        one = by_term[row].tocoo()
        weight = dict(zip(one.col.tolist(), one.data.tolist(), strict=True))
        leading = {block: _leading(found[block][row], weight) for block in BLOCKS}
        likers = "you liked" if user in ranker.logistic_.users else "others liked"
        order = parts.iloc[row].drop("base").sort_values(ascending=False)
        reasons = [
            _words(str(part), leading, sources[row], likers)
            for part, value in order.items()
            if value >= _LEAST
        ]
        explained.append(list(dict.fromkeys(filter(None, reasons))))
    return explained


def _words(part: str, leading: dict[str, list[str]], source: str, likers: str) -> str:
    """A part that speaks for a call, as a person reads it."""
    if part in ("words", "tags"):
        names = ", ".join(leading[part])
        what = "tagged" if part == "tags" else "it says"
        return f"{what} {names}, as calls {likers}" if names else ""
    if part == "source":
        return f"calls of {source} were among those {likers}" if source else ""
    if part == "meaning":
        return f"it is about what calls {likers} are about"
    if part == "how others liked it":
        return "others liked this call"
    if part == "how its source was liked":
        return f"calls of {source} are liked more than most" if source else ""
    if part in _OPENED:
        return "it is opened more than most" if part == _OPENED[0] else f"{source} is opened often"
    return "it was rated often" if part == "how often it was rated" else ""


def _leading(names: dict[str, int], weight: dict[int, float]) -> list[str]:
    """The terms that speak for a call most; a word that stands in a pair shown is not repeated, and
    "of the" is named only where nothing else speaks for it."""
    speak = [name for name in names if weight.get(names[name], 0.0) > 0]
    telling = [name for name in speak if not ENGLISH_STOP_WORDS.issuperset(name.split())]
    heavy = sorted(telling or speak, key=lambda name: -weight[names[name]])
    shown: list[str] = []
    for name in heavy:
        if len(shown) == _SHOWN:
            break
        if not any(name in other or other in name for other in shown):
            shown.append(name)
    return shown


def _taken_apart(
    ranker: OpportunityRanker, points: Points, users: Sequence[str]
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """What each term adds, (n, WIDTH) sparse, and meaning, standing, patterns, base."""
    found = [_of_one(ranker, points.take(np.array([r])), user) for r, user in enumerate(users)]
    if not found:
        return sparse.csr_matrix((0, WIDTH)), np.zeros((0, len(COLUMNS) + 3))
    return sparse.vstack([f[0] for f in found], format="csr"), np.stack([f[1] for f in found])


def _of_one(
    ranker: OpportunityRanker, point: Points, user: str
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """One call taken apart for one person."""
    function = ranker.logistic_.of(user)
    by_term = point.words.multiply(function.words[None, :]).tocsr()
    rest = np.zeros(len(COLUMNS) + 3)
    rest[0] = float(point.meaning[0] @ function.meaning) if point.meaning.shape[1] else 0.0
    rest[1:-2] = point.standing[0] * function.standing
    rest[-1] = function.bias
    trees = ranker.trees_of(user)
    if trees is None:
        return by_term, rest
    share = ranker.blend_.trees[user]
    by_column = trees.parts(point, function.evaluate(point)).toarray()[0] * share
    n = len(trees.columns)
    of_trees = sparse.csr_matrix(
        (by_column[:n], (np.zeros(n, dtype=int), trees.columns)), (1, WIDTH)
    )
    rest *= 1 - share
    rest[1:] += by_column[n:]
    return by_term * (1 - share) + of_trees, rest
