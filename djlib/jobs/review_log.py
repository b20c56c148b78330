"""The log of reviews: what was said at each key, replayed over the file as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..tables.schema import BUCKET_SEPARATOR
from .review_session import Action, Buckets, Proposal, Step
from .songs import is_other_song

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
