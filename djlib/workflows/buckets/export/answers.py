"""Which bucket each track is exported with: what a person said, then what the model is sure of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ....bucketing.corrections import Reading, read_corrections, with_current_names
from ....bucketing.labels import buckets_of
from ....errors import InputError, NotFoundError
from ....formats.collection import PATH_SEPARATOR, Playlist
from ....settings import Workspace
from ....tables.io import read_table
from ....tables.problems import Problem
from ....tables.schema import PREDICTIONS, split_buckets
from ...core.song_identity import other_songs
from ...library.known_tracks import rows_met
from ..corrections import Corrections, corrections_so_far, renames_so_far
from ..models import buckets_in_use
from ..renames import with_names_of_today

_LINE = "line in the file"


@dataclass(frozen=True)
class Answers:
    """The tracks to export, the buckets of each by its id, how many unsure predictions were left
    out, and what could not be used."""

    tracks: pd.DataFrame
    buckets: dict[str, list[str]]
    unsure_left_out: int
    problems: list[Problem]

    def playlists(self, track_ids: set[str] | None = None) -> list[Playlist]:
        """A playlist for each bucket, of all tracks or of these."""
        members: dict[str, list[str]] = {}
        for track_id, buckets in self.buckets.items():
            if track_ids is None or track_id in track_ids:
                for bucket in buckets:
                    members.setdefault(bucket, []).append(track_id)
        return [
            Playlist(tuple(bucket.split(PATH_SEPARATOR)), tuple(found))
            for bucket, found in sorted(members.items())
        ]


def gather_answers(
    workspace: Workspace,
    predictions: Path | None = None,
    *,
    include_unsure: bool = False,
    include_sorted: bool = False,
) -> Answers:
    """Find what is to be exported.

    A filled `correct_bucket` counts, then the log of corrections, then sure predictions. Raises
    `NotFoundError` without predictions and `InputError` where no track is left to export.
    """
    so_far = corrections_so_far(workspace)
    table = _read_predictions(workspace, predictions)
    names, renames = buckets_in_use(workspace, so_far), renames_so_far(workspace)
    table, _ = with_names_of_today(table, names, renames, line_column=_LINE)
    answers = _sorted_before(workspace) if include_sorted else {}
    n_unsure, misread = _add_answers(answers, workspace, table, so_far, include_unsure)
    rows = rows_met(workspace, so_far, set(answers))
    misread += _of_other_songs(table, answers, rows)
    kept = {track_id: found for track_id, found in answers.items() if track_id in rows and found}
    if not kept:
        raise InputError(f"nothing to export: {_why_nothing(len(answers), n_unsure, misread)}")
    tracks = pd.DataFrame([rows[track_id] for track_id in kept])
    return Answers(tracks, kept, n_unsure, [*misread, *_unknown(answers, rows)])


def _add_answers(
    answers: dict[str, list[str]],
    workspace: Workspace,
    table: pd.DataFrame,
    so_far: Corrections,
    include_unsure: bool,
) -> tuple[int, list[Problem]]:
    """Lay corrections and predictions over `answers`; give how many unsure predictions were left
    out, and corrections that could not be read."""
    answers |= {track_id: list(c.buckets) for track_id, (c, _) in so_far.items()}
    reading = _corrected(workspace, table, so_far)
    answers |= {c.track_id: list(c.buckets) for c in reading.taken}
    n_unsure = 0
    for row in table[table["correct_bucket"].str.strip() == ""].to_dict("records"):
        if row["track_id"] in so_far:
            continue
        if row["status"] == "ok" or include_unsure:
            answers[row["track_id"]] = split_buckets(row["predicted_bucket"])
        else:
            n_unsure += 1
    return n_unsure, reading.refused


def _corrected(workspace: Workspace, table: pd.DataFrame, so_far: Corrections) -> Reading:
    """What a person wrote into the file, read as `feedback` reads it; any name is a bucket."""
    return read_corrections(
        table,
        table,
        buckets_in_use(workspace, so_far),
        lines=table[_LINE].tolist(),
        allow_new=True,
        is_multi=True,
    )


def _sorted_before(workspace: Workspace) -> dict[str, list[str]]:
    tracks = read_table(workspace.tracks, schema="tracks", problems=[])
    tracks = with_current_names(tracks, renames_so_far(workspace))
    pairs = zip(tracks["track_id"], buckets_of(tracks), strict=True)
    return {track_id: buckets for track_id, buckets in pairs if buckets}


def _read_predictions(workspace: Workspace, predictions: Path | None) -> pd.DataFrame:
    file = predictions or workspace.predictions
    if not file.is_file():
        raise NotFoundError(f"no predictions: {file} does not exist; run 'djlib assign-buckets'")
    table = read_table(file, schema=PREDICTIONS, problems=[], line_column=_LINE)
    return table if "correct_bucket" in table else table.assign(correct_bucket="")


def _why_nothing(n_answers: int, n_unsure: int, misread: list[Problem]) -> str:
    if misread and not n_unsure:
        return str(misread[0])
    if n_answers:
        return f"the files of {n_answers} tracks are not known here; scan the library they are in"
    advice = "correct them, lower the threshold, or pass --include-unsure"
    return f"{n_unsure} unsure predictions; {advice}"


def _of_other_songs(
    table: pd.DataFrame, answers: dict[str, list[str]], rows: dict[str, dict[str, Any]]
) -> list[Problem]:
    """Take out answers whose track is another song where its file is known, with a reason each."""
    strange = other_songs(table, pd.DataFrame(list(rows.values()))) if rows else {}
    problems = []
    for track_id, song in zip(table["track_id"].iloc[list(strange)], strange.values(), strict=True):
        del answers[track_id]
        reason = f"two songs have this id; in the library it is {song!r}"
        problems.append(Problem(None, "track_id", track_id, reason))
    return problems


def _unknown(answers: dict[str, list[str]], rows: dict[str, dict[str, Any]]) -> list[Problem]:
    reason = "its file is not known here; scan the library it came from"
    return [Problem(None, "track_id", t, reason) for t in answers if t not in rows]
