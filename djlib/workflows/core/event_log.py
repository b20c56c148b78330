"""Logs of feedback: append, replay, and take back.

A log is only added to. Each event names the feedback it came with; taking that back adds a line
that says so, and a replay leaves its events out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ...errors import InputError, NotFoundError
from ...settings import Workspace
from ...tables.events import append_events, read_events
from ...tables.plain_json import json_text

CORRECTIONS = "corrections"
"""The log of corrections and renames; named here, where it costs nothing to ask for it."""

T = TypeVar("T")


@dataclass(frozen=True)
class ActiveEvents:
    """The events of a log `file` that are in force: `events` with their place in it, `feedbacks`
    that can be taken back with when they were given, the newest last, `undone` those that were,
    `undos` where that stands in the log, and `n_logged`, how long it is."""

    file: Path
    events: list[tuple[int, dict[str, Any]]]
    feedbacks: Mapping[str, str]
    undone: frozenset[str]
    undos: tuple[int, ...]
    n_logged: int

    def replay(self, read: Callable[[Mapping[str, Any], int], T], what: str) -> list[T]:
        """Each event as `read` gives it, from the event and its place. Raises `InputError` for a
        damaged one; `what` says what they are."""
        replayed = []
        for number, event in self.events:
            try:
                replayed.append(read(event, number))
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    f"{self.file}: {what} {number} lacks {error}; mend or remove its line"
                ) from error
        return replayed


def log_feedback(workspace: Workspace, kind: str, events: Iterable[Mapping[str, Any]]) -> str:
    """Append events as one feedback; gives its id, by which it can be taken back."""
    feedback = secrets.token_hex(4)
    append_events(workspace.events, kind, [{"feedback": feedback, **event} for event in events])
    return feedback


def fingerprint_of(rows: Iterable[tuple[Any, ...]]) -> str:
    """Names exactly what a version learned from, whatever the order.

    >>> fingerprint_of([("a", 1), ("b", 0)]) == fingerprint_of([("b", 0), ("a", 1)])
    True
    """
    text = json_text(sorted(rows))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def active_events(workspace: Workspace, kind: str, *, without: str = "") -> ActiveEvents:
    """The events of a kind that are in force; also `without` one more feedback."""
    events = list(enumerate(read_events(workspace.events, kind), start=1))
    undone = {str(event["undo"]) for _, event in events if "undo" in event} | {without} - {""}
    active = [(n, e) for n, e in events if "undo" not in e and e.get("feedback") not in undone]
    feedbacks: dict[str, str] = {}
    for _, event in active:
        if "feedback" in event:
            # When it was taken in: a rating may say itself when it was given.
            feedbacks[str(event["feedback"])] = str(event.get("taken_at", event.get("at", "")))
    undos = tuple(n for n, event in events if "undo" in event)
    file = workspace.events / f"{kind}.jsonl"
    return ActiveEvents(file, active, feedbacks, frozenset(undone), undos, len(events))


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
