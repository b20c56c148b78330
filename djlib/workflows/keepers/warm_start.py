"""Answers that exist already: a table with `keeper`, or what a person owns and wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import InputError, NotFoundError
from ...formats.records.listings import read_listings
from ...settings import Settings, Workspace
from ...tables.cells import text_of
from ...tables.problems import Problem
from ..core.progress import ProgressReporter
from ..core.runs import run
from ..core.song_identity import is_other_song
from .labels import Label, LabelLog, answer_of, labels_so_far, log_labels
from .models import learn_labels
from .scan import known_listings

_PASSED_A_KEEPER = 4
"""Listings taken as passed for each that is owned or wanted: about what collectors keep."""


@dataclass(frozen=True)
class WarmReport:
    """What was learned from: keepers and passed ones that a table says, or that were guessed from a
    collection (`guessed`: passed ones nobody was asked about); `known` were in the log already."""

    source: str
    keepers: int
    passed: int
    guessed: int
    known: int
    version: str
    problems: list[Problem] = field(repr=False)


def warm_start(
    workspace: Workspace, settings: Settings, source: Path | None = None, *, talk: ProgressReporter
) -> WarmReport:
    """Learn from the column `keeper` of `source`; where it has none, from its owned and wanted
    records, with other listings as passed ones. The scanned listings, which are the default, hold
    no answers.

    What was guessed so is asked about like any other listing, and an answer replaces it. The
    model learns all anew, and starts with batch 0 unless batches were answered. Raises
    `InputError` where there is nothing to learn from.
    """
    with run(workspace, settings, "train", talk) as noted:
        scanned = known_listings(workspace)
        table, problems = _listings(source, scanned)
        labels = labels_so_far(workspace)
        has_answers = "keeper" in table and text_of(table, "keeper").str.strip().ne("").any()
        if has_answers:
            found = _answered(table, problems)
        else:
            pool = table if scanned is None else pd.concat([table, scanned], ignore_index=True)
            found = _collected(table, pool, settings.seed)
        new = [label for label in found if _is_new(label, labels)]
        if not found or (not new and not labels.n_logged):
            raise InputError(
                f"{source or workspace.listings}: nothing to learn from: "
                + ("it has no column 'keeper' with answers, and " if source else "")
                + "no record in it is owned or wanted"
                + ("" if source else "; 'djlib train FILE' learns a file of answers")
            )
        log_labels(workspace, new, str(source or workspace.listings))
        version = learn_labels(workspace, settings, labels_so_far(workspace), talk, anew=True)
        noted |= {"source": str(source or workspace.listings), "taken": len(new)}
        return WarmReport(
            source=str(source or workspace.listings),
            keepers=sum(label.keeper for label in new),
            passed=sum(not label.keeper and not label.weak for label in new),
            guessed=sum(label.weak for label in new),
            known=len(found) - len(new),
            version=version.id,
            problems=problems,
        )


def _listings(
    source: Path | None, scanned: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[Problem]]:
    if source is not None:
        return read_listings(source)
    if scanned is None:
        raise NotFoundError(
            "no listings to learn from; run 'djlib scan FILE' first, or name a file"
        )
    return scanned, []


def _answered(table: pd.DataFrame, problems: list[Problem]) -> list[Label]:
    """The answers of a table."""
    found = []
    for row, cell in zip(table.to_dict("records"), text_of(table, "keeper"), strict=True):
        keeper = answer_of(cell)
        if keeper is not None:
            found.append(Label(str(row["listing_id"]), keeper, row))
        elif cell.strip():
            reason = f"{row['listing_id']}: not an answer; allowed: 1, 0, yes, no"
            problems.append(Problem(None, "keeper", cell, reason))
    return found


def _collected(table: pd.DataFrame, pool: pd.DataFrame, seed: int) -> list[Label]:
    """Owned and wanted records as keepers; some of the other listings as passed, for contrast."""
    is_kept = (text_of(table, "owned") == "1") | (text_of(table, "wanted") == "1")
    kept = [Label(str(r["listing_id"]), 1, _bare(r)) for r in table[is_kept].to_dict("records")]
    if not kept:
        return []
    is_mine = (text_of(pool, "owned") == "1") | (text_of(pool, "wanted") == "1")
    ids = {label.listing_id for label in kept}
    others = pool[~is_mine & ~pool["listing_id"].isin(ids)].drop_duplicates("listing_id")
    rng = np.random.default_rng([seed, len(kept)])
    n = min(len(others), _PASSED_A_KEEPER * len(kept))
    places = np.sort(rng.choice(len(others), n, replace=False))
    passed = others.iloc[places].to_dict("records")
    return kept + [Label(str(r["listing_id"]), 0, _bare(r), weak=True) for r in passed]


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    """A listing without what only owned or wanted ones have: that would give it away."""
    tells = ("owned", "wanted", "rating", "cost", "date_added")
    return {c: v for c, v in row.items() if c not in tells and not c.startswith("price_")}


def _is_new(label: Label, labels: LabelLog) -> bool:
    """Whether the log does not say so yet; a guess never replaces an answer."""
    logged = labels.by_id.get(label.listing_id)
    if logged is None or is_other_song(logged.listing, label.listing):
        return True
    if label.weak:
        return False
    return logged.weak or logged.keeper != label.keeper
