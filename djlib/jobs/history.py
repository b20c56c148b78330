"""`explain TRACK --history`: every answer ever given for a track, and who has the last word."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import NotFoundError
from ..registry import Version
from ..settings import Workspace
from ..tables.events import read_events
from .audit import Said, said_of
from .corrections import CORRECTIONS
from .explain import sorted_into
from .find_track import find_track
from .models import bucket_models
from .talk import Talk


@dataclass(frozen=True)
class Corrected:
    """A correction of the track: when, the right buckets, what it answered to and where from."""

    at: str
    buckets: tuple[str, ...]
    predicted: str
    version: str
    source: str


@dataclass(frozen=True)
class Speaker:
    """A version that said something of the track: whether it can still be asked, and what it had
    learned from: how many tracks, when, which exact labels (`fingerprint`)."""

    id: str
    state: str
    tracks: int | None
    trained_at: str
    fingerprint: str


@dataclass(frozen=True)
class History:
    """Everything said of one track, oldest first. `in_force` are the buckets that count now, by
    `correction`, `library` or `prediction`; `runs_gone` counts runs whose answers are not kept."""

    track_id: str
    artist: str
    title: str
    said: tuple[Said, ...]
    corrected: tuple[Corrected, ...]
    versions: tuple[Speaker, ...]
    in_force: tuple[str, ...]
    by: str
    runs_gone: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


def history(
    workspace: Workspace, wanted: str, source: Path | None = None, *, talk: Talk
) -> History:
    """Gather what was said of the track meant by `wanted`: as `find_track` finds it or, for one
    that is in no library any more, by its exact id."""
    track = _found(workspace, wanted, source, talk)
    track_id = str(track["track_id"].iloc[0])
    said, runs_gone = said_of(workspace, track_id)
    own, by = sorted_into(workspace, track)
    if not own and said:
        own, by = tuple(said[-1].bucket.split("|")), "prediction"
    names = track.reindex(columns=["artist", "title"], fill_value="").iloc[0]
    return History(
        track_id=track_id,
        artist=str(names["artist"]),
        title=str(names["title"]),
        said=tuple(said),
        corrected=tuple(_corrected(event) for event in _events(workspace, track_id)),
        versions=_speakers(workspace, said),
        in_force=own,
        by=by,
        runs_gone=runs_gone,
    )


def _found(workspace: Workspace, wanted: str, source: Path | None, talk: Talk) -> pd.DataFrame:
    try:
        return find_track(workspace, wanted, source, talk=talk)
    except NotFoundError:
        events = _events(workspace, wanted)
        if not events and not said_of(workspace, wanted)[0]:
            raise
        logged = events[-1]["track"] if events else {}
        return pd.DataFrame([{"artist": "", "title": "", **logged, "track_id": wanted}])


def _events(workspace: Workspace, track_id: str) -> list[dict[str, Any]]:
    events = read_events(workspace.events, CORRECTIONS)
    return [event for event in events if event.get("track_id") == track_id]


def _corrected(event: dict[str, Any]) -> Corrected:
    return Corrected(
        event["at"],
        tuple(event["correct_buckets"]),
        event.get("predicted_bucket", ""),
        event.get("model_version", ""),
        event.get("source", ""),
    )


def _speakers(workspace: Workspace, said: list[Said]) -> tuple[Speaker, ...]:
    known = {version.id: version for version in bucket_models(workspace).versions()}
    spoke = {one.version: one for one in said}
    return tuple(_speaker(one, known.get(version)) for version, one in spoke.items())


def _speaker(said: Said, version: Version | None) -> Speaker:
    if version is None:
        return Speaker(said.version, "deleted", None, "", said.fingerprint)
    known = version.metadata
    return Speaker(
        said.version,
        "current" if version.is_current else version.problem or "kept",
        known.get("tracks"),
        str(known.get("trained_at", version.created_at)),
        str(known.get("data_fingerprint", said.fingerprint)),
    )
