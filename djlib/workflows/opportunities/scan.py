"""`scan` of open calls: feeds, JSON and tables, from files and the web, added to those there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ...errors import DjlibError, InputError, UsageError
from ...formats.calls.deadlines import DateOrder
from ...formats.calls.feed_download import Limits, download, is_address
from ...formats.calls.feeds import files_of_calls, read_content, read_opportunities
from ...formats.calls.web_addresses import shown_address
from ...opportunities.anomalies import Batch
from ...opportunities.intake import no_calls, take_in
from ...opportunities.merging import merge
from ...opportunities.recommending import is_open
from ...settings import Settings, Workspace
from ...tables.events import utc_now
from ...tables.io import read_table, write_table
from ...tables.problems import Problem
from ...tables.schema import OPPORTUNITIES
from ..core.progress import ProgressReporter
from ..core.runs import run
from .sources import (
    Past,
    SourceVerdict,
    clear_out,
    histories,
    keep_samples,
    note_scrapes,
    read_samples,
    watch_sources,
)


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


def fetch(settings: Settings, named: Sequence[str], now: str, talk: ProgressReporter) -> Fetched:
    """Read the inputs and make calls of their records."""
    tables: dict[str, pd.DataFrame] = {}
    problems: list[Problem] = []
    for name in dict.fromkeys(named):
        try:
            with talk.step(f"Reading {shown_address(name)}"):
                tables[name], met = _read(settings, name)
            problems += met
        except DjlibError as error:
            problems.append(Problem(None, "", "", str(error), "note"))
    unread = {shown_address(name) for name in named if name not in tables}
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
            inputs.setdefault(str(source), set()).add(shown_address(name))
    met_all = problems + intake.problems
    return Fetched(batches, inputs, len(records), intake.found_in_text, unread, met_all)


def _read(settings: Settings, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    if not is_address(name):
        return read_opportunities(Path(name))
    asked = settings.opportunities
    most = asked.most_megabytes * 1_000_000
    limits = Limits(most, asked.timeout_s, allow_local=asked.allow_local)
    return read_content(download(name, limits), shown_address(name))


def _order(settings: Settings) -> DateOrder | None:
    """How day and month are to be read, None to learn it from the dates."""
    orders: dict[str, DateOrder] = {"day first": "day first", "month first": "month first"}
    return orders.get(settings.opportunities.date_order)


@dataclass(frozen=True)
class CallsReport:
    """What was found: records read, calls new here, known already and doubles of others; how many
    deadlines were found in the text and how many moved; how many calls there are now and how many
    of them are open; inputs that could not be read; sources that are odd or broken; files of broken
    sources that were removed, since newer ones are kept; and every problem."""

    sources: tuple[str, ...]
    read: int
    new: int
    known: int
    doubles: int
    found_in_text: int
    moved: int
    calls: int
    open: int
    unread: tuple[str, ...]
    watched: list[SourceVerdict]
    removed: tuple[str, ...]
    problems: list[Problem] = field(repr=False)
    written: str | None = None


def scan_opportunities(
    workspace: Workspace,
    settings: Settings,
    sources: Sequence[str | Path] = (),
    *,
    talk: ProgressReporter,
    trust: bool = False,
    dry_run: bool = False,
) -> CallsReport:
    """Read `sources` (`opportunities.feeds` where none is named) and add their calls to
    `data/opportunities.parquet`, each once.

    A source that fails does not hinder the others. Records of one that looks broken are set aside,
    not added, unless `trust` says to take them. Raises `UsageError` where there is nothing to read
    and `InputError` where no source could be read.
    """
    given = [str(source) for source in sources] or list(settings.opportunities.feeds)
    named = [
        name
        for source in given
        for name in (Path(source).is_dir() and inputs_of_calls(source)) or [source]
    ]
    shown = [shown_address(name) for name in named]
    if not named:
        raise UsageError("no source of calls: name a file or address, or list feeds in djlib.toml")
    with run(workspace, settings, "scan", talk, recorded=not dry_run) as noted:
        now = utc_now()
        found = fetch(settings, named, now, talk)
        past = Past(histories(workspace), read_samples(workspace))
        old = known_opportunities(workspace)
        missing = _missing(past, shown, found)
        verdicts, used = _judged(
            workspace,
            settings,
            found,
            missing,
            past,
            named,
            now,
            talk,
            trust=trust,
            dry_run=dry_run,
        )
        new = pd.concat([no_calls(), *(batch.calls for batch in used.values())], ignore_index=True)
        was_read = len(found.unread) < len(set(shown)) or len(new) > 0
        merged = merge(old, new)
        noted |= {"source": "|".join(shown), "calls": len(merged.calls), "new": merged.new}
        removed: list[str] = []
        if not dry_run:
            if was_read:
                write_table(merged.calls, workspace.opportunities)
                sound = {s: b for s, b in used.items() if verdicts[s].state == "fine"}
                keep_samples(workspace, past.samples, sound, anew=trust)
            note_scrapes(workspace, verdicts, found.inputs | missing, trusted=trust)
            removed = clear_out(workspace, settings.opportunities.quarantine_files)
            noted |= {"removed": removed} if removed else {}
        if not was_read:
            raise InputError(f"{', '.join(shown)}: no call could be read{_first(found.problems)}")
        return CallsReport(
            sources=tuple(shown),
            read=found.read,
            new=merged.new,
            known=merged.known,
            doubles=merged.doubles,
            found_in_text=found.found_in_text,
            moved=merged.moved,
            calls=len(merged.calls),
            open=int(is_open(merged.calls, datetime.now(UTC)).sum()),
            unread=tuple(sorted(found.unread)),
            watched=[v for v in verdicts.values() if v.state != "fine" or v.rescraped],
            removed=tuple(removed),
            problems=found.problems,
            written=None if dry_run else str(workspace.opportunities),
        )


def inputs_of_calls(source: str | Path) -> list[str]:
    """What of a source is for this scan: a web address or a file of calls itself, the files of a
    folder that holds nothing else."""
    return [str(source)] if is_address(source) else [str(f) for f in files_of_calls(Path(source))]


def known_opportunities(workspace: Workspace) -> pd.DataFrame | None:
    """The scanned calls, None where nothing was scanned."""
    if not workspace.opportunities.is_file():
        return None
    return read_table(workspace.opportunities, schema=OPPORTUNITIES, problems=[])


def _missing(past: Past, shown: Sequence[str], found: Fetched) -> dict[str, set[str]]:
    """Sources that these inputs used to hold and that brought nothing now, with those inputs."""
    return {
        source: inputs
        for source, history in past.histories.items()
        if source not in found.batches and (inputs := history.inputs & set(shown))
    }


def _judged(
    workspace: Workspace,
    settings: Settings,
    found: Fetched,
    missing: dict[str, set[str]],
    past: Past,
    named: Sequence[str],
    now: str,
    talk: ProgressReporter,
    *,
    trust: bool,
    dry_run: bool,
) -> tuple[dict[str, SourceVerdict], dict[str, Batch]]:
    if trust:
        used = found.batches
        return {
            source: SourceVerdict(source, "fine", (), batch.n_read, len(batch.calls))
            for source, batch in used.items()
        }, used

    def nothing(source: str, unread: set[str]) -> Batch:
        return Batch(0, no_calls(), is_unread=missing.get(source, set()) <= unread)

    def again(source: str) -> Batch:
        inputs = found.inputs.get(source) or missing[source]
        newer = fetch(settings, [n for n in named if shown_address(n) in inputs], now, talk)
        return newer.batches.get(source) or nothing(source, newer.unread)

    batches = found.batches | {source: nothing(source, found.unread) for source in missing}
    return watch_sources(workspace, settings, batches, past, again, talk=talk, dry_run=dry_run)


def _first(problems: Sequence[Problem]) -> str:
    return f"; {problems[0].reason}" if problems else ""
