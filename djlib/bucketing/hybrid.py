"""The hybrid bucket model: words, names, numbers and sentence embeddings, one linear model."""

from __future__ import annotations

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
from . import hybrid_reasons as reasons
from .base import BucketAssigner
from .calibration.calibrators import ClassBiasCorrection, MultiLabelCalibrator, TopLabelCalibrator
from .calibration.novelty import NoveltyFeatures, TrackGroups
from .calibration.out_of_fold import OutOfFoldPredictions
from .hybrid_heads import FARTHER, FoldHeads, Head, LogisticHead, make_head
from .labels import Labels, as_tracks, encode, with_names
from .linear_solvers import MOST_STEPS
from .principal_components import PrincipalComponents, fit_components, is_large
from .umap_shape import UmapShape

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
    head : what learns: "logistic" (the default), "mlp", "xgboost", "random_forest", "soft_vote"
        (the mean of logistic, xgboost and random_forest) or "stack" (a logistic regression on
        their out-of-fold answers).
    engine : what embeds the sentence of a track, "torch", "onnx" or "static"; None embeds nothing.
    reduce : "umap" lets the heads that are not linear see a UMAP of the principal components;
        None and "pca" let them see the components themselves.
    n_components : how many components those heads see.
    use_dates : whether the date a track was added counts for its bucket. How sure the model may
        be of a track added after all it knows is learned either way.
    cache : folder of remembered embeddings; None is the person's own.
    random_state : seed; the same seed, tracks and labels give the same model.

    Attributes
    ----------
    columns_ : the fitted `TrackColumns`.
    leaning_ : shifts of buckets voted for too rarely or too often, None for several buckets a
        track.
    confidence_ : how first choices, or the probabilities of several buckets, are corrected by what
        is known of a track.
    head_ : the fitted `Head`, its projection on those columns.
    means_ : where the average track lies in that projection, by field, (fields, k).
    sentences_ : embeddings of the tracks learned from, (n, 384), half precision.
    See `BucketAssigner` for the rest.

    Examples
    --------
    >>> artists = ["Moodymann", "Robyn", "Theo Parrish", "Abba"] * 5
    >>> tracks = pd.DataFrame({"artist": artists, "bpm": [118.0, 128.0, 116.0, 130.0] * 5})
    >>> model = HybridBucketAssigner(engine=None, random_state=0)
    >>> str(model.fit(tracks, ["Warm", "Pop"] * 10).predict({"artist": "Moodymann"}))
    'Warm'
    """

    fields: ClassVar[tuple[str, ...]] = FIELDS
    vote_scale: ClassVar[Literal["share of votes", "score"]] = "score"

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
    def left_out(self) -> str:
        """Why the embedding had to be left out, in words; "" where it was not."""
        check_is_fitted(self)
        return self.columns_.left_out

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Give calibrated probabilities, shape (n, len(classes_)); multi-label rows need not sum
        to 1. They count on whether artist and song were seen before, and on how late the track was
        added."""
        proba = super().predict_proba(X)
        if self.confidence_ is None:  # several buckets a track, learned by an older djlib
            return proba
        return self.confidence_.apply(proba, self._familiar().facts(TrackGroups.of(X)))

    def if_familiar(self, X: pd.DataFrame) -> list[dict[str, float]]:
        """Give what confidence would be were what is strange about a track not so; see
        `hybrid_reasons.if_familiar`."""
        if self.confidence_ is None:
            return super().if_familiar(X)
        facts = self._familiar().facts(TrackGroups.of(X))
        return reasons.if_familiar(self.confidence_, super().predict_proba(X), facts)

    def update(self, X: pd.DataFrame, y: Iterable[Any]) -> Self:
        """Give a model that has learned these rows, going on from this one's coefficients.

        Vocabulary and calibration are kept, so it takes seconds where `fit` takes a minute. Where
        buckets came or went, or the head cannot go on, it learns from the start.
        """
        check_is_fitted(self)
        labels = encode(y)
        same = labels.classes == tuple(self.classes_) and labels.is_multi == self.is_multi_
        if not (same and isinstance(self.head_, LogisticHead)):
            return super().update(X, y)
        model = self._with_same_features()
        for name in ("leaning_", "calibration_", "confidence_", "thresholds_"):
            setattr(model, name, getattr(self, name))
        model._describe(X, labels)
        rows = model._learned_from(X)
        steps = FARTHER if is_large(rows.shape[0]) else MOST_STEPS
        with threadpool_limits(1):
            model.head_ = self.head_.go_on(rows, with_names(labels.truth), steps=steps)
        model._note_means(X)
        return model

    def refits(
        self, X: pd.DataFrame, y: Iterable[Any], splits: Iterable[tuple[np.ndarray, np.ndarray]]
    ) -> Iterator[Self]:
        """Give, for each split, a model that learned the labels of its training rows only.

        What needs no labels (vocabulary, components) is learned once and shared between them.
        """
        labels = encode(y)
        whole: Self = clone(self)
        whole._describe(X, labels)
        spectrum = whole._learn_features(X)
        for train, _ in splits:
            part = whole._with_same_features()
            known = Labels(labels.classes, labels.truth[train], labels.is_multi)
            part._describe(X.iloc[train], known)
            part.sentences_ = whole.sentences_[train]
            names = np.arange(len(X), len(spectrum.places))
            part._learn_labels(X.iloc[train], known, spectrum.of(np.append(train, names)))
            yield part

    def contributions(self, X: pd.DataFrame, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the scores apart by field; see `hybrid_reasons.contributions`."""
        check_is_fitted(self)
        half = self._half_dated(X)
        seen = reasons.seen_by_field(self.columns_, self.head_.projection, X, half)
        base, parts = reasons.contributions(self.head_, self.means_, seen, column)
        shifts = self.leaning_.shifts if self.leaning_ else np.zeros(len(self.classes_))
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
        self._learn_labels(X, labels, self._learn_features(X))

    def _learn_features(self, X: pd.DataFrame) -> PrincipalComponents:
        """Learn everything that needs no labels; give tracks, then names of buckets, along their
        components."""
        self._new_head()  # what cannot be made is refused before the work
        self.columns_ = TrackColumns(
            use_dates=self.use_dates, engine=self.engine, cache=self.cache
        ).fit(pd.concat([X, as_tracks(self.classes_)], ignore_index=True))
        matrix = self._learned_from(X)  # the sentence model may use all threads
        with threadpool_limits(1):  # on a busy machine many threads wait for each other
            return fit_components(matrix, n_dense=N_EMBEDDED, seed=self.random_state)

    def _learn_labels(self, X: pd.DataFrame, labels: Labels, spectrum: PrincipalComponents) -> None:
        """Learn to vote, how often the votes are right, and how that depends on what is known."""
        truth = with_names(labels.truth)
        later = self.columns_.as_later(X, spectrum.rows[: len(X)], self.sentences_)
        at_once = self.head == "logistic"  # others have threads of their own
        ask = FoldHeads(self.columns_, spectrum, later, truth, self._fitted, at_once)
        with threadpool_limits(1):
            heard = OutOfFoldPredictions.from_folds(ask, X, labels, self.random_state or 0)
            self.head_ = self._fitted(spectrum.places, truth)
        self.leaning_ = None
        if not labels.is_multi:
            self.leaning_ = heard.leaning(labels.truth)
            heard = heard.shifted(self.leaning_)
        self._calibrate(heard.drawn.votes, labels.truth)
        self.confidence_: TopLabelCalibrator | MultiLabelCalibrator | None
        self.confidence_ = heard.confidence(self.calibration_, labels)
        if labels.is_multi:
            drawn = heard.drawn
            told = self.confidence_.apply(self.calibration_.apply(drawn.votes), drawn.facts)
            self._choose_thresholds(told, labels.truth)
        pulled = spectrum.pull_back(self.head_.projection)
        self.head_.projection = np.asarray(pulled, dtype=np.float32)
        if isinstance(self.head_, LogisticHead) and not spectrum.is_whole:
            with threadpool_limits(1):
                self.head_ = self.head_.go_on(spectrum.rows, truth, steps=FARTHER)
        self._note_means(X)

    def _learned_from(self, X: pd.DataFrame) -> sparse.csr_matrix:
        """The matrix of the tracks to learn from and of the names of the buckets; embeddings of
        tracks are kept to find neighbours."""
        self.sentences_ = self.columns_.sentences(X).astype(np.float16)
        tracks = self.columns_.transform(X, self.sentences_)
        named = self.columns_.transform(as_tracks(self.classes_), words_only=True)
        return sparse.vstack([tracks, named], format="csr")

    def _fitted(self, places: np.ndarray, truth: np.ndarray) -> Head:
        """A head that learned from tracks along their components."""
        return self._new_head().fit(places, truth, is_multi=self.is_multi_)

    def _new_head(self) -> Head:
        if self.reduce not in (None, "pca", "umap"):
            raise UsageError(f"unknown reduction {self.reduce!r}; known: pca, umap")
        shape = partial(UmapShape, seed=self.random_state) if self.reduce == "umap" else None
        head: Head = make_head(self.head, self.n_components, self.random_state, shape)
        return head

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        parts = [np.zeros((0, len(self.classes_)))]
        for start in range(0, len(X), _ROWS_AT_ONCE):
            parts.append(self.head_.votes(self._seen(X.iloc[start : start + _ROWS_AT_ONCE])))
        votes = np.vstack(parts)
        return votes if self.leaning_ is None else self.leaning_.apply(votes)

    def _seen(self, X: pd.DataFrame) -> np.ndarray:
        """Tracks as the head looks at them, (n, k)."""
        rows = self.columns_.transform(X, half_dated=self._half_dated(X))
        return np.asarray(rows @ self.head_.projection)

    def _half_dated(self, X: pd.DataFrame) -> np.ndarray:
        """Which tracks' day counts half, (n,): one that lies behind everything learned is known
        from what came before it at best."""
        has_days = bool(self.columns_.joined.dates_)
        return self._familiar().lie_behind(X) if has_days else np.zeros(len(X), dtype=bool)

    def _note_means(self, X: pd.DataFrame) -> None:
        """Remember what the average track looks like to the head."""
        projection = self.head_.projection
        self.means_ = reasons.average_by_field(self.columns_, projection, X, self.sentences_)

    def _familiar(self) -> NoveltyFeatures:
        """The names of the tracks learned from; gathered once."""
        tracks, found = getattr(self, "_names", (None, None))
        if tracks is not self.labelled_ or found is None:
            found = NoveltyFeatures.of(TrackGroups.of(self.labelled_))
            self._names = (self.labelled_, found)
        return found

    def _with_same_features(self) -> Self:
        model: Self = clone(self)
        for name in ("classes_", "is_multi_", "columns_"):
            setattr(model, name, getattr(self, name))
        return model


def save_hybrid(model: HybridBucketAssigner, folder: Path) -> None:
    """Write `model` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    learned = {"leaning": model.leaning_, "confidence": model.confidence_}
    said = {name: found.as_dict() if found else None for name, found in learned.items()}
    write_json(folder / _SETTINGS, model._settings() | said)
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
    leaning, confidence = settings.get("leaning"), settings["confidence"]  # once without the former
    curve: type[TopLabelCalibrator | MultiLabelCalibrator]
    curve = MultiLabelCalibrator if model.is_multi_ else TopLabelCalibrator
    model.leaning_ = ClassBiasCorrection.from_dict(leaning) if leaning else None
    model.confidence_ = curve.from_dict(confidence) if confidence else None  # once several had none
    model.columns_ = TrackColumns.from_dict(vocabulary, model.cache)
    model.head_, model.means_ = parts["head"], parts["means"]
    model.sentences_ = parts["sentences"]
    model.labelled_ = read_table(folder / _LABELLED, schema="tracks", duplicates="keep")
    return model
