"""What else ranks calls: likeness to liked ones, popularity, a plain LightGBM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize


@dataclass(frozen=True)
class Game:
    """All calls and what is counted of them; ratings with how each call stood then, how all stand
    now; the rows to rank, and which of them the person "p0" truly likes."""

    calls: pd.DataFrame
    counts: Any
    ratings: pd.DataFrame
    now: pd.DataFrame
    rest: np.ndarray
    likes: np.ndarray
    seed: int

    @property
    def own(self) -> pd.DataFrame:
        """The ratings of the person who is ranked for."""
        return self.ratings[self.ratings["user_id"] == "p0"]


def cosine(game: Game) -> np.ndarray:
    """Likeness of TF-IDF to the mean of what was liked."""
    words = _words(game.calls)
    own = game.own
    liked = own.loc[own["liked"] > 0.5, "row"].to_numpy()
    if not len(liked):
        return np.zeros(len(game.rest))
    middle = normalize(np.asarray(words[liked].mean(axis=0)))
    return np.asarray(words[game.rest] @ middle.T).ravel()


def popularity(game: Game) -> np.ndarray:
    """How well others liked the call and its source, and how often both were opened."""
    return game.now.iloc[game.rest, :4].sum(axis=1).to_numpy()


def lightgbm_plain(game: Game) -> np.ndarray:
    """LightGBM with its defaults on TF-IDF, source and engagement of the person's ratings."""
    import lightgbm

    words, own = _words(game.calls), game.own
    rows, standing = own["row"].to_numpy(), list(game.now.columns)
    source = TfidfVectorizer(token_pattern=r".+", binary=True).fit_transform(game.calls["source"])
    everything = sparse.hstack([words, source], format="csr")
    train = sparse.hstack([everything[rows], own[standing].to_numpy()], format="csr")
    test = sparse.hstack([everything[game.rest], game.now.iloc[game.rest].to_numpy()], format="csr")
    if own["liked"].nunique() < 2:
        return np.zeros(len(game.rest))
    model = lightgbm.LGBMClassifier(verbose=-1, n_jobs=1, random_state=0)
    model.fit(train.astype(np.float32), own["liked"].to_numpy() > 0.5)
    return np.asarray(model.predict_proba(test.astype(np.float32)))[:, 1]


def chance(game: Game) -> np.ndarray:
    """Drawn by lot."""
    return np.random.default_rng(game.seed).random(len(game.rest))


def _words(calls: pd.DataFrame) -> sparse.csr_matrix:
    text = calls["title"] + " " + calls["tags"] + " " + calls["description"].str[:2000]
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), max_features=30_000)
    return vectorizer.fit_transform(text)


PEERS: dict[str, Callable[[Game], np.ndarray]] = {
    "TF-IDF cosine": cosine,
    "popularity": popularity,
    "LightGBM, plain": lightgbm_plain,
    "chance": chance,
}
