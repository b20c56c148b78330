"""Going through predictions one by one, and the log that replays it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from ...bucketing.corrections import read_corrections
from ...tables.cells import undefuse
from ...tables.schema import BUCKET_SEPARATOR, split_buckets
from ..core.song_identity import is_other_song

Buckets = tuple[str, ...]
Action = Literal["answer", "skip", "undo"]
Record = Callable[["Step", Action], None]
"""Is told of each step; for "undo" it is the step taken back."""

_NUMBERED = 9
"""Buckets that a digit can choose."""


@dataclass(frozen=True)
class Proposal:
    """One row of a predictions file; `choices` are the model's, best first, with their
    probabilities (None where it gave none)."""

    track_id: str
    artist: str
    title: str
    predicted: Buckets
    confidence: float
    choices: tuple[tuple[str, float | None], ...]
    status: str
    reason: str
    model_version: str
    predicted_at: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Proposal:
        """Read a row of the predictions table.

        >>> row = {"track_id": "7", "predicted_bucket": "Peak", "confidence": 0.5, "status": "ok",
        ...        "second_bucket": "Warm up", "second_probability": 0.25}
        >>> Proposal.of(row).choices, Proposal.of(row).margin
        ((('Peak', 0.5), ('Warm up', 0.25)), 0.25)
        """
        predicted = tuple(split_buckets(_text(row, "predicted_bucket")))
        confidence = _number(row.get("confidence")) or 0.0
        choices: dict[str, float | None] = dict.fromkeys(predicted)
        if predicted:
            choices[predicted[0]] = confidence
        for place in ("second", "third"):
            bucket = _text(row, f"{place}_bucket").strip()
            if bucket and choices.get(bucket) is None:
                choices[bucket] = _number(row.get(f"{place}_probability"))
        return cls(
            predicted=predicted,
            confidence=confidence,
            choices=tuple(choices.items()),
            **{
                name: _text(row, name)
                for name in (
                    "track_id", "artist", "title", "status", "reason",
                    "model_version", "predicted_at",
                )
            },
        )  # fmt: skip

    @property
    def margin(self) -> float:
        """How far the first choice is before the next: small where the model hesitates."""
        others = [share or 0.0 for _, share in self.choices[1:]]
        return self.confidence - max(others, default=0.0)


def _text(row: Mapping[str, Any], column: str) -> str:
    return undefuse(str(row.get(column, "")))


def _number(value: Any) -> float | None:
    number = math.nan if value is None else float(value)
    return None if math.isnan(number) else number


@dataclass(frozen=True)
class Step:
    """What was said of a track: its buckets, or None where it was skipped."""

    track: Proposal
    buckets: Buckets | None

    @property
    def corrects(self) -> bool:
        """Whether the person said other than the model."""
        return self.buckets is not None and set(self.buckets) != set(self.track.predicted)


def most_useful_first(tracks: Iterable[Proposal]) -> list[Proposal]:
    """Those the model is unsure of by how much it hesitates, then the others by confidence.

    >>> sure, torn = (Proposal.of({"track_id": s, "status": s, "confidence": c})
    ...               for s, c in (("ok", 0.6), ("unsure", 0.4)))
    >>> [track.track_id for track in most_useful_first([sure, torn])]
    ['unsure', 'ok']
    """

    def rank(track: Proposal) -> tuple[bool, float, float]:
        is_sure = track.status == "ok"
        return is_sure, track.confidence if is_sure else track.margin, track.confidence

    return sorted(tracks, key=rank)


@dataclass
class Session:
    """The tracks of a file and what was said of them.

    `said` are buckets by track id, those of earlier sessions included; `steps` are the answers
    that can be taken back, oldest first; `skipped` ids wait at the end; `buckets` are the names in
    use, the commonest first.
    """

    tracks: list[Proposal]
    said: dict[str, Buckets]
    steps: list[Step]
    skipped: set[str]
    buckets: list[str]
    is_multi: bool
    record: Record = lambda step, action: None
    _queue: list[Proposal] = field(init=False, repr=False)
    _undone: list[Proposal] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        waiting = [t for t in most_useful_first(self.tracks) if t.track_id not in self.said]
        waiting.sort(key=lambda t: t.track_id in self.skipped)
        self._queue = waiting[::-1]
        self._proposed = {t.track_id: set(t.predicted) for t in self.tracks}

    @property
    def current(self) -> Proposal | None:
        """The track that is asked about, None when all were."""
        waiting = self._undone or self._queue
        return waiting[-1] if waiting else None

    @property
    def n_corrected(self) -> int:
        """How many answers differ from the proposal."""
        return sum(set(said) != self._proposed[track_id] for track_id, said in self.said.items())

    def numbered(self) -> list[tuple[str, float | None]]:
        """What the digits choose for the current track: the model's choices, then the commonest
        other buckets."""
        choices = dict(self.current.choices) if self.current else {}
        others = {b: None for b in self.buckets if b not in choices}
        return list({**choices, **others}.items())[:_NUMBERED]

    def named(self, typed: str) -> tuple[str | None, str]:
        """The bucket a typed name means, in use or new; or None, and why it can be none."""
        if BUCKET_SEPARATOR in typed or not typed.strip():
            return None, f"a bucket has a name, and no {BUCKET_SEPARATOR!r} in it"
        row = pd.DataFrame({"track_id": [""], "correct_bucket": [typed.strip()]})
        reading = read_corrections(row, row, self.buckets, lines=[1], allow_new=True)
        if reading.taken:
            return reading.taken[0].buckets[0], ""
        return None, reading.refused[0].reason

    def answer(self, buckets: Iterable[str]) -> None:
        """Say where the current track belongs, and go on to the next.

        Raises ValueError where there is no bucket or no track, or several buckets where a track
        has one.
        """
        chosen = tuple(dict.fromkeys(buckets))
        if not chosen or (len(chosen) > 1 and not self.is_multi):
            raise ValueError(f"a track has {'buckets' if self.is_multi else 'one bucket'}")
        self._take(chosen)

    def accept(self) -> None:
        """Say that the proposal for the current track is right."""
        self.answer(self.current.predicted if self.current else ())

    def skip(self) -> None:
        """Leave the current track for a later session."""
        self._take(None)

    def undo(self) -> Step | None:
        """Take the last step back and ask about its track again; None where there is none."""
        if not self.steps:
            return None
        step = self.steps[-1]
        self.record(step, "undo")
        self.steps.pop()
        self.said.pop(step.track.track_id, None)
        self._undone.append(step.track)
        return step

    def _take(self, buckets: Buckets | None) -> None:
        if self.current is None:
            raise ValueError("every track was asked about")
        step = Step(self.current, buckets)
        self.record(step, "skip" if buckets is None else "answer")
        self.steps.append(step)
        if buckets is not None:
            self.said[step.track.track_id] = buckets
            self.buckets += [b for b in buckets if b not in self.buckets]
        (self._undone or self._queue).pop()


REVIEWS = "reviews"

_WRITTEN = "written"


@dataclass
class Replay:
    """Where a review stands: answers by track id, the steps that can be taken back, by track id
    in their order, tracks skipped, and answers for tracks that the file does not hold."""

    said: dict[str, Buckets]
    steps: dict[str, Step] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)


def event_of(file: str, step: Step, action: Action) -> dict[str, Any]:
    """What is logged of a step: enough to know its track again in another version of the file."""
    track = step.track
    return {
        "action": action,
        "file": file,
        "track_id": track.track_id,
        "artist": track.artist,
        "title": track.title,
        "predicted_bucket": BUCKET_SEPARATOR.join(track.predicted),
        "model_version": track.model_version,
        "predicted_at": track.predicted_at,
        "correct_buckets": list(step.buckets or ()),
    }


def written_event(file: str, seen: int) -> dict[str, Any]:
    """Says that what the first `seen` events about this file say stands in it."""
    return {"action": _WRITTEN, "file": file, "seen": seen}


def replay(
    events: Sequence[Mapping[str, Any]], tracks: Iterable[Proposal], cells: Mapping[str, Buckets]
) -> Replay:
    """Repeat the steps in `events` on `tracks`, whose answers in the file are `cells`.

    Once written, the file has the last word, so that a person may go on in a spreadsheet. Answers
    to earlier proposals for a track are kept where the file says nothing.

    >>> track = Proposal.of({"track_id": "7", "predicted_bucket": "Peak"})
    >>> said = event_of("predictions.csv", Step(track, ("Warm up",)), "answer")
    >>> replay([said], [track], {}).said
    {'7': ('Warm up',)}
    >>> replay([said, written_event("predictions.csv", 1)], [track], {"7": ("Peak",)}).said
    {'7': ('Peak',)}
    """
    by_id = {track.track_id: track for track in tracks}
    found = Replay(dict(cells))
    earlier: set[str] = set()
    settled = max((e["seen"] for e in events if e["action"] == _WRITTEN), default=0)
    for place, event in enumerate(events):
        if place == settled:
            found.said = dict(cells)
        if event["action"] == _WRITTEN:
            continue
        track_id = event["track_id"]
        track = by_id.get(track_id)
        if track is None or is_other_song(event, vars(track)):
            (found.elsewhere.add if event["action"] == "answer" else found.elsewhere.discard)(
                track_id
            )
            continue
        _repeat(found, track, event)
        is_earlier = event["predicted_at"] != track.predicted_at
        (earlier.add if is_earlier else earlier.discard)(track_id)
    for track_id in earlier & set(found.steps):
        found.said.setdefault(track_id, found.steps[track_id].buckets or ())
    found.steps = {i: s for i, s in found.steps.items() if found.said.get(i) == s.buckets}
    return found


def _repeat(found: Replay, track: Proposal, event: Mapping[str, Any]) -> None:
    track_id, action = track.track_id, event["action"]
    found.steps.pop(track_id, None)
    found.skipped.discard(track_id)
    if action == "skip":
        found.skipped.add(track_id)
    elif action == "undo":
        found.said.pop(track_id, None)
    else:
        buckets = tuple(event["correct_buckets"])
        found.steps[track_id] = Step(track, buckets)
        found.said[track_id] = buckets
