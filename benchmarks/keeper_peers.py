"""The other libraries of `keepers.py`, each a policy that `djlib.bandit.simulation` can replay.

Needed for their own lines only: pip install asreview mabwiser vowpalwabbit
asreview asks for pandas 2 but ran with 3.1: put these into an environment of their own and pandas
back to djlib's. It leaves a `synergy_cache.sqlite` in the current folder.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from djlib.bandit.simulation.episode import Selection
from djlib.bandit.simulation.policies import RandomPolicy, ScoringPolicy, dense
from djlib.tables.cells import text_of

_FIELDS = ("artist", "title", "label", "genres", "styles", "year", "country", "format")


class ASReviewPolicy(ScoringPolicy):
    """ASReview's default cycle (ELAS u4): TF-IDF, balanced linear SVM, the most certain first."""

    def __init__(self, listings: pd.DataFrame, seed: int) -> None:
        from asreview.learner import ActiveLearningCycle
        from asreview.models.models import get_ai_config

        self.cycle = ActiveLearningCycle.from_meta(get_ai_config()["value"])
        cells = zip(*(text_of(listings, name) for name in _FIELDS), strict=True)
        texts = [" ".join(filter(None, row)) for row in cells]
        table = pd.DataFrame({"title": texts, "abstract": [""] * len(texts)})
        self.features = self.cycle.feature_extractor.fit_transform(table)

    def select(self, candidates: np.ndarray, k: int) -> Selection:
        if len(np.unique(self.keeper)) < 2:
            return super().select(candidates, k)
        self.cycle.fit(self.features[self.rows], self.keeper)
        ranked = self.cycle.rank(self.features[candidates])
        return Selection(candidates[ranked[:k]], np.zeros(k, dtype=bool))

    def predict_proba(self, rows: np.ndarray) -> np.ndarray | None:
        return None


class MABWiserPolicy(ScoringPolicy):
    """MABWiser with one arm, "show", whose contexts are the listings: one shared model."""

    def __init__(self, listings: pd.DataFrame, seed: int, *, rule: str) -> None:
        from mabwiser.mab import MAB, LearningPolicy

        rules: dict[str, Any] = {
            "ucb": LearningPolicy.LinUCB(alpha=0.5),
            "thompson": LearningPolicy.LinTS(alpha=np.sqrt(0.05)),
        }
        features = dense(listings)
        self.features = np.hstack([features, np.ones((len(features), 1))])
        self.bandit = MAB(arms=["show"], learning_policy=rules[rule], seed=seed)

    def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        super().update(rows, keeper, n_new)
        self.bandit.fit(["show"] * len(rows), keeper, self.features[rows])

    def scores(self, candidates: np.ndarray) -> np.ndarray:
        found = self.bandit.predict_expectations(self.features[candidates])
        return np.array([one["show"] for one in found])

    def predict_proba(self, rows: np.ndarray) -> np.ndarray | None:
        return None


class SquareCBPolicy(RandomPolicy):
    """Vowpal Wabbit's SquareCB over all candidates, k of them drawn by its probabilities."""

    def __init__(self, listings: pd.DataFrame, seed: int) -> None:
        import vowpalwabbit

        super().__init__(listings, seed)
        how = "--cb_explore_adf --squarecb --gamma_scale 100 -q aa --quiet --random_seed 1"
        self.learner = vowpalwabbit.Workspace(how)
        cells = zip(*(text_of(listings, name) for name in _FIELDS[:4] + ("year",)), strict=True)
        self.examples = [
            f"|a {_tokens(a, 'a_')} {_tokens(t, 't_')} "
            f"|b {_tokens(label, 'l_')} {_tokens(g, 'g_')} y_{y[:3]}"
            for a, t, label, g, y in cells
        ]

    def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        for row, answer in zip(rows[-n_new:], keeper[-n_new:], strict=True):
            self.learner.learn([f"0:{-float(answer)}:1.0 {self.examples[row]}"])

    def select(self, candidates: np.ndarray, k: int) -> Selection:
        said = np.array(self.learner.predict([self.examples[row] for row in candidates]))
        share = np.clip(said, 1e-12, None)
        rows = self.rng.choice(candidates, k, replace=False, p=share / share.sum())
        return Selection(rows, np.zeros(k, dtype=bool))


def _tokens(text: str, prefix: str) -> str:
    return " ".join(prefix + word for word in re.findall(r"\w+", text.lower()))


PEERS = {
    "asreview": ASReviewPolicy,
    "mabwiser_linucb": lambda listings, seed: MABWiserPolicy(listings, seed, rule="ucb"),
    "mabwiser_lints": lambda listings, seed: MABWiserPolicy(listings, seed, rule="thompson"),
    "squarecb": SquareCBPolicy,
}
