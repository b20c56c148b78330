"""`shortlist`: every record that is open, ranked by how likely it is kept, to shop from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import NotFoundError
from ...settings import Settings, Workspace
from ...tables.cells import text_of
from ...tables.io import write_table
from ..core.progress import ProgressReporter, reading
from ..core.runs import run
from .labels import labels_so_far
from .models import current_bandit
from .records import one_a_record
from .select_batch import candidates

COLUMNS = (
    "rank", "chance", "doubt", "artist", "title", "label", "year", "format", "condition", "price",
    "currency", "offers", "url", "listing_id",
)  # fmt: skip
_RELEASE = re.compile(r"/release/(\d+)|^r?(\d+)$")
_WANTLIST = ("Artist", "Title", "Label", "Format", "Released", "release_id", "Notes")


@dataclass(frozen=True)
class ShortlistReport:
    """Every open record ranked: the first rows, how many there are in all, of how many listings,
    by which version; where the whole list and the wantlist were written, and how many of the
    records have no number of a Discogs release and are not on the wantlist."""

    version: str
    records: int
    listings: int
    rows: list[dict[str, Any]] = field(repr=False)
    written: str | None = None
    wantlist: str | None = None
    without_release: int = 0


def shortlist(
    workspace: Workspace,
    settings: Settings,
    *,
    top: int = 20,
    max_price: float | None = None,
    output: Path | None = None,
    wantlist: Path | None = None,
    talk: ProgressReporter,
) -> ShortlistReport:
    """Rank the open listings, one a record at its cheapest offer, into `data/shortlist.csv`.

    What costs more than `max_price` is left out, what names no price stays. `wantlist` is a file
    for the first `top` records. Raises `NotFoundError` where nothing is open or cheap enough.
    """
    with run(workspace, settings, "shortlist", talk) as noted:
        every = replace(settings, keepers=replace(settings.keepers, pool="all"))
        found = candidates(workspace, every, None, labels_so_far(workspace), [])
        pool, n_listings = found.listings, len(found.listings)
        if max_price is not None and "price" in pool:
            price = pd.to_numeric(pool["price"], errors="coerce").to_numpy(dtype=float)
            pool = pool[~(price > max_price)].reset_index(drop=True)
        if not len(pool):
            raise NotFoundError(f"none of {n_listings:,} listings costs {max_price:g} or less")
        rows, offers = one_a_record(pool)
        pool = pool.iloc[rows].reset_index(drop=True)
        model, version = current_bandit(workspace, settings)
        with reading(talk, "Ranking every record"):
            mean, doubt = model.moments(pool)
        table = _ranked(pool, mean, doubt, offers)
        output = output or workspace.data / "shortlist.csv"
        write_table(table, output)
        n_without = 0
        if wantlist is not None:
            wanted = _wantlist(table.head(top))
            n_without = min(top, len(table)) - len(wanted)
            write_table(wanted, wantlist)
        noted |= {"records": len(table), "output": str(output.absolute()), "version": version}
        return ShortlistReport(
            version,
            len(table),
            n_listings,
            table.head(top).to_dict("records"),
            str(output),
            str(wantlist) if wantlist else None,
            n_without,
        )


def _ranked(
    pool: pd.DataFrame, mean: np.ndarray, doubt: np.ndarray, offers: np.ndarray
) -> pd.DataFrame:
    """The records, the likeliest first; of equal ones the surer, then the cheaper."""
    table = pool.assign(chance=np.round(mean, 4), doubt=np.round(doubt, 4), offers=offers)
    for column in COLUMNS:
        if column not in table:
            table[column] = np.nan if column in ("year", "price") else ""
    table = table.sort_values(
        ["chance", "doubt", "price"], ascending=[False, True, True], kind="stable"
    )
    table["rank"] = np.arange(1, len(table) + 1)
    return table[list(COLUMNS)].reset_index(drop=True)


def _wantlist(table: pd.DataFrame) -> pd.DataFrame:
    """Records as Discogs writes a wantlist, those whose release is known."""
    numbers = []
    for url, name in zip(text_of(table, "url"), text_of(table, "listing_id"), strict=True):
        found = _RELEASE.search(url) or _RELEASE.search(name)
        numbers.append((found[1] or found[2]) if found else "")
    columns = (text_of(table, c).tolist() for c in ("artist", "title", "label", "format", "year"))
    notes = [f"djlib: chance {chance:.2f}" for chance in table["chance"]]
    made = pd.DataFrame(
        dict(zip(_WANTLIST, (*columns, numbers, notes), strict=True)), columns=list(_WANTLIST)
    )
    return made[made["release_id"] != ""].reset_index(drop=True)
