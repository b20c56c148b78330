"""A file of corrections as feedback reads it: what was said, and what was left as it was."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..bucketing.corrections import Reading, read_corrections
from ..bucketing.renames import like_renames
from ..registry import Version
from ..settings import Workspace
from ..tables.events import read_events
from ..tables.io import read_table
from ..tables.problems import Problem
from ..tables.schema import CORRECTIONS
from .acceptance import Look
from .corrections import Corrections, renames_so_far
from .met import names_met
from .models import buckets_in_use
from .renames import with_names_of_today
from .songs import other_songs, song_name
from .talk import Talk

_LINE = "line in the file"
_REVIEWS = "reviews"


@dataclass(frozen=True)
class FeedbackFile:
    """What a file holds: its corrections, the predictions `left` empty by somebody who looked at
    them, which version `proposed` for which track, and buckets that look renamed."""

    reading: Reading = field(default_factory=Reading)
    left: pd.DataFrame = field(default_factory=pd.DataFrame)
    proposed: frozenset[tuple[str, str]] = frozenset()
    like_renames: dict[str, str] = field(default_factory=dict)

    def shows(self, look: Look) -> bool:
        """Whether the file holds the prediction that somebody looked at."""
        return (look.model_version, look.track_id) in self.proposed


def read_feedback_file(
    workspace: Workspace,
    file: Path,
    so_far: Corrections,
    version: Version,
    *,
    allow_new: bool,
    talk: Talk,
) -> FeedbackFile:
    """Read a file of corrections against the tracks met and the buckets in use."""
    problems: list[Problem] = []
    table = read_table(
        file, schema=CORRECTIONS, problems=problems, duplicates="keep", line_column=_LINE
    )
    talk.say(f"Looking up {len(table)} tracks")
    known, names = names_met(workspace, so_far), buckets_in_use(workspace, so_far)
    table = _of_songs_known(table, known, problems)
    renames = renames_so_far(workspace)
    table, notes = with_names_of_today(table, names, renames, line_column=_LINE)
    is_multi = bool(version.metadata["is_multi"])

    def read(new_names: bool) -> Reading:
        lines = table[_LINE].tolist()
        return read_corrections(
            table, known, names, lines=lines, allow_new=new_names, is_multi=is_multi
        )

    reading = read(allow_new)
    meant = read(True) if reading.refused else reading  # refused names may be new ones
    reading.problems[:0] = [*problems, *notes]
    answered = table["correct_bucket"].str.strip() != ""
    empty = table[~answered & table["track_id"].isin(known["track_id"])]
    left = empty if _is_looked_at(workspace, file, table) else empty.head(0)
    return FeedbackFile(reading, left, _proposed(table), like_renames(meant.taken, names))


def _of_songs_known(
    table: pd.DataFrame, known: pd.DataFrame, problems: list[Problem]
) -> pd.DataFrame:
    """Leave out answers whose track is another song here, with a reason each."""
    answered = table[table["correct_bucket"].str.strip() != ""]
    strange = other_songs(answered, known)
    left_out = answered.iloc[list(strange)]
    for row, song in zip(left_out.to_dict("records"), strange.values(), strict=True):
        reason = f"two songs have this id: {song_name(row)!r} here, {song!r} in the library"
        problems.append(Problem(row[_LINE], "track_id", row["track_id"], reason))
    return table.drop(left_out.index)


def _is_looked_at(workspace: Workspace, file: Path, table: pd.DataFrame) -> bool:
    """Whether empty rows were looked at: not where `djlib review` asked track by track, as it
    writes an answer into every row that was."""
    name = os.path.relpath(file, workspace.root)
    reviewed = {
        event.get("predicted_at")
        for event in read_events(workspace.events, _REVIEWS)
        if event.get("file") == name
    }
    return "predicted_at" not in table or reviewed.isdisjoint(table["predicted_at"])


def _proposed(table: pd.DataFrame) -> frozenset[tuple[str, str]]:
    if "model_version" not in table:
        return frozenset()
    return frozenset(zip(table["model_version"], table["track_id"], strict=True))
