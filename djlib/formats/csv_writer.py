"""Write tracks with their buckets as one CSV, for other programs and spreadsheets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ..errors import UsageError
from ..tables.io import csv_bytes
from ..tables.schema import BUCKET_SEPARATOR
from .collection import Playlist, missing_members
from .drafts import Draft, NewFile
from .options import WriteOptions


def draft(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """One row a track: its columns, and in `bucket` and `buckets` the playlists it goes into."""
    if target.suffix.lower() != ".csv":
        raise UsageError(f"{target} is no name of a CSV file; it should end in .csv")
    named: dict[str, list[str]] = {}
    for playlist in playlists:
        for member in playlist.track_ids:
            named.setdefault(member, []).append(playlist.name)
    buckets = [named.get(track_id, []) for track_id in tracks["track_id"]]
    table = tracks.drop(columns=["key_name"], errors="ignore").assign(
        bucket=pd.Series([found[0] if found else "" for found in buckets], dtype="str").to_numpy(),
        buckets=[BUCKET_SEPARATOR.join(found) for found in buckets],
    )
    file = NewFile(target, lambda: [csv_bytes(table)])
    return Draft([file], missing_members(playlists, tracks))
