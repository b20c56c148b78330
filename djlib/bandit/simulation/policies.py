"""The simulated policies: the simple ones that a bandit must beat, and djlib's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ...features.embedding.encoder import SentenceEmbedder
from ...tables.cells import text_of
from .episode import PolicyFactory, Selection

_NUMBERS = ("year", "price", "have", "want")
_NUMBER_WEIGHT = 0.2
"""Numbers beside a text of length one: heavier and they would drown it."""
_COMPONENTS, _COMPONENT_WEIGHT = 64, 3.0
_NO_NUMBERS = ("listing_id", "keeper")


def line(listings: pd.DataFrame) -> list[str]:
    """One line for each listing: artist, title, label, genres, year.

    >>> line(pd.DataFrame({"artist": ["Robyn"], "title": ["Be Mine"], "year": [2005.0]}))
    ['Robyn - Be Mine, , , 2005']
    """
    cells = [text_of(listings, name) for name in ("artist", "title", "label", "genres")]
    year = _number(listings, "year") if "year" in listings else np.full(len(listings), np.nan)
    years = ["" if np.isnan(y) else f"{y:.0f}" for y in year]
    return [f"{a} - {t}, {la}, {g}, {y}" for a, t, la, g, y in zip(*cells, years, strict=True)]


def numbers(listings: pd.DataFrame) -> np.ndarray:
    """Columns of numbers, the schema's and any other, standardised; what is missing is 0."""
    names = [str(n) for n in listings if n in _NUMBERS or _is_extra(listings, str(n))]
    if not names:
        return np.zeros((len(listings), 0))
    values = np.stack([_number(listings, name) for name in names], axis=1)
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (values - mean) ** 2, 0).sum(axis=0) / count)
    return np.where(known, (values - mean) / np.where(spread > 0, spread, 1), 0) * _NUMBER_WEIGHT


def sparse_words(listings: pd.DataFrame) -> sparse.csr_matrix:
    """Words and pairs of words by TF-IDF, numbers beside them."""
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")
    try:
        terms = words.fit_transform(line(listings))
    except ValueError:  # not one word in the whole pool
        terms = sparse.csr_matrix((len(listings), 1))
    return sparse.hstack([terms, numbers(listings)]).tocsr()


def word_vectors(listings: pd.DataFrame) -> np.ndarray:
    """Sentence embeddings, each text embedded once on this machine."""
    return SentenceEmbedder().embed(line(listings))


def dense(listings: pd.DataFrame) -> np.ndarray:
    """Sentence embeddings in their main directions: few enough for a linear bandit."""
    vectors = word_vectors(listings)
    n = min(_COMPONENTS, len(vectors) - 1)
    components: np.ndarray = PCA(n, random_state=0).fit_transform(vectors)
    return components * _COMPONENT_WEIGHT


def _is_extra(listings: pd.DataFrame, name: str) -> bool:
    """Another column that holds numbers and nothing else, though as text: `energy`, `bpm`."""
    if name in _NO_NUMBERS or name.endswith("_at") or name.endswith("_id"):
        return False
    given = listings[name].astype(str).str.strip()
    given = given[~given.isin(["", "nan", "<NA>", "None"])]
    return bool(len(given)) and bool(pd.to_numeric(given, errors="coerce").notna().all())


def _number(listings: pd.DataFrame, name: str) -> np.ndarray:
    values = pd.to_numeric(listings[name], errors="coerce").to_numpy(dtype=float)
    return np.where(np.isfinite(values), values, np.nan)


class RandomPolicy:
    """Chooses at random: the base rate, with luck."""

    def __init__(self, listings: pd.DataFrame, seed: int) -> None:
        self.rng = np.random.default_rng(100 + seed)

    def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        """Learn nothing."""

    def select(self, candidates: np.ndarray, k: int) -> Selection:
        """Choose any."""
        return Selection(self.rng.permutation(candidates)[:k], np.ones(k, dtype=bool))

    def predict_proba(self, rows: np.ndarray) -> np.ndarray | None:
        """Have no opinion."""
        return None

    def uncertainty(self, rows: np.ndarray) -> np.ndarray | None:
        """Have no uncertainty."""
        return None

    def embed(self, rows: np.ndarray) -> np.ndarray | None:
        """Have no embedding."""
        return None


class ScoringPolicy(RandomPolicy):
    """Chooses the highest scores; ties go to who comes first. Subclasses give `scores`."""

    def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        """Keep all answers so far."""
        self.rows, self.keeper = rows, keeper

    def select(self, candidates: np.ndarray, k: int) -> Selection:
        """Choose the highest scores; while all answers are the same, the first candidates."""
        explore = np.zeros(k, dtype=bool)
        if len(np.unique(self.keeper)) < 2:
            return Selection(candidates[:k], explore)
        place = np.argsort(-self.scores(candidates), kind="stable")[:k]
        proba = self.predict_proba(candidates[place])
        return Selection(candidates[place], explore, proba)

    def scores(self, candidates: np.ndarray) -> np.ndarray:
        """Give a score for each candidate, higher where a keeper is likelier."""
        raise NotImplementedError


class OraclePolicy(ScoringPolicy):
    """Knows every answer: no policy finds more. What it finds is the most there was to find."""

    def __init__(self, listings: pd.DataFrame, seed: int, *, answers: np.ndarray) -> None:
        self.answers = answers

    def select(self, candidates: np.ndarray, k: int) -> Selection:
        """Choose keepers while there are any."""
        place = np.argsort(-self.answers[candidates], kind="stable")[:k]
        return Selection(candidates[place], np.zeros(k, dtype=bool))


class LogisticPolicy(ScoringPolicy):
    """Logistic regression on fixed features, classes balanced, learned anew for each batch."""

    def __init__(self, features: Any, seed: int) -> None:
        self.features = features

    def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        """Learn from all answers so far."""
        super().update(rows, keeper, n_new)
        self.model = None
        if len(np.unique(keeper)) > 1:
            model = LogisticRegression(C=3, class_weight="balanced", max_iter=500)
            self.model = model.fit(self.features[rows], keeper)

    def predict_proba(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the probability the model has; it is meant for ranking, being class-balanced."""
        return None if self.model is None else self.model.predict_proba(self.features[rows])[:, 1]

    def scores(self, candidates: np.ndarray) -> np.ndarray:
        """Rank by probability."""
        proba = self.predict_proba(candidates)
        return np.zeros(len(candidates)) if proba is None else proba


class LinearBanditPolicy(ScoringPolicy):
    """Bayesian linear regression of the answer: `ucb` (LinUCB, Li et al. 2010) or `thompson`
    (LinTS, Agrawal & Goyal 2013), one model for all listings."""

    def __init__(self, features: np.ndarray, seed: int, *, rule: str) -> None:
        self.features = np.hstack([features, np.ones((len(features), 1))])
        self.rule = rule
        self.rng = np.random.default_rng(100 + seed)

    def scores(self, candidates: np.ndarray) -> np.ndarray:
        """Give the upper bound of the reward, or a draw from its posterior."""
        known, rows = self.features[self.rows], self.features[candidates]
        covariance = np.linalg.inv(known.T @ known + np.eye(known.shape[1]))
        weights = covariance @ known.T @ self.keeper
        if self.rule == "thompson":
            return rows @ self.rng.multivariate_normal(weights, 0.05 * covariance)
        spread = np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))
        return rows @ weights + 0.5 * spread


class BanditPolicy(RandomPolicy):
    """djlib's own bandit, through its public interface."""

    def __init__(self, listings: pd.DataFrame, seed: int, *, explores: bool = True, **how: Any):
        from ..bandit import ContrastiveBandit

        self.listings = listings
        self.explores = explores
        self.bandit = ContrastiveBandit(random_state=seed, **how)
        self.place = dict(zip(listings["listing_id"], range(len(listings)), strict=True))
        self.is_new = True

    def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        """Fit on the answers of the start, then update with each batch."""
        known = self.listings.iloc[rows[-n_new:]].assign(keeper=keeper[-n_new:])
        (self.bandit.fit if self.is_new else self.bandit.update)(known)
        self.is_new = False

    def select(self, candidates: np.ndarray, k: int) -> Selection:
        """Choose as `select` does, or, where it is not to explore, the most probable."""
        if not self.explores:
            proba = self.bandit.predict_proba(self.listings.iloc[candidates])[:, 1]
            place = np.argsort(-proba, kind="stable")[:k]
            return Selection(candidates[place], np.zeros(k, dtype=bool), proba[place])
        pool = self.listings.iloc[np.sort(candidates)].reset_index(drop=True)
        chosen = self.bandit.select(pool, k=k)
        rows = np.array([self.place[name] for name in chosen["listing_id"]])
        explore = chosen["selection_strategy"].to_numpy() != "exploit"
        return Selection(rows, explore, chosen["mean"].to_numpy(dtype=float))

    def predict_proba(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the bandit's probability of a keeper."""
        return np.asarray(self.bandit.predict_proba(self.listings.iloc[rows])[:, 1])

    def uncertainty(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the bandit's uncertainty of its probabilities."""
        return self.bandit.moments(self.listings.iloc[rows])[1]

    def embed(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the bandit's embedding."""
        return np.asarray(self.bandit.embed(self.listings.iloc[rows]))


POLICIES: Mapping[str, PolicyFactory] = {
    "random": RandomPolicy,
    "greedy": lambda listings, seed: LogisticPolicy(sparse_words(listings), seed),
    "greedy_sbert": lambda listings, seed: LogisticPolicy(
        np.hstack([word_vectors(listings), numbers(listings)]), seed
    ),
    "linucb": lambda listings, seed: LinearBanditPolicy(dense(listings), seed, rule="ucb"),
    "lints": lambda listings, seed: LinearBanditPolicy(dense(listings), seed, rule="thompson"),
    "faithful": lambda listings, seed: BanditPolicy(listings, seed, mode="faithful"),
    "strong": lambda listings, seed: BanditPolicy(listings, seed, mode="strong"),
    "faithful_greedy": lambda listings, seed: BanditPolicy(
        listings, seed, mode="faithful", explores=False
    ),
    "strong_greedy": lambda listings, seed: BanditPolicy(
        listings, seed, mode="strong", explores=False
    ),
}
"""Policies by name; `X_greedy` is X that never explores, to see what exploring is worth."""

ABOUT: Mapping[str, str] = {
    "random": "any candidates: finds the base rate",
    "greedy": "logistic regression on words (TF-IDF), the most probable first",
    "greedy_sbert": "logistic regression on sentence embeddings, the most probable first",
    "linucb": "linear bandit on sentence embeddings, upper confidence bound",
    "lints": "linear bandit on sentence embeddings, Thompson sampling",
    "faithful": "djlib's bandit by the original formulae",
    "strong": "djlib's bandit as it is used",
    "faithful_greedy": "faithful that never explores",
    "strong_greedy": "strong that never explores",
    "oracle": "knows every answer: the most there is to find",
}
"""What each name stands for."""


def policy_factory(
    name: str, answers: np.ndarray, factories: Mapping[str, PolicyFactory] = POLICIES
) -> PolicyFactory:
    """The factory called `name`; the oracle needs the answers."""
    if name == "oracle":
        return lambda listings, seed: OraclePolicy(listings, seed, answers=answers)
    return factories[name]


def listing_ids(listings: pd.DataFrame) -> pd.DataFrame:
    """The listings with ids that are there and differ: policies are told apart by them."""
    named = listings.reset_index(drop=True)
    ids = pd.Series(text_of(named, "listing_id"))
    if ids.duplicated().any() or ids.eq("").any():
        named = named.assign(listing_id=[f"row {n + 1}" for n in range(len(named))])
    return named
