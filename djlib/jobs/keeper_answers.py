"""A file of answers about listings as feedback reads it: kept, passed, or not to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ..settings import Workspace
from ..tables.batch import BATCH
from ..tables.io import read_table
from ..tables.problems import Problem
from ..tables.schema import LISTINGS, TRACKS
from ..tables.sources import open_source
from ..tables.spreadsheet import undefuse
from .keeps import Keep, Keeps
from .songs import is_other_song, song_name

_LINE = "line in the file"
_YES = {"1", "1.0", "1,0", "yes", "y", "keep", "keeper", "kept", "k", "x", "true", "t"}
_NO = {"0", "0.0", "0,0", "no", "n", "drop", "pass", "skip", "not", "false", "f"}
_ALLOWED = "1, yes, keep, x or true; 0, no, drop or false; empty for not answered"


@dataclass(frozen=True)
class Answers:
    """What a file holds: answers that can be taken, rows left empty, and problems."""

    taken: list[Keep] = field(default_factory=list)
    unanswered: int = 0
    problems: list[Problem] = field(default_factory=list)


def is_of_listings(file: Path) -> bool:
    """Whether a file answers about listings: it has `listing_id`, and `keeper` or no tracks."""
    with open_source(file, 1) as source:
        headings = list(source.headings)
    known = {BATCH.known_as(heading) for heading in headings}
    is_of_tracks = TRACKS.key in {TRACKS.known_as(heading) for heading in headings}
    return "listing_id" in known and ("keeper" in known or not is_of_tracks)


def batch_meant(workspace: Workspace, file: Path | None) -> Path | None:
    """The batch a person means to go through: `file` if it is one; where none is named, that of
    the workspace, unless there are predictions. None for anything else."""
    if file is None:
        is_batch = workspace.batch.exists() and not workspace.predictions.exists()
        return workspace.batch if is_batch else None
    return file if file.is_file() and is_of_listings(file) else None


def answer_of(cell: str) -> int | None:
    """1, 0, or None for what is neither.

    >>> [answer_of(cell) for cell in ("1", "No", " x ", "maybe")]
    [1, 0, 1, None]
    """
    said = undefuse(cell).strip().casefold()
    return 1 if said in _YES else 0 if said in _NO else None


def read_answers(file: Path, known: Mapping[str, Mapping[str, Any]], keeps: Keeps) -> Answers:
    """Read a file of answers; `known` are the listings met here, by id, with what was logged when
    they were shown. Raises `InputError` for a file without the columns listing_id and keeper."""
    problems: list[Problem] = []
    table = read_table(file, schema=BATCH, problems=problems, duplicates="keep", line_column=_LINE)
    taken: dict[str, Keep] = {}
    unanswered = 0
    for row in table.to_dict("records"):
        cell = str(row["keeper"])
        if not cell.strip():
            unanswered += 1
            continue
        keep, problem = _read(row, cell, known, keeps)
        if problem:
            problems.append(problem)
        if keep is None:
            continue
        before = taken.pop(keep.listing_id, None)
        if before and before.keeper != keep.keeper:
            problems.append(
                Problem(row[_LINE], "keeper", cell, "answered twice, the last one counts", "note")
            )
        taken[keep.listing_id] = keep
    return Answers(list(taken.values()), unanswered, problems)


def _read(
    row: Mapping[str, Any], cell: str, known: Mapping[str, Mapping[str, Any]], keeps: Keeps
) -> tuple[Keep | None, Problem | None]:
    line, listing_id = int(row[_LINE]), str(row["listing_id"])
    said = answer_of(cell)
    if said is None:
        return None, Problem(line, "keeper", cell, f"not an answer; allowed: {_ALLOWED}")
    met = known.get(listing_id)
    logged = keeps.by_id.get(listing_id)
    listing = dict(met["listing"]) if met else dict(logged.listing) if logged else None
    if listing is None:
        reason = "no listing of this id was shown or scanned here; 'djlib train FILE' learns it"
        return None, Problem(line, "listing_id", listing_id, reason)
    here = {c: undefuse(str(row.get(c, ""))) for c in ("artist", "title")}
    if is_other_song(here, listing):
        reason = f"two records have this id: {song_name(here)!r} here, {song_name(listing)!r} there"
        return None, Problem(line, "listing_id", listing_id, reason)
    shown = met or {}
    batch_id = str(row.get("batch_id", "") or shown.get("batch_id", "") or "")
    strategy = str(shown.get("selection_strategy", ""))
    return Keep(listing_id, said, listing, batch_id, strategy, str(shown.get("arm", ""))), None


def ids_in(file: Path) -> set[str]:
    """The listings that a file of answers speaks of."""
    table = read_table(file, schema=BATCH, problems=[], duplicates="keep")
    return set(table["listing_id"])


def scanned(listings: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Scanned listings by id, in the form of those shown."""
    names = {*LISTINGS.names, *listings.columns}
    rows = listings.to_dict("records")
    return {row["listing_id"]: {"listing": {c: row[c] for c in names if c in row}} for row in rows}
