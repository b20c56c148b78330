"""The hybrid bucket model: words, names, numbers and the meaning of a track in one linear picture.

Every column the track gives (`JoinedFeatures`) and the SBERT embedding of its sentence are laid
side by side; the heads learn on their principal components. The default head is logistic
regression: on real libraries it was more accurate and better calibrated than trees, a network or
a vote of all, and it can say exactly what each field added. The sentence embedding is optional:
without its weights the model works on the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from ..errors import EmbeddingsMissingError, UsageError
from ..evaluation.splits import folds
from ..features.embeddings import SentenceEmbedder
from ..features.joined import FIELDS, SENTENCE_WEIGHT, JoinedFeatures
from ..features.lexical import unit_rows
from . import hybrid_files
from .assigner import BucketAssigner
from .hybrid_heads import HEADS, Head, LogisticHead, make_head
from .labels import Labels, encode
from .spectrum import Spectrum, spectrum_of
from .umap_shape import UmapShape

_log = logging.getLogger(__name__)

_FOLDS = 5
_EMBEDDED = 384
_ROWS_AT_ONCE, _NEAREST_AT_ONCE = 5_000, 500


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
    use_dates : whether the date a track was added counts.
    cache : folder of remembered embeddings; None is the person's own.
    random_state : seed; the same seed, tracks and labels give the same model.

    Attributes
    ----------
    features_ : the fitted `JoinedFeatures`.
    is_embedded_ : whether the sentence embedding was there to learn from.
    head_ : the fitted `Head`, its projection on the columns of features and embedding.
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
        model.calibration_, model.thresholds_ = self.calibration_, self.thresholds_
        model._describe(X, labels)
        matrix = model._learned_from(X)
        start = np.vstack([self.head_.projection, self.head_.intercepts])
        with threadpool_limits(1):
            model.head_ = LogisticHead().fit(
                matrix, labels.truth, is_multi=labels.is_multi, start=start
            )
        model._note_means(X)
        return model

    def refits(
        self, X: pd.DataFrame, y: Iterable[Any], splits: Iterable[tuple[np.ndarray, np.ndarray]]
    ) -> Iterator[Self]:
        """Give, for each split, a model that learned the labels of its training rows only.

        What needs no labels (vocabulary, components) is shared between them, and each is
        calibrated on its own training rows: cross-validation at the price of about one fit.
        """
        labels = encode(y)
        whole: Self = clone(self)
        whole._describe(X, labels)
        spectrum, votes = whole._learn(X, labels)
        for train, _ in splits:
            part = whole._with_same_features()
            truth = labels.truth[train]
            part._describe(X.iloc[train], Labels(labels.classes, truth, labels.is_multi))
            part.sentences_ = whole.sentences_[train]
            part.head_ = whole._head_on(spectrum, truth, train)
            part._calibrate(votes[train], truth)
            part.means_ = whole.means_
            yield part

    def contributions(self, X: pd.DataFrame, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the scores apart: the score of the average track, and what each field's difference
        from it adds. Exact for the logistic head; for the others fields are swapped in one after
        the other, in order and in reverse, and the two are averaged, so that they add up too."""
        check_is_fitted(self)
        seen = self._seen_by_field(X)
        if isinstance(self.head_, LogisticHead):
            of_column = seen[:, np.arange(len(X)), column] - self.means_[:, column]
            return self._score(np.zeros_like(seen[0]), column), of_column.T
        parts = np.zeros((len(X), len(self.fields)))
        for order in (range(len(self.fields)), reversed(range(len(self.fields)))):
            now = np.zeros_like(seen[0])
            before = base = self._score(now, column)
            for field in order:
                now = now + seen[field] - self.means_[field]
                after = self._score(now, column)
                parts[:, field] += (after - before) / 2
                before = after
        return base, parts

    def nearest(self, X: pd.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the labelled tracks that share most columns with each track, by cosine."""
        check_is_fitted(self)
        known = unit_rows(
            self._joined(self.features_.transform(self.labelled_), self.sentences_)
        ).T.tocsr()
        rows, alike = [np.zeros((0, n), dtype=int)], [np.zeros((0, n))]
        for start in range(0, len(X), _NEAREST_AT_ONCE):
            some = unit_rows(self._matrix(X.iloc[start : start + _NEAREST_AT_ONCE]))
            cosine = np.clip((some @ known).toarray(), 0, 1)
            best = np.argsort(-cosine, axis=1, kind="stable")[:, :n]
            rows.append(best)
            alike.append(np.take_along_axis(cosine, best, axis=1))
        width = min(n, len(self.labelled_))
        return np.vstack([r[:, :width] for r in rows]), np.vstack([a[:, :width] for a in alike])

    def evidence(self, bucket: str, n: int = 8) -> list[tuple[str, str, float]]:
        """Give the field, the term and the weight of what speaks most for a bucket; nothing for
        heads that are not linear."""
        check_is_fitted(self)
        if not isinstance(self.head_, LogisticHead):
            return []
        column = int(np.flatnonzero(self.classes_ == bucket)[0])
        weights = self.head_.projection[:, column] - self.head_.projection.mean(axis=1)
        terms = self.features_.terms()
        strongest = np.argsort(-weights[: len(terms)], kind="stable")[:n]
        return [(*terms[i], float(weights[i])) for i in strongest]

    def save(self, folder: str | Path) -> None:
        """Write the model into `folder` by parts: settings and vocabulary as JSON, coefficients by
        skops, the labelled tracks as Parquet. Nothing in it is a pickle."""
        check_is_fitted(self)
        hybrid_files.save(self, Path(folder))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read back what `save` wrote. Only known types are built; nothing is unpickled."""
        return hybrid_files.load(cls, Path(folder))

    def _fit_votes(self, X: pd.DataFrame, labels: Labels) -> np.ndarray:
        if self.head not in HEADS:
            raise UsageError(f"unknown head {self.head!r}; known: {', '.join(HEADS)}")
        return self._learn(X, labels)[1]

    def _learn(self, X: pd.DataFrame, labels: Labels) -> tuple[Spectrum, np.ndarray]:
        """Learn features and head; give the components and the out-of-fold votes."""
        self.features_ = JoinedFeatures(use_dates=self.use_dates).fit(X)
        self.is_embedded_ = self.engine is not None
        matrix = self._learned_from(X)
        with threadpool_limits(1):  # on a busy machine many threads wait for each other
            spectrum = spectrum_of(matrix, n_dense=_EMBEDDED, seed=self.random_state)
            votes = self._out_of_fold(X, labels, spectrum)
            self.head_ = self._head_on(spectrum, labels.truth, slice(None))
        self._note_means(X)
        return spectrum, votes

    def _learned_from(self, X: pd.DataFrame) -> sparse.csr_matrix:
        """The matrix of the tracks to learn from; their embeddings are kept to find neighbours."""
        self.sentences_ = self._sentences(X).astype(np.float16)
        return self._joined(self.features_.transform(X), self.sentences_)

    def _out_of_fold(self, X: pd.DataFrame, labels: Labels, spectrum: Spectrum) -> np.ndarray:
        votes = np.full(labels.truth.shape, np.nan)
        seed = self.random_state or 0
        for train, test in folds(X, labels.first, kind="stratified", n_folds=_FOLDS, seed=seed):
            truth = labels.truth[train]
            if truth.any(axis=0).sum() > 1:
                head = self._new_head().fit(spectrum.places[train], truth, is_multi=self.is_multi_)
                votes[test] = head.votes(spectrum.places[test] @ head.projection)
        return votes

    def _head_on(self, spectrum: Spectrum, truth: np.ndarray, rows: Any) -> Head:
        """A head that learned `rows`, its projection on the columns."""
        head: Head = self._new_head().fit(spectrum.places[rows], truth, is_multi=self.is_multi_)
        head.projection = np.asarray(spectrum.pull_back(head.projection), dtype=np.float32)
        return head

    def _new_head(self) -> Any:
        shape = None
        if self.reduce == "umap":
            shape = partial(UmapShape, seed=self.random_state)
        elif self.reduce not in (None, "pca"):
            raise UsageError(f"unknown reduction {self.reduce!r}; known: pca, umap")
        return make_head(self.head, self.n_components, self.random_state, shape)

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        parts = [np.zeros((0, len(self.classes_)))]
        for start in range(0, len(X), _ROWS_AT_ONCE):
            some = self._matrix(X.iloc[start : start + _ROWS_AT_ONCE])
            parts.append(self.head_.votes(some @ self.head_.projection))
        return np.vstack(parts)

    def _score(self, difference: np.ndarray, column: np.ndarray) -> np.ndarray:
        """The score of `column` (n,) for tracks that differ so from the average one, (n, k)."""
        scores = self.head_.scores(self.means_.sum(axis=0) + difference)
        return np.asarray(scores[np.arange(len(scores)), column], dtype=float)

    def _seen_by_field(self, X: pd.DataFrame) -> np.ndarray:
        """What each field brings to the places the head looks at, (fields, n, k)."""
        projection = self.head_.projection
        seen = np.zeros((len(self.fields), len(X), projection.shape[1]))
        for field, at, part in self.features_.parts(X):
            seen[self.fields.index(field)] += part @ projection[at : at + part.shape[1]]
        seen[-1] += SENTENCE_WEIGHT * self._sentences(X) @ projection[-_EMBEDDED:]
        return seen

    def _note_means(self, X: pd.DataFrame) -> None:
        """Remember what the average track looks like, field by field, (fields, k)."""
        projection = self.head_.projection
        self.means_ = np.zeros((len(self.fields), projection.shape[1]))
        for field, at, part in self.features_.parts(X):
            average = np.asarray(part.mean(axis=0)) @ projection[at : at + part.shape[1]]
            self.means_[self.fields.index(field)] += average[0]
        embedded = self.sentences_.mean(axis=0, dtype=np.float32)
        self.means_[-1] += SENTENCE_WEIGHT * embedded @ projection[-_EMBEDDED:]

    def _matrix(self, X: pd.DataFrame) -> sparse.csr_matrix:
        return self._joined(self.features_.transform(X), self._sentences(X))

    def _joined(self, columns: sparse.csr_matrix, sentences: np.ndarray) -> sparse.csr_matrix:
        embedded = sparse.csr_matrix(SENTENCE_WEIGHT * sentences.astype(np.float32))
        return sparse.hstack([columns, embedded], format="csr", dtype=np.float32)

    def _sentences(self, X: pd.DataFrame) -> np.ndarray:
        """The embeddings, (n, 384); zeros where there are none to be had."""
        if self.is_embedded_ and self.engine is not None:
            try:
                return SentenceEmbedder(engine=self.engine, cache=self.cache).transform(X)
            except EmbeddingsMissingError as error:
                _log.warning("the meaning of names and genres is left out: %s", error)
                self.is_embedded_ = False
        return np.zeros((len(X), _EMBEDDED), dtype=np.float32)

    def _with_same_features(self) -> Self:
        model: Self = clone(self)
        for name in ("classes_", "is_multi_", "features_", "is_embedded_"):
            setattr(model, name, getattr(self, name))
        return model
