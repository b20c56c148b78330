"""Sources that look broken: their records set aside, fetched once more, somebody told."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from ..opportunities.anomalies import Batch, Signal, State, find_anomalies, judge
from ..settings import Settings, Workspace
from ..tables.events import append_events, read_events
from ..tables.io import write_table
from .talk import Talk

SCRAPES, ALERTS = "scrapes", "alerts"
_REMEMBERED = 10
"""Scans of a source that say how much it usually brings."""


@dataclass(frozen=True)
class SourceVerdict:
    """A source that is not as before: what is odd, whether it was fetched once more and helped,
    where its records were set aside, and whether somebody has to look."""

    source: str
    state: State
    signals: tuple[Signal, ...]
    records: int
    rescraped: bool = False
    recovered: bool = False
    escalated: bool = False
    quarantined: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**self.__dict__, "signals": [s.as_dict() for s in self.signals]}

    @property
    def words(self) -> str:
        """What is odd, in a line."""
        return "; ".join(signal.words for signal in self.signals)


def watch_sources(
    workspace: Workspace,
    settings: Settings,
    batches: Mapping[str, Batch],
    known: pd.DataFrame,
    again: Callable[[], Mapping[str, Batch]],
    *,
    talk: Talk,
    dry_run: bool = False,
) -> tuple[dict[str, SourceVerdict], dict[str, Batch]]:
    """Judge every source; one that newly broke is fetched once more, through `again`.

    Gives the verdicts and the batches to use: those of broken sources are set aside. With `dry_run`
    nothing is fetched or written.
    """
    past = histories(workspace)
    verdicts, used = {}, {}
    for source, batch in batches.items():
        history = past.get(source, SourceHistory())
        verdict = examine(source, batch, known, history)
        if verdict.state == "broken" and not dry_run:
            if not history.was_broken:
                verdict, batch = _tried_again(settings, verdict, batch, known, history, again, talk)
            if verdict.state == "broken":
                kept = set_aside(workspace, source, batch.calls)
                verdict = replace(verdict, quarantined=kept, escalated=not history.was_broken)
        verdicts[source] = verdict
        if verdict.state != "broken":
            used[source] = batch
    return verdicts, used


def _tried_again(
    settings: Settings,
    verdict: SourceVerdict,
    batch: Batch,
    known: pd.DataFrame,
    history: SourceHistory,
    again: Callable[[], Mapping[str, Batch]],
    talk: Talk,
) -> tuple[SourceVerdict, Batch]:
    """Fetch a source once more and judge what comes now."""
    if not rescrape(settings, verdict.source, talk):
        return verdict, batch
    newer = again().get(verdict.source, Batch(0, batch.calls.iloc[:0]))
    second = examine(verdict.source, newer, known, history)
    return replace(second, rescraped=True, recovered=second.state != "broken"), newer


@dataclass
class SourceHistory:
    """What the log says of a source: records of earlier sound scans, what was odd in the last one,
    and whether it was broken, so that nothing is done twice for one fault."""

    counts: list[int] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    was_broken: bool = False
    inputs: set[str] = field(default_factory=set)


def histories(workspace: Workspace) -> dict[str, SourceHistory]:
    """The history of every source, from the log of scans."""
    found: dict[str, SourceHistory] = {}
    for event in read_events(workspace.events, SCRAPES):
        history = found.setdefault(str(event["source"]), SourceHistory())
        if event.get("trusted"):
            history.counts.clear()
        if event["state"] != "broken":
            history.counts = [*history.counts, int(event["records"])][-_REMEMBERED:]
        history.odd = [str(name) for name in event.get("odd", ())]
        history.was_broken = event["state"] == "broken"
        history.inputs.add(str(event["input"]))
    return found


def examine(
    source: str, batch: Batch, known: pd.DataFrame, history: SourceHistory
) -> SourceVerdict:
    """Judge what a scan brought from a source."""
    own = known[known["source"] == source] if len(known) else batch.calls.iloc[:0]
    signals = find_anomalies(batch, own, history.counts)
    return SourceVerdict(source, judge(signals, history.odd), tuple(signals), batch.n_read)


def rescrape(settings: Settings, source: str, talk: Talk) -> bool:
    """Call the command that fetches a source anew, once and within its time; whether it did."""
    command = settings.opportunities.rescrape
    if not command:
        return False
    # Split before the name goes in: a source called "x; rm" is one word to the command.
    words = [word.replace("{source}", source) for word in shlex.split(command)]
    try:
        with talk.step(f"Fetching {source} once more"):
            done = subprocess.run(
                words,
                timeout=settings.opportunities.rescrape_timeout_s,
                env={**os.environ, "DJLIB_SOURCE_NAME": source},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        talk.say(f"fetching {source} once more failed: {error}")
        return False
    if done.returncode:
        talk.say(f"fetching {source} once more failed: exit code {done.returncode}")
    return done.returncode == 0


def set_aside(workspace: Workspace, source: str, calls: pd.DataFrame) -> str | None:
    """Keep the calls of a broken source in a file of their own; the same ones only once."""
    if not len(calls):
        return None
    plain = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:40] or "source"
    content = "\x1f".join(calls[["title", "url", "deadline"]].to_numpy().ravel())
    digest = hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=4).hexdigest()
    file = workspace.quarantine / f"{plain}-{digest}.parquet"
    if not file.exists():
        write_table(calls, file)
    return str(file)


def note_scrapes(
    workspace: Workspace,
    verdicts: Mapping[str, SourceVerdict],
    inputs: Mapping[str, str],
    *,
    trusted: bool,
) -> None:
    """Log what each source brought and how it was judged; alert of those that newly broke."""
    append_events(
        workspace.events,
        SCRAPES,
        [
            {
                "source": source,
                "input": inputs.get(source, ""),
                "records": verdict.records,
                "state": verdict.state,
                "odd": [signal.name for signal in verdict.signals],
                "rescraped": verdict.rescraped,
                "quarantined": verdict.quarantined,
                **({"trusted": True} if trusted else {}),
            }
            for source, verdict in verdicts.items()
        ],
    )
    append_events(
        workspace.events,
        ALERTS,
        [
            {
                "cause": f"source {source}",
                "subject": f"{source} looks broken: {verdict.words}"[:200],
                "body": "Its records are kept aside"
                + (f" in {verdict.quarantined}" if verdict.quarantined else "")
                + "; if they are right, scan that file with --trust.",
            }
            for source, verdict in verdicts.items()
            if verdict.escalated
        ],
    )
