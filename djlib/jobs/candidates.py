"""Who may be chosen next: listings that nobody answered for, as many as are to be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import NotFoundError
from ..formats.listings import iter_listings
from ..settings import Settings, Workspace
from ..tables.problems import Problem
from .keeps import Keeps
from .memory import give_back
from .songs import is_other_song

_MANY = 100_000
_FEW_VALUES, _SAMPLE = 500, 10_000
"""A column of text with no more values in so many rows is kept as codes where there are many."""
_NOT_OF_A_CANDIDATE = ["keeper", "owned", "wanted", "rating"]


@dataclass(frozen=True)
class Candidates:
    """The listings to look at, how many were open in all, and how many answered before."""

    listings: pd.DataFrame
    n_open: int
    answered: int


def candidates(
    workspace: Workspace,
    settings: Settings,
    source: Path | None,
    keeps: Keeps,
    problems: list[Problem],
) -> Candidates:
    """The open listings of `source` (those scanned by default), never two copies of a large table.

    Raises `NotFoundError` where there are no listings, or none is left.
    """
    parts, answered, n = [], 0, 0
    for listings in _listings(workspace, source, problems):
        part, met = _open(listings, keeps)
        parts.append(part.drop(columns=_NOT_OF_A_CANDIDATE, errors="ignore"))
        answered += met
        n += len(listings)
    pool = pd.concat(parts, ignore_index=True)
    parts.clear()
    if not len(pool):
        raise NotFoundError(f"all {n:,} listings are answered; scan more, or name another file")
    return Candidates(_looked_at(pool, settings, keeps), len(pool), answered)


def _listings(
    workspace: Workspace, source: Path | None, problems: list[Problem]
) -> Iterator[pd.DataFrame]:
    if source is None and not workspace.listings.is_file():
        raise NotFoundError(
            f"no listings to choose from: {workspace.listings} does not exist; "
            "run 'djlib scan FILE' first, or name a file"
        )
    # What a scan wrote was checked then.
    return iter_listings(source or workspace.listings, problems if source else [])


def _open(listings: pd.DataFrame, keeps: Keeps) -> tuple[pd.DataFrame, int]:
    """Listings nobody answered for yet, without owned ones, and how many were answered."""
    said = keeps.said
    met = np.flatnonzero(listings["listing_id"].isin(said))
    rows = listings.iloc[met].to_dict("records")
    other = [is_other_song(said[row["listing_id"]].listing, row) for row in rows]
    answered = met[~np.array(other, dtype=bool)]
    is_open = np.ones(len(listings), dtype=bool)
    is_open[answered] = False
    if "owned" in listings:  # nobody is asked whether to buy what they have
        is_open &= (listings["owned"] != "1").to_numpy()
    return listings[is_open].reset_index(drop=True), len(answered)


def _looked_at(pool: pd.DataFrame, settings: Settings, keeps: Keeps) -> pd.DataFrame:
    """All, or some at random, others in every batch."""
    asked = settings.keepers.pool
    if asked == "all" or int(asked) >= len(pool):
        return _slim(pool) if len(pool) > _MANY else pool
    rng = np.random.default_rng([settings.seed, keeps.n_batches, keeps.n_logged])
    places = np.sort(rng.choice(len(pool), int(asked), replace=False))
    return pool.iloc[places].reset_index(drop=True)


def _slim(pool: pd.DataFrame) -> pd.DataFrame:
    """The same with genres, countries and the like as codes, a fifth of what text takes."""
    for name in pool.select_dtypes("str").columns:
        if pool[name].head(_SAMPLE).nunique() <= _FEW_VALUES:
            pool[name] = pool[name].astype("category")
    give_back()
    return pool
