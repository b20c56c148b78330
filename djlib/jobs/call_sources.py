"""Feeds and files of calls, read one by one: what is down is said and holds nothing up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..errors import DjlibError
from ..formats.deadlines import DateOrder
from ..formats.feed_download import Limits, download, is_address
from ..formats.feeds import read_content, read_opportunities
from ..opportunities.anomalies import Batch
from ..opportunities.intake import take_in
from ..settings import Settings
from ..tables.problems import Problem
from .talk import Talk


@dataclass(frozen=True)
class Fetched:
    """What the inputs gave: calls by source with the inputs each came from, records read, deadlines
    found in texts, inputs that could not be read, and what was met."""

    batches: dict[str, Batch]
    inputs: dict[str, set[str]]
    read: int
    found_in_text: int
    unread: set[str]
    problems: list[Problem]


def fetch(settings: Settings, named: Sequence[str], now: str, talk: Talk) -> Fetched:
    """Read the inputs and make calls of their records."""
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name in dict.fromkeys(named):
        try:
            with talk.step(f"Reading {name}"):
                tables[name], met = _read(settings, name)
            problems += met
        except DjlibError as error:
            problems.append(Problem(None, "", "", str(error), "note"))
    unread = set(named) - set(tables)
    if not tables:
        return Fetched({}, {}, 0, 0, unread, problems)
    records = pd.concat(tables.values(), ignore_index=True)
    intake = take_in(records, order=_order(settings), now=now)
    by_source = dict(iter(intake.calls.groupby("source", sort=False)))
    batches = {
        str(source): Batch(int(n), by_source.get(source, intake.calls.iloc[:0]))
        for source, n in records["source"].value_counts(sort=False).items()
    }
    inputs: dict[str, set[str]] = {}
    for name, table in tables.items():
        for source in table["source"].unique():
            inputs.setdefault(str(source), set()).add(name)
    met_all = problems + intake.problems
    return Fetched(batches, inputs, len(records), intake.found_in_text, unread, met_all)


def _read(settings: Settings, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    if not is_address(name):
        return read_opportunities(Path(name))
    asked = settings.opportunities
    most = asked.most_megabytes * 1_000_000
    limits = Limits(most, asked.timeout_s, allow_local=asked.allow_local)
    return read_content(download(name, limits), name)


def _order(settings: Settings) -> DateOrder | None:
    """How day and month are to be read, None to learn it from the dates."""
    orders: dict[str, DateOrder] = {"day first": "day first", "month first": "month first"}
    return orders.get(settings.opportunities.date_order)
