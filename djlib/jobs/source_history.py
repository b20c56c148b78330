"""What earlier scans brought from each source: how much, whether it was odd, and how it looked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..errors import InputError
from ..opportunities.anomalies import Batch
from ..settings import Workspace
from ..tables.events import read_events
from ..tables.io import write_table
from ..tables.parquet import open_parquet, parquet_batches

SCRAPES = "scrapes"
_REMEMBERED = 10
"""Scans of a source that say how much it usually brings."""
_SAMPLE = ("source", "title", "url", "deadline", "tags", "description")
_MOST_OF_SOURCE = 2000
_LONGEST = 1000

_log = logging.getLogger(__name__)


@dataclass
class SourceHistory:
    """What the log says of a source: records and calls of earlier sound scans, what was odd in the
    last one, and whether it was broken, so that nothing is done twice for one fault."""

    counts: list[int] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    was_broken: bool = False
    inputs: set[str] = field(default_factory=set)

    @property
    def junk_share(self) -> float:
        """Share of the records that usually are no calls."""
        return 1 - sum(self.calls) / max(sum(self.counts), 1) if self.counts else 0.0


def histories(workspace: Workspace) -> dict[str, SourceHistory]:
    """The history of every source, from the log of scans. What was odd or broken says nothing of
    what is usual."""
    found: dict[str, SourceHistory] = {}
    for event in read_events(workspace.events, SCRAPES):
        history = found.setdefault(str(event["source"]), SourceHistory())
        if event.get("trusted"):
            history.counts.clear()
            history.calls.clear()
        if event["state"] == "fine":
            history.counts = [*history.counts, int(event["records"])][-_REMEMBERED:]
            history.calls = [*history.calls, int(event["calls"])][-_REMEMBERED:]
        history.odd = [str(name) for name in event.get("odd", ())]
        history.was_broken = event["state"] == "broken"
        history.inputs.update(filter(None, map(str, event.get("inputs", ()))))
    return found


def read_samples(workspace: Workspace) -> pd.DataFrame:
    """Calls of each source as sound scans brought them; none where there are none or the file is
    damaged, since it only says what is usual.

    The scanned calls cannot say it: they are joined with what other sources tell of them.
    """
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in _SAMPLE})
    if not workspace.source_samples.is_file():
        return empty
    try:
        with open_parquet(workspace.source_samples) as file:
            read = pd.concat(parquet_batches(file, _MOST_OF_SOURCE), ignore_index=True)
    except InputError as error:
        _log.warning("what sources usually bring is not known: %s", error)
        return empty
    return read.reindex(columns=list(_SAMPLE)).fillna("").astype("str")


def keep_samples(
    workspace: Workspace, samples: pd.DataFrame, sound: Mapping[str, Batch], *, anew: bool
) -> None:
    """Add what sound scans brought, the newest last; `anew` forgets what was there of them."""
    before = samples[~samples["source"].isin(list(sound))] if anew else samples
    came = [spread(batch.calls, _MOST_OF_SOURCE) for batch in sound.values()]
    new = pd.concat([before, *came])[list(_SAMPLE)]
    new["description"] = new["description"].str[:_LONGEST]
    distinct = new.drop_duplicates(["source", "title", "url"], keep="last")
    kept = distinct.groupby("source", sort=False).tail(_MOST_OF_SOURCE)
    write_table(kept.reset_index(drop=True).astype("str"), workspace.source_samples)


def spread(table: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows, evenly from the first to the last.

    >>> spread(pd.DataFrame({"n": range(9)}), 3)["n"].tolist()
    [0, 4, 8]
    """
    if len(table) <= most:
        return table
    return table.iloc[np.linspace(0, len(table) - 1, most).round().astype(int)]
