"""`select-batch`: the next listings worth asking a person about, in one file to answer in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import InputError, NotFoundError
from ...formats.records.listings import iter_listings
from ...settings import Settings, Workspace
from ...tables.events import utc_now
from ...tables.io import read_table, write_table
from ...tables.problems import Problem
from ...tables.schema import BATCH
from ..core.edits import copy_aside
from ..core.progress import ProgressReporter, give_back
from ..core.runs import run
from ..core.song_identity import is_other_song
from .ab_test import Arm, Chosen, arm_in_force, choose_alone, choose_together, other_arm
from .labels import LabelLog, answer_of, labelled, labels_so_far
from .records import one_a_record, record_keys
from .selections import listings_of, log_selection

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
    labels: LabelLog,
    problems: list[Problem],
) -> Candidates:
    """The open listings of `source` (those scanned by default), never two copies of a large table.

    Raises `NotFoundError` where there are no listings, or none is left.
    """
    parts, answered, n = [], 0, 0
    for listings in _listings(workspace, source, problems):
        part, n_labelled = _open(listings, labels)
        parts.append(part.drop(columns=_NOT_OF_A_CANDIDATE, errors="ignore"))
        answered += n_labelled
        n += len(listings)
    pool = pd.concat(parts, ignore_index=True)
    parts.clear()
    if not len(pool):
        raise NotFoundError(f"all {n:,} listings are answered; scan more, or name another file")
    return Candidates(_looked_at(pool, settings, labels), len(pool), answered)


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


def _open(listings: pd.DataFrame, labels: LabelLog) -> tuple[pd.DataFrame, int]:
    """Listings nobody answered for yet, without owned ones, and how many were answered."""
    explicit = labels.explicit
    labelled_rows = np.flatnonzero(listings["listing_id"].isin(explicit))
    rows = listings.iloc[labelled_rows].to_dict("records")
    other = [is_other_song(explicit[row["listing_id"]].listing, row) for row in rows]
    answered = labelled_rows[~np.array(other, dtype=bool)]
    is_open = np.ones(len(listings), dtype=bool)
    is_open[answered] = False
    if "owned" in listings:  # nobody is asked whether to buy what they have
        is_open &= (listings["owned"] != "1").to_numpy()
    return listings[is_open].reset_index(drop=True), len(answered)


def _looked_at(pool: pd.DataFrame, settings: Settings, labels: LabelLog) -> pd.DataFrame:
    """All, or some at random, others in every batch."""
    asked = settings.keepers.pool
    if asked == "all" or int(asked) >= len(pool):
        return _slim(pool) if len(pool) > _MANY else pool
    rng = np.random.default_rng([settings.seed, labels.n_batches, labels.n_logged])
    places = np.sort(rng.choice(len(pool), int(asked), replace=False))
    return pool.iloc[places].reset_index(drop=True)


def _one_a_record(pool: pd.DataFrame, labels: LabelLog) -> pd.DataFrame:
    """The cheapest offer of each record nobody answered for; of a record whose every offer was
    answered nothing is left. All as they are where there are very many."""
    if len(pool) > _MANY:
        return pool
    answered = set(record_keys(labelled(labels.explicit.values()))) if labels.explicit else set()
    is_new = ~record_keys(pool).isin(answered).to_numpy(dtype=bool)
    if not is_new.any():
        raise NotFoundError("every record left is another offer of one you answered; scan more")
    pool = pool[is_new].reset_index(drop=True)
    rows, _ = one_a_record(pool)
    return pool.iloc[rows].reset_index(drop=True)


def _slim(pool: pd.DataFrame) -> pd.DataFrame:
    """The same with genres, countries and the like as codes, a fifth of what text takes."""
    for name in pool.select_dtypes("str").columns:
        if pool[name].head(_SAMPLE).nunique() <= _FEW_VALUES:
            pool[name] = pool[name].astype("category")
    give_back()
    return pool


_SHOWN = {"mean": 4, "uncertainty_at_selection": 4}
"""Digits in the file, which people read; the log keeps them all."""


@dataclass(frozen=True)
class BatchReport:
    """A batch: how many listings there were to choose from, how many were answered before, the rows
    of the batch, how it splits, and where it was written; `kept` is a copy of an older batch that
    held answers. `ab` is how many of the rows each side chose, by name, where two did;
    `warnings` is what the model found wrong with itself."""

    source: str
    version: str
    batch_id: str
    batch_number: int
    exploration_rate: float
    pool: int
    answered: int
    split: dict[str, int]
    ab: dict[str, int] | None
    warnings: dict[str, str]
    rows: list[dict[str, Any]]
    problems: list[Problem] = field(repr=False)
    kept: str | None = None
    written: str | None = None


def select_listings(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    *,
    output: Path | None = None,
    ab: str | None = None,
    talk: ProgressReporter,
    dry_run: bool = False,
) -> BatchReport:
    """Choose the next `k` listings of `source` (those scanned by default) and write them to
    `data/batch.csv`, with the whole decision in the log.

    Listings answered before are never asked again. With `ab`, a mode, a version or "random", half
    of the batch is theirs. Raises `NotFoundError` where there are no listings, or none is left.
    """
    with run(workspace, settings, "select-batch", talk, recorded=not dry_run) as noted:
        output = output or workspace.batch
        labels = labels_so_far(workspace)
        problems: list[Problem] = []
        found = candidates(workspace, settings, source, labels, problems)
        found = replace(found, listings=_one_a_record(found.listings, labels))
        sides = [arm_in_force(workspace, settings, labels, talk)]
        sides += [other_arm(workspace, settings, labels, ab, talk)] if ab else []
        chosen = _chosen(sides, found.listings, settings, labels, talk)
        batch = _batch(chosen.picked, found.listings)
        names = (sides[0].name, sides[1].name) if ab else None
        kept = None
        if not dry_run:
            kept = keep_answers(output, labels)
            log_selection(
                workspace, batch, found.listings, chosen.moments,
                version=sides[0].version, sides=names,
                keeps_logged=labels.n_logged, pool=found.n_open,
            )  # fmt: skip
            write_table(batch[BATCH.names].round(_SHOWN), output, defuse=True)
            noted |= {"source": str(source or workspace.listings), "rows": len(batch)}
            noted |= {"version": sides[0].version, "output": str(output.absolute())}
        first = batch.iloc[0]
        return BatchReport(
            source=str(source or workspace.listings),
            version=sides[0].version,
            batch_id=str(first["batch_id"]),
            batch_number=int(first["batch_number"]),
            exploration_rate=float(first["exploration_rate"]),
            pool=len(found.listings),
            answered=found.answered,
            split={str(k): int(n) for k, n in batch["selection_strategy"].value_counts().items()},
            ab=_shares(batch, names),
            warnings=chosen.warnings,
            rows=batch[BATCH.names].to_dict("records"),
            problems=problems,
            kept=str(kept) if kept else None,
            written=None if dry_run else str(output),
        )


def _chosen(
    sides: list[Arm],
    listings: pd.DataFrame,
    settings: Settings,
    labels: LabelLog,
    talk: ProgressReporter,
) -> Chosen:
    if len(sides) == 1:
        return choose_alone(sides[0], listings, settings, talk)
    state = np.random.SeedSequence([settings.seed, labels.n_batches, labels.n_logged])
    seed = int(state.generate_state(1)[0])
    return choose_together(sides[0], sides[1], listings, settings, seed, talk)


def _shares(batch: pd.DataFrame, names: tuple[str, str] | None) -> dict[str, int] | None:
    if names is None:
        return None
    found = [int((batch["arm"] == side).sum()) for side in ("first", "second")]
    return dict(zip(names, found, strict=True))


def _batch(picked: pd.DataFrame, listings: pd.DataFrame) -> pd.DataFrame:
    """The chosen listings with what a person wants to see of them, in the order chosen."""
    shown = listings_of(listings, picked["listing_id"])
    extra = [c for c in picked if c != "listing_id"]
    batch = shown.reset_index(drop=True).drop(columns=extra, errors="ignore")
    batch = pd.concat([batch, picked[extra].reset_index(drop=True)], axis=1)
    now = utc_now()
    batch = batch.assign(keeper="", selected_at=now)
    batch["batch_id"] = f"{now.translate(_NO_SIGNS)}-{secrets.token_hex(3)}"
    numbers = {c.name for c in BATCH.columns if not c.is_text}
    for name in BATCH.names:
        if name not in batch:
            batch[name] = np.nan if name in numbers else ""
    return batch


_NO_SIGNS = str.maketrans("", "", "-:")


def keep_answers(output: Path, labels: LabelLog) -> Path | None:
    """Copy a batch aside that holds answers nobody took in, or is no batch at all."""
    if not output.is_file():
        return None
    try:
        table = read_table(output, schema=BATCH, problems=[], duplicates="keep")
    except InputError:
        return copy_aside(output)
    explicit = labels.explicit
    cells = zip(table["listing_id"], table["keeper"], strict=True)
    fresh = [
        cell.strip() and (i not in explicit or answer_of(cell) != explicit[i].keeper)
        for i, cell in cells
    ]
    return copy_aside(output) if any(fresh) else None
