"""Sources that look broken: their records set aside, fetched once more, somebody told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from ..opportunities.anomalies import Batch, Signal, State, find_anomalies, judge
from ..settings import Settings, Workspace
from ..tables.events import append_events
from .quarantine import set_aside
from .rescrape import rescrape
from .source_history import SCRAPES, SourceHistory
from .talk import Talk

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

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**self.__dict__, "signals": [s.as_dict() for s in self.signals]}

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
    talk: Talk,
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
