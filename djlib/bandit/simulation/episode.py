"""Replay of a labelled pool: how many keepers a policy would have found with so many labels.

Every policy starts from the same answers and meets the same candidates (common random numbers), so
that what differs between two policies is the policies. What is predicted of a listing is
written down before its label is learned.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ...errors import InputError

FEWEST = 40
"""Rows of the smallest pool worth simulating: the usual start is 20 of them."""

_ASIDE = 100
"""Candidates a batch, drawn at random, whose probabilities are recorded."""


@dataclass(frozen=True)
class SimulationOptions:
    """How it is simulated: `start` random answers, then `batches` of `k` out of `candidates` drawn
    at random from what is not yet answered (None: out of all)."""

    batches: int = 10
    k: int = 20
    start: int = 20
    candidates: int | None = 1000


@dataclass(frozen=True)
class Selection:
    """What a policy chose: `rows` of the pool, for each whether it was to `explore`, and `mean`,
    the probability of a keeper, where the policy has one."""

    rows: np.ndarray
    explore: np.ndarray
    mean: np.ndarray | None = None


class SimulatedPolicy(Protocol):
    """A policy in a simulation. Rows are places in the pool that it was made for."""

    def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        """Take all answers so far; the last `n_new` are new."""

    def select(self, candidates: np.ndarray, k: int) -> Selection:
        """Choose `k` of the `candidates`."""

    def predict_proba(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the probability of a keeper for each row; None from a policy without."""

    def uncertainty(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the standard deviation of that probability; None from a policy without."""

    def embed(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the embedding of each row; None from a policy without."""


PolicyFactory = Callable[[pd.DataFrame, int], SimulatedPolicy]
"""Makes a policy from the listings of a pool, without answers, and a seed."""


@dataclass(frozen=True)
class Episode:
    """One episode. Of each pick: its `batch`, its row, whether it was to explore, the
    probability predicted before its label (NaN: none) and the label; the same of rows drawn at
    random (`aside_*`); `start` are the rows it began with."""

    start: np.ndarray
    batch: np.ndarray
    rows: np.ndarray
    explore: np.ndarray
    mean: np.ndarray
    keeper: np.ndarray
    aside_mean: np.ndarray
    aside_keeper: np.ndarray
    early_auc: tuple[float, float]
    """How well the answers of the first half were ranked: when just learned, and at the end."""
    uncertainty: tuple[float, float]
    """Mean uncertainty of its picks: when it picked them, and at the end."""
    embedding: np.ndarray | None
    seconds: float

    def keepers(self) -> np.ndarray:
        """Keepers found in each batch."""
        return np.bincount(self.batch, weights=self.keeper).astype(int)


def check_pool(listings: pd.DataFrame, name: str, options: SimulationOptions) -> np.ndarray:
    """Give the answers of a pool, 0 or 1 for each row; raises `InputError` where it cannot be
    simulated.

    >>> check_pool(pd.DataFrame({"keeper": ["1", "0"] * 20}), "pool.csv", SimulationOptions())[:3]
    array([1, 0, 1])
    """
    if "keeper" not in listings:
        raise InputError(
            f"{name}: no column 'keeper'; found {', '.join(map(str, listings.columns[:12]))}: "
            "a pool to simulate on says 1 or 0 for every row"
        )
    read = pd.to_numeric(listings["keeper"], errors="coerce").to_numpy(dtype=float)
    bad = np.flatnonzero(~np.isin(read, (0.0, 1.0)))
    if len(bad):
        value = listings["keeper"].iloc[bad[0]]
        raise InputError(
            f"{name}: keeper is {str(value)[:40]!r} in row {bad[0] + 1} ({len(bad)} such rows): "
            "every row needs 1 or 0; leave out the others"
        )
    keeper = read.astype(int)
    least = max(FEWEST, options.start + options.k)
    if len(keeper) < least:
        raise InputError(f"{name}: {len(keeper)} rows are too few to simulate on, {least} needed")
    if len(np.unique(keeper)) < 2:
        label = "1" if keeper[0] else "0"
        raise InputError(f"{name}: keeper is {label} in every row: there is nothing to find out")
    return keeper


def replay(
    listings: pd.DataFrame,
    keeper: np.ndarray,
    factory: PolicyFactory,
    options: SimulationOptions,
    *,
    seed: int = 0,
    before: np.ndarray | None = None,
    among: np.ndarray | None = None,
) -> Episode:
    """Simulate one episode: the labels `keeper` (n,) are revealed as the policy selects.

    The start is drawn and candidates come from the rows `among` (None: all); the answers of the
    rows `before` are known beside it. A pool that runs out ends the episode early.
    """
    n = len(keeper)
    among = np.arange(n) if among is None else among
    start = np.random.default_rng(seed).permutation(among)[: options.start]
    known = np.concatenate([np.zeros(0, dtype=int) if before is None else before, start])
    policy = factory(listings, seed)
    record = _Record()
    n_new, early = len(known), known
    for batch in range(options.batches):
        draw = np.random.default_rng(1000 * seed + batch)
        rest = np.setdiff1d(among, known)
        candidates = draw.permutation(rest)[: options.candidates or n]
        if len(candidates) < options.k:
            break
        record.timed(policy.update, known, keeper[known], n_new)
        if batch == options.batches // 2:
            early = known
            record.early_auc = _auc(policy, early, keeper)
        record.add_sample(policy, candidates[:_ASIDE], keeper)
        pick = record.timed(policy.select, candidates, options.k)
        record.note(batch, pick, policy.uncertainty(pick.rows), keeper)
        known, n_new = np.append(known, pick.rows), len(pick.rows)
    policy.update(known, keeper[known], n_new)
    record.late_auc = _auc(policy, early, keeper)
    return record.closed(
        start, policy.uncertainty(known[len(known) - record.n :]), policy.embed(np.arange(n))
    )


@dataclass
class _Record:
    """The record of an episode."""

    picks: list[dict[str, np.ndarray]] = field(default_factory=list)
    aside: list[np.ndarray] = field(default_factory=list)
    uncertainties: list[np.ndarray] = field(default_factory=list)
    early_auc: float = np.nan
    late_auc: float = np.nan
    seconds: float = 0.0

    def timed(self, work: Callable[..., Any], *given: Any) -> Any:
        began = time.perf_counter()
        done = work(*given)
        self.seconds += time.perf_counter() - began
        return done

    def add_sample(self, policy: SimulatedPolicy, rows: np.ndarray, keeper: np.ndarray) -> None:
        proba = policy.predict_proba(rows)
        if proba is not None:
            self.aside.append(np.stack([proba, keeper[rows]]))

    @property
    def n(self) -> int:
        """Picks so far."""
        return sum(len(pick["rows"]) for pick in self.picks)

    def note(
        self, batch: int, pick: Selection, uncertainty: np.ndarray | None, keeper: np.ndarray
    ) -> None:
        mean = np.full(len(pick.rows), np.nan) if pick.mean is None else pick.mean
        self.uncertainties.append(
            np.full(len(pick.rows), np.nan) if uncertainty is None else uncertainty
        )
        self.picks.append(
            {
                "batch": np.full(len(pick.rows), batch),
                "rows": pick.rows,
                "explore": np.asarray(pick.explore, dtype=bool),
                "mean": np.asarray(mean, dtype=float),
                "keeper": keeper[pick.rows],
            }
        )

    def closed(
        self, start: np.ndarray, uncertainty: np.ndarray | None, embedding: np.ndarray | None
    ) -> Episode:
        aside = np.concatenate(self.aside, axis=1) if self.aside else np.zeros((2, 0))
        joined = {name: np.concatenate([p[name] for p in self.picks]) for name in self.picks[0]}
        return Episode(
            start=start,
            **joined,
            aside_mean=aside[0],
            aside_keeper=aside[1].astype(int),
            early_auc=(self.early_auc, self.late_auc),
            uncertainty=(
                float(np.concatenate(self.uncertainties).mean()),
                np.nan if uncertainty is None else float(uncertainty.mean()),
            ),
            embedding=embedding,
            seconds=self.seconds,
        )


def _auc(policy: SimulatedPolicy, rows: np.ndarray, keeper: np.ndarray) -> float:
    """How well answers are ranked that were learned before; NaN where that cannot be said."""
    proba = policy.predict_proba(rows) if len(rows) else None
    if proba is None or len(np.unique(keeper[rows])) < 2:
        return np.nan
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(keeper[rows], proba))
