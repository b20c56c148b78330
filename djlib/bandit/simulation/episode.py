"""A labelled pool played again: who would have found how many keepers with so many questions.

Everybody starts from the same answers and meets the same candidates (common random numbers), so
that what differs between two policies is the policies. What is thought of a listing is written
down before its answer is learned.
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
"""Rows of the smallest pool worth playing: the usual start is 20 of them."""

_ASIDE = 100
"""Candidates a batch, drawn at random, of which is asked what is thought of them."""


@dataclass(frozen=True)
class SimulationOptions:
    """How it is played: `start` random answers, then `batches` of `k` out of `candidates` drawn
    at random from what is not yet answered (None: out of all)."""

    batches: int = 10
    k: int = 20
    start: int = 20
    candidates: int | None = 1000


@dataclass(frozen=True)
class Pick:
    """What a player chose: `rows` of the pool, for each whether it was to `explore`, and `mean`,
    the probability of a keeper, where the player has one."""

    rows: np.ndarray
    explore: np.ndarray
    mean: np.ndarray | None = None


class SimulatedPolicy(Protocol):
    """Somebody who chooses. Rows are places in the pool that it was made for."""

    def learn(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        """Take all answers so far; the last `n_new` are new."""

    def pick(self, candidates: np.ndarray, k: int) -> Pick:
        """Choose `k` of the `candidates`."""

    def proba(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the probability of a keeper for each row; None from who has none."""

    def doubt(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the standard deviation of that probability; None from who has none."""

    def taste(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the place of each row in taste space; None from who has none."""


Maker = Callable[[pd.DataFrame, int], SimulatedPolicy]
"""Makes a player from the listings of a pool, without answers, and a seed."""


@dataclass(frozen=True)
class Episode:
    """One game as it went. Of each pick: its `batch`, its row, whether it was to explore, what
    was thought of it before its answer (NaN: nothing) and the answer; the same of rows drawn at
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
    doubt: tuple[float, float]
    """How unsure it was of its picks on average: when it picked them, and at the end."""
    taste: np.ndarray | None
    seconds: float

    def keepers(self) -> np.ndarray:
        """Keepers found in each batch."""
        return np.bincount(self.batch, weights=self.keeper).astype(int)


def check_pool(listings: pd.DataFrame, name: str, rules: SimulationOptions) -> np.ndarray:
    """Give the answers of a pool, 0 or 1 for each row; raises `InputError` where it cannot be
    played.

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
    least = max(FEWEST, rules.start + rules.k)
    if len(keeper) < least:
        raise InputError(f"{name}: {len(keeper)} rows are too few to simulate on, {least} needed")
    if len(np.unique(keeper)) < 2:
        said = "1" if keeper[0] else "0"
        raise InputError(f"{name}: keeper is {said} in every row: there is nothing to find out")
    return keeper


def replay(
    listings: pd.DataFrame,
    keeper: np.ndarray,
    make: Maker,
    rules: SimulationOptions,
    *,
    seed: int = 0,
    before: np.ndarray | None = None,
    among: np.ndarray | None = None,
) -> Episode:
    """Play one game: the answers `keeper` (n,) are revealed as they are asked for.

    The start is drawn and candidates come from the rows `among` (None: all); the answers of the
    rows `before` are known beside it. A pool that runs out ends the game early.
    """
    n = len(keeper)
    among = np.arange(n) if among is None else among
    start = np.random.default_rng(seed).permutation(among)[: rules.start]
    known = np.concatenate([np.zeros(0, dtype=int) if before is None else before, start])
    player = make(listings, seed)
    notes = _Notes()
    n_new, early = len(known), known
    for batch in range(rules.batches):
        draw = np.random.default_rng(1000 * seed + batch)
        rest = np.setdiff1d(among, known)
        candidates = draw.permutation(rest)[: rules.candidates or n]
        if len(candidates) < rules.k:
            break
        notes.timed(player.learn, known, keeper[known], n_new)
        if batch == rules.batches // 2:
            early = known
            notes.early_auc = _auc(player, early, keeper)
        notes.ask_aside(player, candidates[:_ASIDE], keeper)
        pick = notes.timed(player.pick, candidates, rules.k)
        notes.note(batch, pick, player.doubt(pick.rows), keeper)
        known, n_new = np.append(known, pick.rows), len(pick.rows)
    player.learn(known, keeper[known], n_new)
    notes.late_auc = _auc(player, early, keeper)
    return notes.closed(
        start, player.doubt(known[len(known) - notes.n :]), player.taste(np.arange(n))
    )


@dataclass
class _Notes:
    """A game as it is written down."""

    picks: list[dict[str, np.ndarray]] = field(default_factory=list)
    aside: list[np.ndarray] = field(default_factory=list)
    doubts: list[np.ndarray] = field(default_factory=list)
    early_auc: float = np.nan
    late_auc: float = np.nan
    seconds: float = 0.0

    def timed(self, work: Callable[..., Any], *given: Any) -> Any:
        began = time.perf_counter()
        done = work(*given)
        self.seconds += time.perf_counter() - began
        return done

    def ask_aside(self, player: SimulatedPolicy, rows: np.ndarray, keeper: np.ndarray) -> None:
        proba = player.proba(rows)
        if proba is not None:
            self.aside.append(np.stack([proba, keeper[rows]]))

    @property
    def n(self) -> int:
        """Picks so far."""
        return sum(len(pick["rows"]) for pick in self.picks)

    def note(self, batch: int, pick: Pick, doubt: np.ndarray | None, keeper: np.ndarray) -> None:
        thought = np.full(len(pick.rows), np.nan) if pick.mean is None else pick.mean
        self.doubts.append(np.full(len(pick.rows), np.nan) if doubt is None else doubt)
        self.picks.append(
            {
                "batch": np.full(len(pick.rows), batch),
                "rows": pick.rows,
                "explore": np.asarray(pick.explore, dtype=bool),
                "mean": np.asarray(thought, dtype=float),
                "keeper": keeper[pick.rows],
            }
        )

    def closed(
        self, start: np.ndarray, doubt: np.ndarray | None, taste: np.ndarray | None
    ) -> Episode:
        aside = np.concatenate(self.aside, axis=1) if self.aside else np.zeros((2, 0))
        joined = {name: np.concatenate([p[name] for p in self.picks]) for name in self.picks[0]}
        return Episode(
            start=start,
            **joined,
            aside_mean=aside[0],
            aside_keeper=aside[1].astype(int),
            early_auc=(self.early_auc, self.late_auc),
            doubt=(
                float(np.concatenate(self.doubts).mean()),
                np.nan if doubt is None else float(doubt.mean()),
            ),
            taste=taste,
            seconds=self.seconds,
        )


def _auc(player: SimulatedPolicy, rows: np.ndarray, keeper: np.ndarray) -> float:
    """How well answers are ranked that were learned before; NaN where that cannot be said."""
    proba = player.proba(rows) if len(rows) else None
    if proba is None or len(np.unique(keeper[rows])) < 2:
        return np.nan
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(keeper[rows], proba))
