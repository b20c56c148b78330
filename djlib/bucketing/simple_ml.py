"""The first bucket model: a random forest on tempo, key and genre, calibrated out of bag."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from zipfile import ZIP_DEFLATED

import numpy as np
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.utils.validation import check_is_fitted

from ..features.columns import FIELDS, TabularFeatures
from ..tables.atomic import write_json
from ..tables.io import read_table, write_table
from .base import BucketAssigner

if TYPE_CHECKING:
    import pandas as pd

    from .labels import Labels


class ForestPaths:
    """What each field adds to a forest's votes; built once for a forest, asked many times.

    `field_of` (columns,) is the number of the field behind each column of the matrix the forest
    learned from; `is_multi` whether the forest answers one yes/no question a bucket.

    >>> x = np.array([[0.0, 5.0], [1.0, 5.0]] * 10)
    >>> forest = RandomForestClassifier(5, random_state=0).fit(x, [0, 1] * 10)
    >>> paths = ForestPaths(forest, np.array([0, 1]), n_fields=2, is_multi=False)
    >>> base, parts = paths.of(forest.apply(x[:1]), np.array([0]))
    >>> bool(parts[0, 0] > 0.3), float(parts[0, 1])
    (True, 0.0)
    """

    def __init__(
        self, forest: RandomForestClassifier, field_of: np.ndarray, *, n_fields: int, is_multi: bool
    ) -> None:
        self._field_of = field_of
        self._n_fields = n_fields
        self._is_multi = is_multi
        self._trees = [self._by_node(tree.tree_) for tree in forest.estimators_]

    def of(self, leaves: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For bucket `column` (n,) of tracks that fell into `leaves` (n, trees): the base vote
        (n,) and what each field added, (n, fields)."""
        parts = np.zeros((len(leaves), self._n_fields))
        base = np.zeros(len(leaves))
        for t, (root, added) in enumerate(self._trees):
            parts += added[leaves[:, t], column]
            base += root[column]
        return base / len(self._trees), parts / len(self._trees)

    def _by_node(self, tree: Any) -> tuple[np.ndarray, np.ndarray]:
        """The root's votes (buckets,) and what was added on the way to each node,
        (nodes, buckets, fields)."""
        votes = self._votes_at_nodes(tree)
        added = np.zeros((*votes.shape, self._n_fields), dtype=np.float32)
        parents = np.flatnonzero(tree.children_left >= 0)
        level = np.array([0])
        while len(level := level[np.isin(level, parents)]):
            field = self._field_of[tree.feature[level]]
            below = []
            for child in (tree.children_left[level], tree.children_right[level]):
                added[child] = added[level]
                added[child, :, field] += votes[child] - votes[level]
                below.append(child)
            level = np.concatenate(below)
        return votes[0], added

    def _votes_at_nodes(self, tree: Any) -> np.ndarray:
        """The share of training tracks of each bucket at each node, (nodes, buckets)."""
        shares = tree.value / tree.value.sum(axis=2, keepdims=True)
        return np.asarray(shares[:, :, 1] if self._is_multi else shares[:, 0, :])


_SETTINGS, _PARTS, _LABELLED = "settings.json", "parts.skops", "labelled.parquet"
_TRUSTED = ["djlib.features.columns.TabularFeatures", "sklearn.tree._tree.Tree"]
_ROWS_AT_ONCE = 20_000
_FEW, _MANY = 500, 10_000


class SimpleMLBucketAssigner(BucketAssigner):
    """Assign buckets from BPM (whole and folded into one octave), key and genre tokens.

    Parameters
    ----------
    n_estimators : int, trees of the forest (default 200).
    min_samples_leaf : int or None, tracks a leaf keeps at least; None is 2 below 500 tracks, 4 up
        to 10,000, chosen over several real libraries for accuracy, log-loss and calibration error,
        and 8 beyond, where smaller leaves double the stored model for half a point of accuracy
        (default None).
    random_state : int or None, seed; the same seed, tracks and labels give the same model
        (default None).
    n_jobs : int or None, processor cores, -1 for all; None is one (default None).

    Attributes
    ----------
    features_ : TabularFeatures, the fitted features.
    forest_ : RandomForestClassifier, the fitted forest.
    See `BucketAssigner` for the rest.

    Examples
    --------
    >>> import pandas as pd
    >>> tracks = pd.DataFrame({"bpm": [122, 124, 174, 172] * 5, "genres": ["House", "", "DnB", ""] * 5})
    >>> model = SimpleMLBucketAssigner(random_state=0).fit(tracks, ["Warm", "Warm", "Late", "Late"] * 5)
    >>> str(model.predict({"bpm": 123, "genres": "house"}))
    'Warm'
    >>> model.predict_proba(tracks).shape
    (20, 2)
    """  # noqa: E501

    fields: ClassVar[tuple[str, ...]] = FIELDS

    def __init__(
        self,
        n_estimators: int = 200,
        min_samples_leaf: int | None = None,
        random_state: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.random_state = random_state
        self.n_jobs = n_jobs

    def save(self, folder: str | Path) -> None:
        """Write the model into `folder` by parts: settings as JSON, the forest by skops, the
        labelled tracks as Parquet. Nothing in it is a pickle."""
        check_is_fitted(self)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / _SETTINGS, self._settings())
        parts = {"features": self.features_, "forest": self.forest_}
        skops.io.dump(parts, folder / _PARTS, compression=ZIP_DEFLATED, compresslevel=1)
        write_table(self.labelled_, folder / _LABELLED)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read back what `save` wrote. Only known types are built; nothing is unpickled."""
        folder = Path(folder)
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        parts = skops.io.load(folder / _PARTS, trusted=_TRUSTED)
        model = cls._from_settings(settings)
        model.features_, model.forest_ = parts["features"], parts["forest"]
        model.labelled_ = read_table(folder / _LABELLED, schema="tracks", duplicates="keep")
        return model

    def leaves(self, X: pd.DataFrame) -> np.ndarray:
        """Which leaf of each tree a track falls into, shape (n, n_estimators)."""
        if not len(X):
            return np.zeros((0, self.n_estimators), dtype=int)
        return np.asarray(self.forest_.apply(self.features_.transform(X)))

    def contributions(self, X: pd.DataFrame, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the forest's votes apart by field, exactly; see `ForestPaths`."""
        if getattr(self, "_paths", (None,))[0] is not self.forest_:  # built once a fitted forest
            place = {field: i for i, field in enumerate(self.fields)}
            field_of = np.array([place[f] for f in self.features_.fields_])
            paths = ForestPaths(
                self.forest_, field_of, n_fields=len(self.fields), is_multi=self.is_multi_
            )
            self._paths = (self.forest_, paths)
        return self._paths[1].of(self.leaves(X), column)

    def nearest(self, X: pd.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the labelled tracks that share a leaf with each track in most trees (Breiman
        2001); the similarity is the share of trees."""
        known = self.leaves(self.labelled_).astype(np.int32)
        alike = np.array(
            [(known == leaves).mean(axis=1) for leaves in self.leaves(X).astype(np.int32)]
        ).reshape(len(X), len(known))
        rows = np.argsort(-alike, axis=1, kind="stable")[:, :n]
        return rows, np.take_along_axis(alike, rows, axis=1)

    def _fit_votes(self, X: pd.DataFrame, labels: Labels) -> np.ndarray:
        self.features_ = TabularFeatures(min_tracks=3).fit(X)
        self.forest_ = RandomForestClassifier(
            self.n_estimators,
            min_samples_leaf=self.min_samples_leaf or _leaf_for(len(X)),
            oob_score=True,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        )
        matrix = self.features_.transform(X)
        target, weights = labels.truth.argmax(axis=1), None
        if labels.is_multi:
            matrix, target, weights = _with_outsider(matrix, labels.truth)
        # Few trees: rows that no tree left out come back as NaN, which need not be said. What the
        # filter lets through is kept: the forest's threads reset filters, each for a moment.
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("ignore")
            self.forest_.fit(matrix, target, sample_weight=weights)
        return self._take_out_of_bag(len(X))

    def _take_out_of_bag(self, n: int) -> np.ndarray:
        """The out-of-bag votes of the `n` tracks, which the forest then need not carry with it."""
        votes = np.nan_to_num(self.forest_.oob_decision_function_)[:n]
        del self.forest_.oob_decision_function_
        never_out = votes.reshape(n, -1).sum(axis=1) == 0
        if votes.ndim == 3:  # (tracks, no or yes, buckets)
            votes = votes[:, 1]
        votes[never_out] = np.nan
        return np.asarray(votes)

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        parts = [
            self._votes_of(X.iloc[start : start + _ROWS_AT_ONCE])
            for start in range(0, len(X), _ROWS_AT_ONCE)
        ]
        return np.vstack(parts) if parts else np.zeros((0, len(self.classes_)))

    def _votes_of(self, X: pd.DataFrame) -> np.ndarray:
        votes = self.forest_.predict_proba(self.features_.transform(X))
        return np.column_stack([v[:, 1] for v in votes]) if self.is_multi_ else np.asarray(votes)


def _with_outsider(
    matrix: np.ndarray, truth: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, labels and weights with a row of no bucket and no weight behind them: a bucket that
    holds every track is a yes/no question too."""
    weights = np.append(np.ones(len(matrix)), 0.0)
    return np.pad(matrix, ((0, 1), (0, 0))), np.pad(truth, ((0, 1), (0, 0))), weights


def _leaf_for(n_tracks: int) -> int:
    return 2 if n_tracks < _FEW else 4 if n_tracks <= _MANY else 8
