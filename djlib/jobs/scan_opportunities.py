"""`scan` of open calls: feeds, JSON and tables, from files and the web, added to those there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DjlibError, InputError, UsageError
from ..formats.deadlines import DateOrder
from ..formats.feed_download import Limits, download, is_address
from ..formats.feeds import holds_opportunities, read_content, read_opportunities
from ..opportunities.anomalies import Batch
from ..opportunities.expiry import is_open
from ..opportunities.intake import CALL_COLUMNS, Intake, take_in
from ..opportunities.merging import merge
from ..settings import Settings, Workspace
from ..tables.events import utc_now
from ..tables.io import read_table, write_table
from ..tables.problems import Problem
from ..tables.schema import OPPORTUNITIES
from .runs import run
from .source_watch import SourceVerdict, histories, note_scrapes, watch_sources
from .talk import Talk


@dataclass(frozen=True)
class CallsReport:
    """What was found: records read, calls new here, known already and doubles of others; how many
    deadlines were found in the text and how many moved; how many calls there are now and how many
    of them are open; sources whose records were set aside; and every problem."""

    sources: tuple[str, ...]
    read: int
    new: int
    known: int
    doubles: int
    found_in_text: int
    moved: int
    calls: int
    open: int
    watched: list[SourceVerdict]
    problems: list[Problem] = field(repr=False)
    written: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **self.__dict__,
            "watched": [v.as_dict() for v in self.watched],
            "problems": [p.as_dict() for p in self.problems],
        }


def scan_opportunities(
    workspace: Workspace,
    settings: Settings,
    sources: Sequence[str | Path] = (),
    *,
    talk: Talk,
    trust: bool = False,
    dry_run: bool = False,
) -> CallsReport:
    """Read `sources` (`opportunities.feeds` where none is named) and add their calls to
    `data/opportunities.parquet`, each once.

    A source that fails does not hinder the others. Records of one that looks broken are set aside,
    not added, unless `trust` says to take them. Raises `UsageError` where there is nothing to read
    and `InputError` where no source could be read.
    """
    named = [str(source) for source in sources] or list(settings.opportunities.feeds)
    if not named:
        raise UsageError("no source of calls: name a file or address, or list feeds in djlib.toml")
    with run(workspace, settings, "scan", talk, recorded=not dry_run) as noted:
        now = utc_now()
        found = _fetch(settings, named, now, talk)
        if found.intake is None:
            raise InputError(f"{', '.join(named)}: no call could be read{_first(found.problems)}")
        old = known_opportunities(workspace)
        batches = found.batches | _missing(workspace, named, found.batches)
        verdicts, used = _judged(
            workspace, settings, batches, old, named, now, talk, trust=trust, dry_run=dry_run
        )
        calls = pd.concat([batch.calls for batch in used.values()], ignore_index=True)
        merged = merge(old, calls)
        noted |= {"source": "|".join(named), "calls": len(merged.calls), "new": merged.new}
        if not dry_run:
            write_table(merged.calls, workspace.opportunities)
            note_scrapes(workspace, verdicts, found.inputs, trusted=trust)
        return CallsReport(
            sources=tuple(named),
            read=found.read,
            new=merged.new,
            known=merged.known,
            doubles=merged.doubles,
            found_in_text=found.intake.found_in_text,
            moved=merged.moved,
            calls=len(merged.calls),
            open=int(is_open(merged.calls, datetime.now(UTC)).sum()),
            watched=[v for v in verdicts.values() if v.state != "fine" or v.rescraped],
            problems=found.problems,
            written=None if dry_run else str(workspace.opportunities),
        )


def is_of_calls(source: str | Path) -> bool:
    """Whether a source is for this scan: a web address, or a file that holds calls."""
    return is_address(source) or holds_opportunities(Path(source))


def known_opportunities(workspace: Workspace) -> pd.DataFrame | None:
    """The scanned calls, None where nothing was scanned."""
    if not workspace.opportunities.is_file():
        return None
    return read_table(workspace.opportunities, schema=OPPORTUNITIES, problems=[])


@dataclass(frozen=True)
class _Fetched:
    """What the sources gave: calls by source with the input each came from, records read, and what
    was met. `intake` is None where nothing could be read at all."""

    intake: Intake | None
    batches: dict[str, Batch]
    inputs: dict[str, str]
    read: int
    problems: list[Problem]


def _fetch(settings: Settings, named: Sequence[str], now: str, talk: Talk) -> _Fetched:
    tables, problems = {}, []
    for source in named:
        try:
            with talk.step(f"Reading {source}"):
                tables[source], met = _read(settings, source)
            problems += met
        except UsageError:
            raise
        except DjlibError as error:  # one source that is down must not hold up the others
            problems.append(Problem(None, "", "", str(error)))
    if not tables:
        return _Fetched(None, {}, {}, 0, problems)
    records = pd.concat(tables.values(), ignore_index=True)
    intake = take_in(records, order=_order(settings), now=now)
    counts = records["source"].value_counts()
    batches = {
        str(source): Batch(int(n), intake.calls[intake.calls["source"] == source])
        for source, n in counts.items()
    }
    inputs = {str(s): name for name, table in tables.items() for s in table["source"].unique()}
    return _Fetched(intake, batches, inputs, len(records), problems + intake.problems)


def _read(settings: Settings, source: str) -> tuple[pd.DataFrame, list[Problem]]:
    if not is_address(source):
        return read_opportunities(Path(source))
    asked = settings.opportunities
    most = asked.most_megabytes * 1_000_000
    limits = Limits(most, asked.timeout_s, allow_local=asked.allow_local)
    return read_content(download(source, limits), source)


def _order(settings: Settings) -> DateOrder | None:
    """How day and month are to be read, None to learn it from the dates."""
    orders: dict[str, DateOrder] = {"day first": "day first", "month first": "month first"}
    return orders.get(settings.opportunities.date_order)


def _missing(
    workspace: Workspace, named: Sequence[str], found: Mapping[str, Batch]
) -> dict[str, Batch]:
    """Sources that these inputs used to hold and that brought nothing now."""
    nothing = Batch(0, pd.DataFrame({name: pd.Series(dtype="str") for name in CALL_COLUMNS}))
    return {
        source: nothing
        for source, history in histories(workspace).items()
        if source not in found and history.inputs & set(named) and len(history.counts) > 1
    }


def _judged(
    workspace: Workspace,
    settings: Settings,
    batches: dict[str, Batch],
    old: pd.DataFrame | None,
    named: Sequence[str],
    now: str,
    talk: Talk,
    *,
    trust: bool,
    dry_run: bool,
) -> tuple[dict[str, SourceVerdict], dict[str, Batch]]:
    if trust:
        fine = {name: SourceVerdict(name, "fine", (), b.n_read) for name, b in batches.items()}
        return fine, batches
    known = next(iter(batches.values())).calls.iloc[:0] if old is None else old

    def again() -> Mapping[str, Batch]:
        return _fetch(settings, named, now, talk).batches

    verdicts, used = watch_sources(
        workspace, settings, batches, known, again, talk=talk, dry_run=dry_run
    )
    return verdicts, used or {"": Batch(0, known.iloc[:0])}


def _first(problems: Sequence[Problem]) -> str:
    return f"; {problems[0].reason}" if problems else ""
