"""Feedback that can be taken back: what of a log stands, and which feedback was the last.

A log is only added to. Each answer names the feedback it came with; taking that back adds a line
that says so, and a replay leaves its answers out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import NotFoundError
from ...settings import Workspace
from ...tables.events import append_events, read_events


@dataclass(frozen=True)
class ActiveEvents:
    """What stands of a log: `events` with their place in it, `feedbacks` that can be taken back
    with when they were given, the newest last, `undone` those that were, `undos` where that stands
    in the log, and `n_logged`, how long it is."""

    events: list[tuple[int, dict[str, Any]]]
    feedbacks: Mapping[str, str]
    undone: frozenset[str]
    undos: tuple[int, ...]
    n_logged: int


def active_events(workspace: Workspace, kind: str, *, without: str = "") -> ActiveEvents:
    """What stands of the log of a kind; also `without` one more feedback."""
    events = list(enumerate(read_events(workspace.events, kind), start=1))
    undone = {str(event["undo"]) for _, event in events if "undo" in event} | {without} - {""}
    said = [(n, e) for n, e in events if "undo" not in e and e.get("feedback") not in undone]
    feedbacks: dict[str, str] = {}
    for _, event in said:
        if "feedback" in event:
            # When it was taken in: a rating may say itself when it was given.
            feedbacks[str(event["feedback"])] = str(event.get("taken_at", event.get("at", "")))
    undos = tuple(n for n, event in events if "undo" in event)
    return ActiveEvents(said, feedbacks, frozenset(undone), undos, len(events))


def take_back(workspace: Workspace, kind: str, feedback: str) -> None:
    """Take one feedback back, whole."""
    append_events(workspace.events, kind, [{"undo": feedback}])


def last_of(feedbacks: Sequence[str], what: str) -> str:
    """The newest of the feedbacks that can be taken back. Raises `NotFoundError` where there is
    none; `what` says what they would bring."""
    if not feedbacks:
        raise NotFoundError(f"no {what} to take back; 'djlib feedback FILE' gives some")
    return feedbacks[-1]


def last_kind(workspace: Workspace, kinds: Mapping[str, str]) -> str:
    """Of which kind the last feedback was that can be taken back; `kinds` are their logs and what
    they are about. Of two in one second the later of `kinds`. Raises `NotFoundError` where there
    is none."""
    given = {kind: list(active_events(workspace, kind).feedbacks.values()) for kind in kinds}
    last = {kind: times[-1] for kind, times in given.items() if times}
    if not last:
        raise NotFoundError(
            f"no feedback on {' or '.join(kinds.values())} to take back; 'djlib feedback FILE' "
            "gives some"
        )
    return max(reversed(last), key=lambda kind: last[kind])
