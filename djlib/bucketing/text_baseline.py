"""The baseline that is hard to beat where artists repeat: logistic regression on the words."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from ..evaluation.splits import folds
from ..features.text import fold, strip_promo
from .baselines import Baseline, texts
from .labels import Labels

_STRENGTH = 4.0
_FOLDS, _ENOUGH = 5, 400
"""Votes to calibrate by come from as many of five folds as give this many of them. With fewer folds
the model would be less sure of itself than the one that learns from all, and be sharpened."""


class TextAssigner(Baseline):
    """Give buckets by the words and the letters of artist, title and genres, weighted by TF-IDF.

    Examples
    --------
    >>> tracks = pd.DataFrame({"title": ["Slow Dub", "Fast Jungle"] * 10})
    >>> model = TextAssigner(0).fit(tracks, ["Warm", "Late"] * 10)
    >>> str(model.predict({"title": "Dub again"}))
    'Warm'
    """

    fields: ClassVar[tuple[str, ...]] = ("artist", "title", "genres")

    def _fit_votes(self, X: pd.DataFrame, labels: Labels) -> np.ndarray:
        X = X.reset_index(drop=True)
        self.words_ = [vectorizer.fit(_lines(X)) for vectorizer in _vectorizers()]
        signs = self._signs(X)
        votes = np.full(labels.truth.shape, np.nan)
        splits = folds(
            X, labels.first, kind="stratified", n_folds=_FOLDS, seed=self.random_state or 0
        )
        for train, test in splits:
            truth = labels.truth[train]
            if truth.any(axis=0).sum() > 1:
                model = _fitted(signs[train], truth, is_multi=labels.is_multi)
                votes[test] = _votes(model, signs[test], truth.shape[1])
            if np.isfinite(votes[:, 0]).sum() >= _ENOUGH:
                break
        self.model_ = _fitted(signs, labels.truth, is_multi=labels.is_multi)
        return votes

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        return _votes(self.model_, self._signs(X), len(self.classes_))

    def _signs(self, X: pd.DataFrame) -> sparse.csr_matrix:
        if not len(X):
            return sparse.csr_matrix((0, sum(len(v.vocabulary_) for v in self.words_)))
        return sparse.csr_matrix(sparse.hstack([v.transform(_lines(X)) for v in self.words_]))


def _vectorizers() -> tuple[TfidfVectorizer, TfidfVectorizer]:
    # "-" stands for a track without a word, so that there is always a vocabulary
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\w+|^-$")
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=20_000
    )
    return words, letters


def _lines(X: pd.DataFrame) -> list[str]:
    columns = (texts(X, field) for field in TextAssigner.fields)
    lines = (fold(strip_promo(" ; ".join(filter(None, row)))) for row in zip(*columns, strict=True))
    return [line if any(map(str.isalnum, line)) else "-" for line in lines]


def _fitted(signs: sparse.csr_matrix, truth: np.ndarray, *, is_multi: bool) -> Any:
    from threadpoolctl import threadpool_limits

    model: Any = LogisticRegression(C=_STRENGTH, max_iter=40, tol=1e-2)
    if is_multi:
        model = OneVsRestClassifier(model.set_params(solver="liblinear"))
    # One thread, since sparse sums gain nothing from more and these would wait for each other;
    # near enough is good enough; a bucket may hold every track.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Label .* is present in all training examples")
        return model.fit(signs, truth if is_multi else truth.argmax(axis=1))


def _votes(model: Any, signs: sparse.csr_matrix, n_buckets: int) -> np.ndarray:
    votes = np.zeros((signs.shape[0], n_buckets))
    if signs.shape[0]:
        votes[:, model.classes_] = model.predict_proba(signs)
    return votes
