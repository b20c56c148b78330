"""The one track a person means, by its id or by a piece of artist and title."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ...bucketing.field_words import shortened
from ...errors import NotFoundError, UsageError
from ...features.text import fold
from ...settings import Workspace
from ...tables.io import is_table, iter_table
from ...tables.schema import TRACKS
from ..core.progress import ProgressReporter
from ..core.song_identity import song_name
from .tracks import read_tracks

_MOST_SHOWN = 10
_LONGEST = 60


def find_track(
    workspace: Workspace, wanted: str, source: Path | None = None, *, talk: ProgressReporter
) -> pd.DataFrame:
    """Give the row of the track meant by `wanted`, a table of one row, out of `source` or the
    scanned library.

    An id that is exactly the same counts first; then the one track whose artist and title hold
    every word, or whose title is just that. Of several the first are told to `talk`. Raises
    `UsageError` where several fit, `NotFoundError` where none does or there is nothing to search.
    """
    words = fold(wanted).split()
    if not words:
        raise UsageError("name a track: its id, or a piece of its artist and title")
    place = source or _library(workspace)
    fitting = []
    for batch in _batches(workspace, place, talk):
        exact = batch[batch["track_id"] == wanted]
        if len(exact):
            return exact.head(1).reset_index(drop=True)
        fitting.append(batch[[_holds(names, words) for names in _names(batch)]])
    return _the_one(pd.concat(fitting, ignore_index=True), wanted, place, talk)


def _library(workspace: Workspace) -> Path:
    """What was scanned, else the hand-made table."""
    there = [file for file in (workspace.tracks, workspace.training) if file.is_file()]
    if there:
        return there[0]
    raise NotFoundError(
        f"no tracks to look in: {workspace.tracks} does not exist; "
        "run 'djlib scan LIBRARY' first, or name a file with --data"
    )


def _batches(workspace: Workspace, source: Path, talk: ProgressReporter) -> Iterator[pd.DataFrame]:
    if is_table(source):
        yield from iter_table(source, schema=TRACKS, problems=[])
    else:
        yield read_tracks(workspace, source, talk, remember=False)[0]


def _names(batch: pd.DataFrame) -> Iterator[str]:
    columns = [batch[c] if c in batch else [""] * len(batch) for c in ("artist", "title")]
    return (f"{artist} {title}" for artist, title in zip(*columns, strict=True))


def _holds(names: str, words: list[str]) -> bool:
    folded = fold(names)
    return all(word in folded for word in words)


def _the_one(
    fitting: pd.DataFrame, wanted: str, source: Path, talk: ProgressReporter
) -> pd.DataFrame:
    if len(fitting) > 1 and "title" in fitting:
        called_so = fitting[fitting["title"].map(fold) == fold(wanted)]
        fitting = called_so if len(called_so) == 1 else fitting
    if len(fitting) == 1:
        return fitting.reset_index(drop=True)
    shown = shortened(wanted, _LONGEST)
    if not len(fitting):
        raise NotFoundError(
            f"no track with the id or the words {shown!r} in {source}; look it up with fewer "
            "words, or name another file with --data"
        )
    for row in fitting.head(_MOST_SHOWN).to_dict("records"):
        talk.say(f"  {row['track_id']}  {shortened(song_name(row), 2 * _LONGEST)}")
    if len(fitting) > _MOST_SHOWN:
        talk.say(f"  and {len(fitting) - _MOST_SHOWN:,} more")
    raise UsageError(
        f"{shown!r} fits {len(fitting):,} tracks of {source}; name one by its id or by more words"
    )
