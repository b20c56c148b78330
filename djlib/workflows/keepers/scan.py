"""`scan` of record listings: exports, searches and tables, added to those already there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ...errors import InputError
from ...formats.records.listings import joined, read_all_listings
from ...settings import Settings, Workspace
from ...tables.cells import text_of
from ...tables.io import iter_table, read_table, write_table
from ...tables.problems import Problem
from ...tables.schema import LISTINGS
from ..core.progress import ProgressReporter
from ..core.runs import run

ANSWER = "keeper"


@dataclass(frozen=True)
class ListingsReport:
    """What was found: listings in the file, how many of them are new here, how many there are now,
    owned and wanted ones among those, and every problem. `answers` are rows of the file that say
    whether they are kept, which a scan does not learn."""

    source: str
    found: int
    new: int
    listings: int
    owned: int
    wanted: int
    answers: int
    problems: list[Problem] = field(repr=False)
    written: str | None = None


def scan_listings(
    workspace: Workspace,
    settings: Settings,
    sources: Path | Sequence[Path],
    *,
    talk: ProgressReporter,
    anew: bool = False,
    dry_run: bool = False,
) -> ListingsReport:
    """Read `sources` and add them to `data/listings.parquet`, every release once; with `anew`
    replace what is there. Of several sources one that cannot be read is a problem; raises
    `InputError` where no listing could be read."""
    sources = [sources] if isinstance(sources, Path) else list(sources)
    shown = ", ".join(map(str, sources))
    with run(workspace, settings, "scan", talk, recorded=not dry_run) as noted:
        with talk.step(f"Reading {', '.join(source.name for source in sources)}"):
            found, problems = read_all_listings(sources)
        if not len(found):
            why = f"; the first of {len(problems)} problems: {problems[0]}" if problems else ""
            raise InputError(f"{shown}: no listing could be read{why}")
        answers = int(text_of(found, ANSWER).str.strip().ne("").sum())
        found = found.drop(columns=ANSWER, errors="ignore")
        old = None if anew else known_listings(workspace)
        listings = found if old is None else joined(old, found)
        noted |= {"source": "|".join(str(s.absolute()) for s in sources), "listings": len(found)}
        if not dry_run:
            write_table(listings, workspace.listings)
        return ListingsReport(
            source=shown,
            found=len(found),
            new=len(listings) - (0 if old is None else len(old)),
            listings=len(listings),
            owned=int(text_of(listings, "owned").eq("1").sum()),
            wanted=int(text_of(listings, "wanted").eq("1").sum()),
            answers=answers,
            problems=problems,
            written=None if dry_run else str(workspace.listings),
        )


def known_listings(workspace: Workspace) -> pd.DataFrame | None:
    """The scanned listings, None where nothing was scanned; never an answer, which is a person's
    to give: older scans kept what a file said."""
    if not workspace.listings.is_file():
        return None
    found = read_table(workspace.listings, schema=LISTINGS, problems=[])
    return found.drop(columns=ANSWER, errors="ignore")


def listings_called(workspace: Workspace, ids: set[str]) -> pd.DataFrame:
    """The scanned listings of some ids, without a row where there are none; as `known_listings`,
    but never more than a part of a large table is held."""
    none = pd.DataFrame({LISTINGS.key: pd.Series(dtype="str")})
    if not ids or not workspace.listings.is_file():
        return none
    parts = iter_table(workspace.listings, schema=LISTINGS, problems=[])
    found = [part[part[LISTINGS.key].isin(ids)] for part in parts]
    return pd.concat(found, ignore_index=True).drop(columns=ANSWER, errors="ignore")
