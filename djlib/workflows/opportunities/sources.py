"""Sources that look broken: their records set aside, fetched once more, somebody told."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import InputError
from ...formats.calls.web_addresses import shown_address
from ...opportunities.anomalies import Batch, Signal, State, find_anomalies, judge
from ...settings import ENV_SECRET, Settings, Workspace
from ...tables.csv.sources import open_parquet, parquet_batches
from ...tables.events import append_events, read_events
from ...tables.io import write_table
from ..core.progress import ProgressReporter

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
        # Logs of earlier versions hold addresses as they were typed.
        history.inputs.update(shown_address(str(name)) for name in event.get("inputs", ()) if name)
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


def set_aside(workspace: Workspace, source: str, calls: pd.DataFrame) -> str | None:
    """Keep the calls of a broken source in a file of their own; the same ones only once."""
    if not len(calls):
        return None
    plain = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:40] or "source"
    content = "\x1f".join([source, *calls[["title", "url", "deadline"]].to_numpy().ravel()])
    digest = hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=4).hexdigest()
    file = workspace.quarantine / f"{plain}-{digest}.parquet"
    if not file.exists():
        write_table(calls, file)
    return str(file)


def clear_out(workspace: Workspace, most: int) -> list[str]:
    """Remove what was kept aside of a source beyond its newest files, `most` of them, and the one
    somebody was told of while the source is broken; gives those that were removed."""
    by_source: dict[str, dict[str, None]] = {}
    told: dict[str, str] = {}
    for event in read_events(workspace.events, SCRAPES):
        source = str(event["source"])
        if event["state"] != "broken":
            told.pop(source, None)
        if event.get("quarantined"):
            names = by_source.setdefault(source, {})
            name = Path(str(event["quarantined"])).name
            names.pop(name, None)  # what came again is new again
            names[name] = None
            told.setdefault(source, name)
    old = [name for names in by_source.values() for name in list(names)[:-most]]
    files = [workspace.quarantine / name for name in old if name not in told.values()]
    there = [file for file in files if file.is_file()]
    for file in there:
        file.unlink()
    return [str(file) for file in there]


def rescrape(settings: Settings, source: str, talk: ProgressReporter) -> bool:
    """Call the command that fetches a source anew, once and within its time; whether it did."""
    command = settings.opportunities.rescrape
    if not command:
        return False
    with talk.step(f"Fetching {source} once more"):
        failure = _failure(command, source, settings.opportunities.rescrape_timeout_s)
    if failure:
        talk.say(f"fetching {source} once more failed: {failure}")
    return not failure


def _failure(command: str, source: str, seconds: float) -> str:
    """Run it; gives what went wrong, "" for nothing."""
    env = {n: value for n, value in os.environ.items() if not n.startswith(ENV_SECRET)}
    try:
        # Split before the name goes in: a source called "x; rm" is one word to the command.
        words = [word.replace("{source}", source) for word in shlex.split(command)]
        started = subprocess.Popen(
            words,
            env={**env, "DJLIB_SOURCE_NAME": source},
            stdin=subprocess.DEVNULL,
            # Not piped: what it leaves running could hold the pipe open for ever.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as error:
        return str(error)
    try:
        code = started.wait(seconds)
    except BaseException as error:
        _end(started)
        if isinstance(error, subprocess.TimeoutExpired):
            return f"no end after {seconds:g} s"
        raise
    return f"exit code {code}" if code else ""


def _end(started: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(started.pid, signal.SIGKILL)
        else:
            started.kill()
    started.wait()


ALERTS = "alerts"
"""The log of what somebody should be told; whoever sends alerts reads it."""


@dataclass(frozen=True)
class SourceVerdict:
    """How a source was judged: what is odd, whether it was fetched once more and that helped,
    where its records were set aside, and whether somebody has to look."""

    source: str
    state: State
    signals: tuple[Signal, ...]
    records: int
    calls: int = 0
    rescraped: bool = False
    recovered: bool = False
    escalated: bool = False
    quarantined: str | None = None

    @property
    def words(self) -> str:
        """What is odd, in a line."""
        return "; ".join(signal.words for signal in self.signals)


@dataclass(frozen=True)
class Past:
    """What is known of the sources: their histories and samples of their calls."""

    histories: Mapping[str, SourceHistory]
    samples: pd.DataFrame

    @cached_property
    def _of_each(self) -> dict[str, pd.DataFrame]:
        return {str(source): rows for source, rows in self.samples.groupby("source", sort=False)}

    def judged(self, source: str, batch: Batch) -> SourceVerdict:
        """Judge what a scan brought from a source."""
        history = self.history(source)
        own = self._of_each.get(source, self.samples.iloc[:0])
        signals = find_anomalies(batch, own, history.counts, junk_before=history.junk_share)
        state = judge(signals, history.odd)
        return SourceVerdict(source, state, tuple(signals), batch.n_read, len(batch.calls))

    def history(self, source: str) -> SourceHistory:
        """The history of a source, an empty one where it is new."""
        return self.histories.get(source) or SourceHistory()


def watch_sources(
    workspace: Workspace,
    settings: Settings,
    batches: Mapping[str, Batch],
    past: Past,
    again: Callable[[str], Batch],
    *,
    talk: ProgressReporter,
    dry_run: bool = False,
) -> tuple[dict[str, SourceVerdict], dict[str, Batch]]:
    """Judge every source; one that newly broke is fetched once more, and then read `again`.

    Gives the verdicts and the batches to use: those of broken sources are set aside. With `dry_run`
    nothing is fetched or written.
    """
    verdicts, used = {}, {}
    for source, batch in batches.items():
        verdict, was_broken = past.judged(source, batch), past.history(source).was_broken
        if verdict.state == "broken" and not dry_run:
            if not was_broken and rescrape(settings, source, talk):
                batch = again(source)
                second = past.judged(source, batch)
                is_sound = second.state != "broken"
                verdict = replace(second, rescraped=True, recovered=is_sound)
            if verdict.state == "broken":
                kept = set_aside(workspace, source, batch.calls)
                verdict = replace(verdict, quarantined=kept, escalated=not was_broken)
        verdicts[source] = verdict
        if verdict.state != "broken":
            used[source] = batch
    return verdicts, used


def note_scrapes(
    workspace: Workspace,
    verdicts: Mapping[str, SourceVerdict],
    inputs: Mapping[str, set[str]],
    *,
    trusted: bool,
) -> None:
    """Alert of the sources that newly broke; log what each brought and how it was judged.

    In this order: a source that is on record as broken is not told of again.
    """
    told = [_alert(verdict) for verdict in verdicts.values() if verdict.escalated]
    append_events(workspace.events, ALERTS, told)
    append_events(
        workspace.events,
        SCRAPES,
        [
            {
                "source": source,
                "inputs": sorted(inputs.get(source, ())),
                "records": verdict.records,
                "calls": verdict.calls,
                "state": verdict.state,
                "odd": [signal.name for signal in verdict.signals],
                "rescraped": verdict.rescraped,
                "quarantined": verdict.quarantined,
                **({"trusted": True} if trusted else {}),
            }
            for source, verdict in verdicts.items()
        ],
    )


def _alert(verdict: SourceVerdict) -> dict[str, str]:
    tried = "It was fetched once more, which did not help. " if verdict.rescraped else ""
    kept = (
        f"Its calls are kept aside. If they are right: djlib scan '{verdict.quarantined}' --trust"
        if verdict.quarantined
        else "It brought no calls to keep aside."
    )
    return {
        "cause": f"source {verdict.source}",
        "subject": f"{verdict.source} looks broken: {verdict.words}"[:200],
        "body": f"{verdict.source} looks broken: {verdict.words}.\n\n{tried}{kept}\n\n"
        "You are told once; each later scan says whether it is still so.",
    }
