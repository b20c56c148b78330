"""What an export held last time, and so what is new in it now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ..tables.atomic import write_json
from ..tables.schema import TRACKS
from .journal import Entry, Journal

TRACKS_FILE = "tracks.json"

_LABELS = ("track_id", "bucket", "buckets")
_EXPORTED = [column for column in TRACKS.names if column not in _LABELS]

State = dict[str, tuple[str, list[str]]]
"""By track id: a hash of what was said of it, and its buckets."""


@dataclass(frozen=True)
class Changes:
    """What is different from the last export (`since`, None for the first): track ids that came
    to each bucket and left it, and tracks whose names, key or other fields changed."""

    since: int | None
    added: dict[str, list[str]] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)

    @property
    def are_none(self) -> bool:
        """Whether all is as it was."""
        return not (self.added or self.removed or self.changed)


def state_of(tracks: pd.DataFrame, buckets: Mapping[str, list[str]]) -> State:
    """What an export of these tracks says of each."""
    table = tracks.reindex(columns=_EXPORTED).astype(object)
    rows = table.where(table.notna(), "").to_numpy()
    return {
        track_id: (_hash("\x1f".join(map(str, row))), buckets[track_id])
        for track_id, row in zip(tracks["track_id"], rows, strict=True)
    }


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def last_state(journal: Journal, to: str, target: Path) -> tuple[Entry | None, State]:
    """The last export to the same place that was not undone, and what it held."""
    for entry in reversed(journal.entries()):
        same = (entry.what, entry.to, entry.target) == ("export", to, str(target))
        if same and entry.state == "done":
            found = _read(journal.place(entry) / TRACKS_FILE)
            if found is not None:
                return entry, found
    return None, {}


def keep_state(journal: Journal, entry: Entry, state: State) -> None:
    """Write down what an export holds, beside its entry."""
    write_json(journal.place(entry) / TRACKS_FILE, state)


def new_or_changed(before: State, now: State) -> set[str]:
    """Tracks that the last export did not hold, or not so."""
    return {track_id for track_id, said in now.items() if before.get(track_id) != said}


def changes_between(
    since: Entry | None, before: State, now: State, *, only: Collection[str] | None = None
) -> Changes:
    """What came, went and changed; with `only` these tracks are exported and the others stay."""
    if since is None:
        return Changes(None)
    gone = [] if only is not None else [track_id for track_id in before if track_id not in now]
    added: dict[str, list[str]] = {}
    removed: dict[str, list[str]] = {}
    for track_id, (_, buckets) in now.items():
        were = before[track_id][1] if track_id in before else []
        for bucket in buckets:
            if bucket not in were:
                added.setdefault(bucket, []).append(track_id)
        for bucket in were:
            if bucket not in buckets:
                removed.setdefault(bucket, []).append(track_id)
    for track_id in gone:
        for bucket in before[track_id][1]:
            removed.setdefault(bucket, []).append(track_id)
    changed = [t for t, said in now.items() if t in before and before[t][0] != said[0]]
    return Changes(since.id, dict(sorted(added.items())), dict(sorted(removed.items())), changed)


def _read(file: Path) -> State | None:
    try:
        read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return {track_id: (said, list(buckets)) for track_id, (said, buckets) in read.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None
