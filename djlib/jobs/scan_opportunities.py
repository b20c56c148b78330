"""`scan` of open calls: feeds, JSON and tables, from files and the web, added to those there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import InputError, UsageError
from ..formats.feed_download import is_address
from ..formats.feeds import files_of_calls
from ..opportunities.anomalies import Batch
from ..opportunities.expiry import is_open
from ..opportunities.intake import no_calls
from ..opportunities.merging import merge
from ..settings import Settings, Workspace
from ..tables.events import utc_now
from ..tables.io import read_table, write_table
from ..tables.problems import Problem
from ..tables.schema import OPPORTUNITIES
from .call_sources import Fetched, fetch
from .quarantine import clear_out
from .runs import run
from .source_history import histories, keep_samples, read_samples
from .source_watch import Past, SourceVerdict, note_scrapes, watch_sources
from .talk import Talk


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
    given = [str(source) for source in sources] or list(settings.opportunities.feeds)
    named = [
        name
        for source in given
        for name in (Path(source).is_dir() and inputs_of_calls(source)) or [source]
    ]
    if not named:
        raise UsageError("no source of calls: name a file or address, or list feeds in djlib.toml")
    with run(workspace, settings, "scan", talk, recorded=not dry_run) as noted:
        now = utc_now()
        found = fetch(settings, named, now, talk)
        past = Past(histories(workspace), read_samples(workspace))
        old = known_opportunities(workspace)
        missing = _missing(past, named, found)
        verdicts, used = _judged(
            workspace, settings, found, missing, past, now, talk, trust=trust, dry_run=dry_run
        )
        new = pd.concat([no_calls(), *(batch.calls for batch in used.values())], ignore_index=True)
        was_read = len(found.unread) < len(set(named)) or len(new) > 0
        merged = merge(old, new)
        noted |= {"source": "|".join(named), "calls": len(merged.calls), "new": merged.new}
        removed: list[str] = []
        if not dry_run:
            if was_read:
                write_table(merged.calls, workspace.opportunities)
                sound = {s: b for s, b in used.items() if verdicts[s].state == "fine"}
                keep_samples(workspace, past.samples, sound, anew=trust)
            note_scrapes(workspace, verdicts, found.inputs | missing, trusted=trust)
            removed = clear_out(workspace, settings.opportunities.keep_aside)
            noted |= {"removed": removed} if removed else {}
        if not was_read:
            raise InputError(f"{', '.join(named)}: no call could be read{_first(found.problems)}")
        return CallsReport(
            sources=tuple(named),
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


def _missing(past: Past, named: Sequence[str], found: Fetched) -> dict[str, set[str]]:
    """Sources that these inputs used to hold and that brought nothing now, with those inputs."""
    return {
        source: inputs
        for source, history in past.histories.items()
        if source not in found.batches and (inputs := history.inputs & set(named))
    }


def _judged(
    workspace: Workspace,
    settings: Settings,
    found: Fetched,
    missing: dict[str, set[str]],
    past: Past,
    now: str,
    talk: Talk,
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
        newer = fetch(settings, sorted(inputs), now, talk)
        return newer.batches.get(source) or nothing(source, newer.unread)

    batches = found.batches | {source: nothing(source, found.unread) for source in missing}
    return watch_sources(workspace, settings, batches, past, again, talk=talk, dry_run=dry_run)


def _first(problems: Sequence[Problem]) -> str:
    return f"; {problems[0].reason}" if problems else ""
