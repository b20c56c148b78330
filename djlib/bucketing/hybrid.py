"""The hybrid bucket model: words, names, numbers and sentence embeddings, one linear model."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar
from zipfile import ZIP_DEFLATED

import numpy as np
import pandas as pd
import skops.io
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from ..errors import NotFoundError, UsageError
from ..features.track_columns import N_EMBEDDED, TrackColumns
from ..features.track_vectorizer import FIELDS
from ..tables.atomic import write_json
from ..tables.io import read_table, write_table
from ..tables.schema import BUCKET_SEPARATOR
from . import hybrid_reasons as reasons
from .base import BucketAssigner
from .block_weights import learn_block_weights
from .calibration.known_buckets import (
    N_NEAREST,
    HiddenFold,
    KnownBucketDetector,
    hidden_folds,
    learn_detector,
    openness,
)
from .calibration.novelty import NoveltyFeatures, TrackGroups
from .calibration.out_of_fold import OutOfFoldPredictions
from .calibration.pipeline import ProbabilityCorrection
from .hybrid_heads import FARTHER, FoldHeads, Head, LogisticHead, make_head
from .labels import Labels, as_tracks, encode, with_names
from .linear_solvers import MOST_STEPS
from .principal_components import PrincipalComponents, fit_components, is_large

_SETTINGS, _VOCABULARY = "settings.json", "vocabulary.json"
_PARTS, _LABELLED = "parts.skops", "labelled.parquet"
_TRUSTED = [
    "djlib.bucketing.hybrid_heads.EstimatorHead",
    "djlib.bucketing.hybrid_heads.JointHead",
    "djlib.bucketing.hybrid_heads.LogisticHead",
    "djlib.bucketing.umap_shape.UmapShape",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._label.LabelBinarizer",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
]
"""What a model may be built of; a file that names anything else is refused."""

_ROWS_AT_ONCE = 5_000


_Model = TypeVar("_Model", bound="HybridBucketAssigner")


class HybridBucketAssigner(BucketAssigner):
    """Assign buckets from everything a track says about itself.

    Parameters
    ----------
    head : str, the estimator: "logistic", "mlp", "xgboost", "random_forest", "soft_vote" (the mean
        of logistic, xgboost and random_forest) or "stack" (a logistic regression on their
        out-of-fold votes) (default "logistic").
    engine : str or None, what embeds the sentence of a track, "torch", "onnx" or "static"; None
        embeds nothing (default "torch").
    reduce : str or None, "umap" lets the heads that are not linear see a UMAP of the principal
        components; None and "pca" let them see the components themselves (default None).
    n_components : int, components those heads see (default 100).
    use_dates : bool, whether the date a track was added counts for its bucket. How sure the model
        may be of a track added after all it learned from is learned either way (default True).
    cache : str or None, folder of remembered embeddings; None is the person's own (default None).
    random_state : int or None, seed; the same seed, tracks and labels give the same model
        (default None).

    Attributes
    ----------
    columns_ : TrackColumns, the fitted features.
    head_ : Head, the fitted estimator, its projection on those columns.
    correction_ : ProbabilityCorrection of up to three steps, "class_bias", "calibration" and
        "novelty".
    means_ : array (fields, k), where the average track lies in that projection, by field.
    sentences_ : array (n, 384) of float16, embeddings of the tracks learned from.
    See `BucketAssigner` for the rest.

    Examples
    --------
    >>> artists = ["Moodymann", "Robyn", "Theo Parrish", "Abba"] * 5
    >>> tracks = pd.DataFrame({"artist": artists, "bpm": [118.0, 128.0, 116.0, 130.0] * 5})
    >>> model = HybridBucketAssigner(engine=None, random_state=0)
    >>> str(model.fit(tracks, ["Warm", "Pop"] * 10).predict({"artist": "Moodymann"}))
    'Warm'
    """

    vote_scale: ClassVar[Literal["share of votes", "score"]] = "score"
    head_: Head
    columns_: TrackColumns
    sentences_: np.ndarray

    def __init__(
        self,
        head: str = "logistic",
        engine: str | None = "torch",
        reduce: str | None = None,
        n_components: int = 100,
        use_dates: bool = True,
        cache: str | None = None,
        random_state: int | None = None,
    ) -> None:
        self.head = head
        self.engine = engine
        self.reduce = reduce
        self.n_components = n_components
        self.use_dates = use_dates
        self.cache = cache
        self.random_state = random_state

    @property
    def fields(self) -> tuple[str, ...]:  # type: ignore[override]  # those of its own library
        """Fields of a track the model reads: those of the schema and what else its table held."""
        return self.columns_.joined.field_names if hasattr(self, "columns_") else FIELDS

    @property
    def left_out(self) -> str:
        """Why the embedding had to be left out, in words; "" where it was not."""
        check_is_fitted(self)
        return self.columns_.left_out

    def update(self, X: pd.DataFrame, y: Iterable[Any]) -> Self:
        """Learn these rows, going on from the coefficients so far; give itself.

        Vocabulary and calibration are kept, so it takes seconds where `fit` takes a minute. Where
        buckets came or went, or the head cannot go on, it learns from the start. Raises
        `NotFittedError` before `fit`.
        """
        check_is_fitted(self)
        labels = encode(y)
        same = labels.classes == tuple(self.classes_) and labels.is_multi == self.is_multi_
        if not (same and isinstance(self.head_, LogisticHead)):
            return super().update(X, y)
        self._describe(X, labels)
        rows = self._training_matrix(X)
        steps = FARTHER if is_large(rows.shape[0]) else MOST_STEPS
        head = copy.copy(self.head_)  # a copy of this model made before shares the old one
        with threadpool_limits(1):
            self.head_ = head.partial_fit(rows, with_names(labels.truth), steps=steps)
        self._fit_means(X)
        return self

    def refits(
        self, X: pd.DataFrame, y: Iterable[Any], splits: Iterable[tuple[np.ndarray, np.ndarray]]
    ) -> Iterator[Self]:
        """Give, for each split, a model that learned the labels of its training rows only.

        What needs no labels (vocabulary, components) is learned once and shared between them; once
        for each choice of block weights, which are learned from the training rows alone.
        """
        labels = encode(y)
        plain: Self = clone(self)
        plain._describe(X, labels)
        plain._learn_columns(X)
        joined = plain.columns_.joined
        blocks = joined.transform(X) if joined.optional_blocks() else None
        shared: dict[tuple[tuple[str, float], ...], tuple[Self, PrincipalComponents]] = {}
        for train, _ in splits:
            rows = None if blocks is None else blocks[train]
            weights = plain._weights_of_blocks(X.iloc[train], labels.truth[train], rows)
            choice = tuple(sorted(weights.items()))
            if choice not in shared:
                weighed = plain._with_same_features()
                weighed.columns_ = plain.columns_.weighed(weights)
                shared[choice] = weighed, weighed._learn_components(X)
            whole, components = shared[choice]
            part = whole._with_same_features()
            known = Labels(labels.classes, labels.truth[train], labels.is_multi)
            part._describe(X.iloc[train], known)
            part.sentences_ = whole.sentences_[train]
            names = np.arange(len(X), len(components.scores))
            part._learn_labels(X.iloc[train], known, components.of(np.append(train, names)))
            yield part

    def detect(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Give the chance that each track fits a known bucket, and that its first choice is right,
        both (n,); see `calibration.known_buckets`."""
        check_is_fitted(self)
        detector = getattr(self, "detector_", None)
        if detector is None or not detector.known:
            return super().detect(X)
        known, right = [np.zeros(0)], [np.zeros(0)]
        for start in range(0, len(X), _ROWS_AT_ONCE):
            features = self._openness(X.iloc[start : start + _ROWS_AT_ONCE])
            known.append(detector.known_proba(features))
            right.append(detector.right_proba(features))
        return np.concatenate(known), np.concatenate(right)

    def contributions(self, X: pd.DataFrame, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the scores apart by field; see `hybrid_reasons.contributions`."""
        check_is_fitted(self)
        half = self._half_dated(X)
        inputs = reasons.projected_by_field(self.columns_, self.head_.projection, X, half)
        base, parts = reasons.contributions(self.head_, self.means_, inputs, column)
        bias = self.correction_.class_bias_
        shifts = bias.shifts if bias else np.zeros(len(self.classes_))
        return base + np.asarray(shifts)[column], parts

    def nearest(self, X: pd.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the labelled tracks that share most columns with each track, by cosine."""
        check_is_fitted(self)
        known = self.columns_.transform(self.labelled_, self.sentences_)
        return reasons.nearest(known, self.columns_.transform(X), n)

    def evidence(self, bucket: str, n: int = 8) -> list[tuple[str, str, float]]:
        """Give field, term and weight of what speaks most for a bucket; nothing for heads that
        are not linear. Raises `NotFoundError` for a bucket it does not know."""
        check_is_fitted(self)
        places = np.flatnonzero(self.classes_ == bucket)
        if not len(places):
            raise NotFoundError(f"no bucket {bucket!r}; known: {', '.join(self.classes_)}")
        return reasons.evidence(self.head_, self.columns_, int(places[0]), n)

    def save(self, folder: str | Path) -> None:
        """Write the model into `folder` by parts: settings and vocabulary as JSON, coefficients by
        skops, the labelled tracks as Parquet. Nothing in it is a pickle."""
        check_is_fitted(self)
        save_hybrid(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read back what `save` wrote. Only known types are built; nothing is unpickled."""
        return load_hybrid(cls, Path(folder))

    def _learn(self, X: pd.DataFrame, labels: Labels) -> None:
        self._learn_columns(X)
        self.columns_ = self.columns_.weighed(self._weights_of_blocks(X, labels.truth))
        self._learn_labels(X, labels, self._learn_components(X))

    def _learn_columns(self, X: pd.DataFrame) -> None:
        """Learn vocabularies and spans, which need no labels."""
        self._new_head()  # what cannot be made is refused before the work
        self.columns_ = TrackColumns(
            use_dates=self.use_dates, engine=self.engine, cache=self.cache
        ).fit(pd.concat([X, as_tracks(self.classes_)], ignore_index=True))

    def _weights_of_blocks(
        self, X: pd.DataFrame, truth: np.ndarray, rows: sparse.csr_matrix | None = None
    ) -> dict[str, float]:
        """How much each block of further columns counts by the labels (n, buckets) of `X`; `rows`
        is its matrix where that is at hand."""
        joined = self.columns_.joined
        blocks = joined.optional_blocks()
        if not blocks:
            return {}
        matrix = joined.transform(X) if rows is None else rows
        return learn_block_weights(matrix, blocks, X, truth, self.random_state or 0)

    def _learn_components(self, X: pd.DataFrame) -> PrincipalComponents:
        """Give tracks, then names of buckets, along their principal components."""
        matrix = self._training_matrix(X)  # the sentence model may use all threads
        with threadpool_limits(1):  # on a busy machine many threads wait for each other
            return fit_components(matrix, n_dense=N_EMBEDDED, seed=self.random_state)

    def _learn_labels(
        self, X: pd.DataFrame, labels: Labels, components: PrincipalComponents
    ) -> None:
        """Learn the head, and from out-of-fold votes the correction of its probabilities."""
        truth = with_names(labels.truth)
        later = self.columns_.as_later(X, components.rows[: len(X)], self.sentences_)
        at_once = self.head == "logistic"  # others have threads of their own
        predict = FoldHeads(self.columns_, components, later, truth, self._fitted_head, at_once)
        with threadpool_limits(1):
            votes = OutOfFoldPredictions.from_folds(predict, X, labels, self.random_state or 0)
            self.head_ = self._fitted_head(components.scores, truth)
            self.detector_ = self._learn_detector(X, labels, components, truth)
        self.correction_ = ProbabilityCorrection().fit(votes, labels)
        known = votes.stratified
        self._choose_thresholds(self.correction_.apply(known.votes, known.novelty), labels)
        projection = components.back_project(self.head_.projection)
        self.head_.projection = np.asarray(projection, dtype=np.float32)
        if isinstance(self.head_, LogisticHead) and not components.is_whole:
            with threadpool_limits(1):
                self.head_.partial_fit(components.rows, truth, steps=FARTHER)
        self._fit_means(X)

    def _learn_detector(
        self, X: pd.DataFrame, labels: Labels, components: PrincipalComponents, truth: np.ndarray
    ) -> KnownBucketDetector:
        """Learn from models that some buckets were hidden from what fits nowhere."""
        groups = TrackGroups.of(X)
        names = np.arange(len(X), len(truth))

        def speak(fold: HiddenFold) -> tuple[np.ndarray, np.ndarray]:
            rows = np.append(fold.train, names[fold.visible])
            head = self._fitted_head(components.scores[rows], truth[rows][:, fold.visible])
            learned = components.rows[fold.train]
            test = self.columns_.joined.mask_unseen(
                components.rows[fold.test], components.rows[rows]
            )
            votes = head.votes(test @ components.back_project(head.projection))
            near, alike = reasons.nearest(learned, test, N_NEAREST)
            answers = labels.truth[fold.train][:, fold.visible]
            known = NoveltyFeatures.of(groups.rows(fold.train))
            novelty = known.transform(groups.rows(fold.test))
            return votes, openness(votes, alike, _agreement(votes, answers, near), novelty)

        folds = list(hidden_folds(labels.truth, self.random_state or 0))
        return learn_detector(folds, speak, labels.truth)

    def _openness(self, X: pd.DataFrame) -> np.ndarray:
        """What tells whether tracks fit a known bucket, (n, features)."""
        votes = self._votes(X)
        near, alike = self.nearest(X, N_NEAREST)
        truth = self._labelled_truth()
        return openness(votes, alike, _agreement(votes, truth, near), self._novelty(X))

    def _labelled_truth(self) -> np.ndarray:
        """0/1 buckets of the tracks learned from, (n, buckets)."""
        place = {name: column for column, name in enumerate(self.classes_)}
        truth = np.zeros((len(self.labelled_), len(place)), dtype=int)
        for row, cell in enumerate(self.labelled_["buckets"]):
            truth[row, [place[name] for name in cell.split(BUCKET_SEPARATOR) if name in place]] = 1
        return truth

    def _training_matrix(self, X: pd.DataFrame) -> sparse.csr_matrix:
        """The matrix of the tracks to learn from and of the names of the buckets; embeddings of
        tracks are kept to find neighbours."""
        self.sentences_ = self.columns_.sentences(X).astype(np.float16)
        tracks = self.columns_.transform(X, self.sentences_)
        named = self.columns_.transform(as_tracks(self.classes_), words_only=True)
        return sparse.vstack([tracks, named], format="csr")

    def _fitted_head(self, scores: np.ndarray, truth: np.ndarray) -> Head:
        """A head that learned from the component scores of tracks."""
        return self._new_head().fit(scores, truth, is_multi=self.is_multi_)

    def _new_head(self) -> Head:
        if self.reduce not in (None, "pca", "umap"):
            raise UsageError(f"unknown reduction {self.reduce!r}; known: pca, umap")
        shape = None
        if self.reduce == "umap":
            from .umap_shape import UmapShape

            shape = partial(UmapShape, seed=self.random_state)
        head: Head = make_head(self.head, self.n_components, self.random_state, shape)
        return head

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        parts = [np.zeros((0, len(self.classes_)))]
        for start in range(0, len(X), _ROWS_AT_ONCE):
            parts.append(self.head_.votes(self._head_inputs(X.iloc[start : start + _ROWS_AT_ONCE])))
        return np.vstack(parts)

    def _novelty(self, X: pd.DataFrame) -> np.ndarray:
        return self._novelty_features().transform(TrackGroups.of(X))

    def _head_inputs(self, X: pd.DataFrame) -> np.ndarray:
        """Tracks through the head's projection, (n, k)."""
        rows = self.columns_.transform(X, half_dated=self._half_dated(X))
        return np.asarray(rows @ self.head_.projection)

    def _half_dated(self, X: pd.DataFrame) -> np.ndarray:
        """Which tracks' day counts half, (n,): what lies behind everything learned is known from
        what came before it at best."""
        has_days = bool(self.columns_.joined.dates_)
        return (
            self._novelty_features().is_out_of_range(X)
            if has_days
            else np.zeros(len(X), dtype=bool)
        )

    def _fit_means(self, X: pd.DataFrame) -> None:
        """Learn where the average track lies in the head's projection."""
        projection = self.head_.projection
        self.means_ = reasons.average_by_field(self.columns_, projection, X, self.sentences_)

    def _novelty_features(self) -> NoveltyFeatures:
        """Those of the tracks learned from; gathered once."""
        tracks, features = getattr(self, "_novelty_cache", (None, None))
        if tracks is not self.labelled_ or features is None:
            features = NoveltyFeatures.of(TrackGroups.of(self.labelled_))
            self._novelty_cache = (self.labelled_, features)
        return features

    def _with_same_features(self) -> Self:
        model: Self = clone(self)
        for name in ("classes_", "is_multi_", "columns_"):
            setattr(model, name, getattr(self, name))
        return model


def _agreement(votes: np.ndarray, truth: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The share of the nearest tracks that lie in the first choice, (n,)."""
    return np.asarray(truth[near, votes.argmax(axis=1)[:, None]].mean(axis=1))


def save_hybrid(model: HybridBucketAssigner, folder: Path) -> None:
    """Write `model` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = model._settings() | model.correction_.as_dict()
    detector: KnownBucketDetector | None = getattr(model, "detector_", None)
    if detector is not None:
        settings["known_buckets"] = detector.as_dict()
    write_json(folder / _SETTINGS, settings)
    write_json(folder / _VOCABULARY, model.columns_.as_dict())
    parts = {"head": model.head_, "means": model.means_, "sentences": model.sentences_}
    skops.io.dump(parts, folder / _PARTS, compression=ZIP_DEFLATED, compresslevel=1)
    write_table(model.labelled_, folder / _LABELLED)


def load_hybrid(kind: type[_Model], folder: Path) -> _Model:
    """Read back what `save` wrote; only the types it writes are built."""
    settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
    vocabulary = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
    parts = skops.io.load(folder / _PARTS, trusted=_TRUSTED)
    model = kind._from_settings(settings)
    model.detector_ = KnownBucketDetector.from_dict(settings.get("known_buckets"))
    model.columns_ = TrackColumns.from_dict(vocabulary, model.cache)
    model.head_, model.means_ = parts["head"], parts["means"]
    missing = len(model.columns_.joined.field_names) - len(model.means_)
    if missing > 0:  # a model of before knows fewer fields
        model.means_ = np.pad(model.means_, ((0, missing), (0, 0)))
    model.sentences_ = parts["sentences"]
    model.labelled_ = read_table(folder / _LABELLED, schema="tracks", duplicates="keep")
    return model
