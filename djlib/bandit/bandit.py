"""The bandit: learns which records a person keeps, and picks the ones to ask about next."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..errors import InputError, ModelError, UsageError
from ..tables.atomic import write_json
from ..tables.cells import text_of
from ..tables.io import read_table, write_table
from .acquisition import EXPLORATION_PROFILES, ExplorationProfile, adapted_explore
from .gaussian_process.policy import GaussianProcessPolicy
from .policy import EncodedPool, Policy

_POLICY = "policy"
_SETTINGS, _LABELLED = "bandit.json", "answers.parquet"


class ContrastiveBandit(BaseEstimator):
    """Picks the listings worth labelling next, and learns from the answers.

    Parameters
    ----------
    mode : str, the policy: "strong" learns all labels exactly, "faithful" is the recipe it is
        measured against (default "strong").
    random_state : int or None, seed; the same labels then give the same picks (default None).
    engine : str, what embeds the sentences, "torch", "onnx", "static" or "none" for nothing;
        strong only (default "torch").
    dial : str, the exploration profile, "accuracy", "balanced", "diverse" or "novel"; strong only
        (default "balanced").
    adaptive : bool, whether the share to explore follows the keeper rate of exploring; strong only
        (default False).
    numeric : sequence of str, extra columns of numbers that count (default ()).
    cache : str or None, folder of remembered sentence vectors; None takes the person's own
        (default None).

    Attributes
    ----------
    classes_ : array([0, 1]).
    policy_ : Policy, what learns and selects.
    labelled_ : DataFrame, the labelled listings with `keeper`, in the order of labels.
    batch_number_ : int, batches learned so far.
    health_ : dict, what was wrong with the scores of the last pool, by name; empty where nothing
        is.

    Examples
    --------
    >>> shop = pd.DataFrame({"listing_id": list("abcd"),
    ...     "title": ["Dub I", "Dub II", "Polka", "Polka II"]})
    >>> bandit = ContrastiveBandit(engine="none", random_state=0)
    >>> _ = bandit.fit(shop.iloc[[0, 2]].assign(keeper=[1, 0]))
    >>> picked = bandit.select(shop.iloc[[1, 3]], k=1)
    >>> picked["listing_id"].tolist()
    ['b']
    >>> bandit.update(picked.assign(keeper=1)).batch_number_
    1
    """

    def __init__(
        self,
        mode: str = "strong",
        random_state: int | None = None,
        engine: str = "torch",
        dial: str = "balanced",
        adaptive: bool = False,
        numeric: Sequence[str] = (),
        cache: str | None = None,
    ) -> None:
        self.mode = mode
        self.random_state = random_state
        self.engine = engine
        self.dial = dial
        self.adaptive = adaptive
        self.numeric = numeric
        self.cache = cache

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn from labels that exist already (none are needed) and start at batch 0.

        `X` holds listings with `keeper`, 1 or 0; rows without an answer are left out. Raises
        `InputError` for an answer that is neither, `UsageError` for an unknown mode or dial.
        """
        self.classes_ = np.array([0, 1])
        self.batch_number_ = 0
        self.health_: dict[str, str] = {}
        self._shown = pd.DataFrame()
        self.policy_ = self._new_policy()
        self.labelled_ = answered(X)
        self.policy_.fit(self._listings(), self._keeper())
        return self

    def update(self, X: pd.DataFrame) -> Self:
        """Learn the answers of a batch; a listing answered before takes its last answer.

        What `select` gave is enough: the rest of each listing is remembered.
        """
        check_is_fitted(self)
        batch = answered(self._completed(X))
        before = set(self.labelled_["listing_id"]) if len(self.labelled_) else set()
        if any(listing_id in before for listing_id in batch["listing_id"]):
            others = self.labelled_[~self.labelled_["listing_id"].isin(batch["listing_id"])]
            self.labelled_ = stacked(others, batch)
            self.policy_.fit(self._listings(), self._keeper())
        elif len(batch):
            is_new = np.arange(len(self.labelled_) + len(batch)) >= len(self.labelled_)
            self.labelled_ = stacked(self.labelled_, batch)
            self.policy_.update(self._listings(), self._keeper(), is_new)
        self.batch_number_ += 1
        return self

    def look_at(self, pool: pd.DataFrame) -> Self:
        """Learn from a sample of a pool what is usual in it, which `encode` does unless it was."""
        check_is_fitted(self)
        self.policy_.look_at(pool)
        return self

    def encode(
        self, pool: pd.DataFrame, progress: Callable[[int], None] | None = None
    ) -> EncodedPool:
        """Read a pool once, to `select` from it many times; learn what is usual in it.

        `progress` takes how many more listings were read. Of more than 100,000 neither letters
        nor sentences are read here: `select` reads those of the most promising.
        """
        check_is_fitted(self)
        if "listing_id" not in pool:
            raise InputError(f"a pool needs a column 'listing_id'; found {', '.join(pool.columns)}")
        pool = pool.reset_index(drop=True)
        self.look_at(pool)
        return self.policy_.encode_pool(pool, progress)

    def select(self, pool: pd.DataFrame | EncodedPool, k: int = 20) -> pd.DataFrame:
        """Pick `k` listings to ask about (all, where there are fewer).

        Columns: listing_id, selection_strategy (exploit, explore, uniform), mean,
        uncertainty_at_selection, propensity (the chance it had), reason, batch_number and
        exploration_rate. Raises `InputError` for a pool without `listing_id`.
        """
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}")
        encoded = pool if isinstance(pool, EncodedPool) else self.encode(pool)
        distinct = encoded.distinct
        rng = np.random.default_rng([self.random_state or 0, self.batch_number_])
        picks = self.policy_.select(
            distinct, k, profile=self._profile(), batch_number=self.batch_number_, rng=rng
        )
        self.health_ = self.policy_.health()
        chosen = distinct.listings.iloc[picks.rows].reset_index(drop=True)
        points = distinct.points_of(picks.rows)
        mean, uncertainty = self.policy_.predict(points)
        reasons = self.policy_.explain(chosen, points, picks.strategies)
        self._shown = chosen
        return pd.DataFrame(
            {
                "listing_id": chosen["listing_id"],
                "selection_strategy": picks.strategies,
                "mean": mean,
                "uncertainty_at_selection": uncertainty,
                "propensity": picks.propensity,
                "reason": [" | ".join(parts) for parts in reasons],
                "batch_number": self.batch_number_,
                "exploration_rate": picks.exploration_rate,
            }
        )

    def moments(self, X: pd.DataFrame | EncodedPool) -> tuple[np.ndarray, np.ndarray]:
        """Probability of being kept and its standard deviation, each (n,)."""
        check_is_fitted(self)
        points = X.points if isinstance(X, EncodedPool) else self.policy_.encode(X)
        return self.policy_.predict(points)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Probabilities of not keeping and keeping, (n, 2)."""
        mean, _ = self.moments(X)
        return np.column_stack([1 - mean, mean])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """1 where a record is more likely kept than not, (n,)."""
        return (self.moments(X)[0] > 0.5).astype(int)

    def embed(self, X: pd.DataFrame) -> np.ndarray:
        """Embeddings, (n, 64), of length one."""
        check_is_fitted(self)
        return self.policy_.embed(X)

    def nearest(self, X: pd.DataFrame, n: int = 5) -> tuple[np.ndarray, np.ndarray]:
        """The `n` rows of `labelled_` most similar to each listing and the cosine, both
        (len(X), n), most similar first; fewer columns where fewer are labelled."""
        cosine = self.embed(X) @ self.embed(self._listings()).T
        order = np.argsort(-cosine, axis=1, kind="stable")[:, :n]
        return order, np.take_along_axis(cosine, order, axis=1)

    def explain(self, X: pd.DataFrame) -> list[list[str]]:
        """Why each listing would be kept or not, the weightiest reason first."""
        check_is_fitted(self)
        points = self.policy_.encode(X)
        return self.policy_.explain(X.reset_index(drop=True), points, ["exploit"] * len(X))

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """What each part of a listing adds to its expected label (strong only)."""
        check_is_fitted(self)
        return self.policy_.contributions(self.policy_.encode(X))

    def save(self, folder: str | Path) -> None:
        """Write the bandit into `folder` by parts, none of them a pickle."""
        check_is_fitted(self)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.policy_.save(folder / _POLICY)
        parameters = self.get_params() | {"numeric": list(self.numeric), "cache": None}
        write_learned(folder, parameters, self.batch_number_, self.labelled_)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read back what `save` wrote; raises `ModelError` where it is damaged."""
        folder = Path(folder)
        parameters, batch_number, labelled = read_learned(folder)
        bandit = cls(**parameters)
        bandit.batch_number_, bandit.labelled_ = batch_number, labelled
        bandit.classes_ = np.array([0, 1])
        bandit._shown, bandit.health_ = pd.DataFrame(), {}
        bandit.policy_ = type(bandit._new_policy()).load(folder / _POLICY, labelled)
        return bandit

    def _new_policy(self) -> Policy:
        if self.dial not in EXPLORATION_PROFILES:
            raise UsageError(
                f"unknown dial {self.dial!r}; known: {', '.join(EXPLORATION_PROFILES)}"
            )
        if self.mode not in POLICY_FACTORIES:
            raise UsageError(f"unknown mode {self.mode!r}; known: {', '.join(POLICY_FACTORIES)}")
        return POLICY_FACTORIES[self.mode](self)

    def _profile(self) -> ExplorationProfile:
        profile = EXPLORATION_PROFILES[self.dial]
        if not self.adaptive or "selection_strategy" not in self.labelled_:
            return profile
        strategies = list(self.labelled_["selection_strategy"])
        return replace(profile, explore=adapted_explore(profile, strategies, self._keeper()))

    def _listings(self) -> pd.DataFrame:
        return self.labelled_.drop(columns="keeper")

    def _keeper(self) -> np.ndarray:
        return self.labelled_["keeper"].to_numpy(dtype=int)

    def _completed(self, X: pd.DataFrame) -> pd.DataFrame:
        """Labels with what else is known of their listings from the last selection."""
        if not len(self._shown) or "listing_id" not in X:
            return X
        extra = [c for c in self._shown if c not in X or c == "listing_id"]
        return X.merge(self._shown[extra], on="listing_id", how="left")


def _gaussian_process(bandit: ContrastiveBandit) -> Policy:
    return GaussianProcessPolicy(bandit.random_state, bandit.engine, bandit.numeric, bandit.cache)


def _contrastive(bandit: ContrastiveBandit) -> Policy:
    from .contrastive.policy import ContrastivePolicy  # brings torch

    return ContrastivePolicy(bandit.random_state, bandit.numeric)


POLICY_FACTORIES: dict[str, Callable[[ContrastiveBandit], Policy]] = {
    "strong": _gaussian_process,
    "faithful": _contrastive,
}
"""What makes the untrained policy of a bandit, by `mode`."""


def answered(X: pd.DataFrame) -> pd.DataFrame:
    """Rows with an answer, which becomes 0 or 1; of two answers to one listing the last."""
    if not len(X):
        return none_answered()
    if "keeper" not in X:
        raise InputError(
            f"no column 'keeper' to learn from; found {', '.join(map(str, X.columns))}"
        )
    text = text_of(X, "keeper").str.strip()
    values = pd.to_numeric(text.mask(text == ""), errors="coerce")
    wrong = text[(text != "") & ~values.isin([0, 1])]
    if len(wrong):
        raise InputError(f"keeper must be 0 or 1, not {wrong.iloc[0]!r}")
    rows = X[values.notna()].assign(keeper=values[values.notna()].astype(int))
    if "listing_id" not in rows:
        rows = rows.assign(listing_id=[f"row {n}" for n in range(len(rows))])
    return rows.drop_duplicates("listing_id", keep="last").reset_index(drop=True)


def none_answered() -> pd.DataFrame:
    """A table of answers without a row."""
    return pd.DataFrame(
        {"listing_id": pd.Series([], dtype="str"), "keeper": pd.Series([], dtype="int64")}
    )


def stacked(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The rows of both; no column of an empty table decides what the others hold."""
    if not len(first):
        return second.reset_index(drop=True)
    return pd.concat([first, second], ignore_index=True)


def write_learned(
    folder: Path, parameters: Mapping[str, Any], batch_number: int, labelled: pd.DataFrame
) -> None:
    """Write parameters, the number of batches and the answered listings into `folder`."""
    write_table(labelled, folder / _LABELLED)
    write_json(folder / _SETTINGS, {"parameters": parameters, "batch_number": batch_number})


def read_learned(folder: Path) -> tuple[dict[str, Any], int, pd.DataFrame]:
    """Read back what `write_learned` wrote; raises `ModelError` where it is damaged."""
    try:
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        table = read_table(folder / _LABELLED, problems=[], duplicates="keep")
        labelled = answered(table) if len(table) else none_answered()
        return dict(settings["parameters"]), int(settings["batch_number"]), labelled
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: not a whole keepers model ({error})") from error
