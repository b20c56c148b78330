"""`export`: the buckets as playlists in a new file that DJ software imports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ..bucketing.corrections import Reading, read_corrections
from ..bucketing.labels import buckets_of
from ..bucketing.renames import with_current_names
from ..errors import InputError, NotFoundError
from ..formats.collection import PATH_SEPARATOR, Playlist
from ..formats.m3u_writer import write_m3u8
from ..formats.rekordbox_writer import write_rekordbox
from ..settings import Settings, Workspace
from ..tables.io import read_table
from ..tables.problems import Problem
from ..tables.schema import PREDICTIONS, split_buckets
from .corrections import Corrections, corrections_so_far, renames_so_far
from .met import rows_met
from .models import buckets_in_use
from .renames import with_names_of_today
from .runs import run
from .songs import other_songs
from .talk import Talk

Target = Literal["rekordbox", "m3u8"]

_LINE = "line in the file"


@dataclass(frozen=True)
class ExportOptions:
    """What a person may ask: unsure predictions too, tracks that were sorted before too, the
    folder the playlists stand in, nothing written."""

    include_unsure: bool = False
    include_sorted: bool = False
    folder: str = "djlib"
    dry_run: bool = False


@dataclass(frozen=True)
class ExportReport:
    """What was written: tracks in each bucket's playlist, files, and what was left out and why."""

    to: Target
    playlists: dict[str, int]
    tracks: int
    unsure_left_out: int
    written: list[str]
    problems: list[Problem]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**self.__dict__, "problems": [p.as_dict() for p in self.problems]}


def export(
    workspace: Workspace,
    settings: Settings,
    to: Target,
    predictions: Path | None = None,
    output: Path | None = None,
    *,
    options: ExportOptions,
    talk: Talk,
) -> ExportReport:
    """Write the predictions, as corrected, as playlists; never over a file of the person's own.

    A filled `correct_bucket` counts, then the log of corrections, then sure predictions. Raises
    `NotFoundError` without predictions and `InputError` where no track is left to export.
    """
    with run(workspace, settings, "export", talk):
        so_far = corrections_so_far(workspace)
        table = _read_predictions(workspace, predictions)
        names, renames = buckets_in_use(workspace, so_far), renames_so_far(workspace)
        table, _ = with_names_of_today(table, names, renames, line_column=_LINE)
        answers, n_unsure, misread = _answers(workspace, table, so_far, options)
        rows = rows_met(workspace, so_far, set(answers))
        misread += _of_other_songs(table, answers, rows)
        tracks = pd.DataFrame([rows[track_id] for track_id in answers if track_id in rows])
        playlists = _playlists({t: b for t, b in answers.items() if t in rows})
        if not playlists:
            raise InputError(f"nothing to export: {_why_nothing(len(answers), n_unsure, misread)}")
        target = output or _default_output(workspace, to)
        written, problems = _write(to, target, tracks, playlists, options)
        return ExportReport(
            to=to,
            playlists={p.name: len(p.track_ids) for p in playlists},
            tracks=len(tracks),
            unsure_left_out=n_unsure,
            written=[str(path) for path in written],
            problems=[*misread, *_unknown(answers, rows), *problems],
        )


def _answers(
    workspace: Workspace, table: pd.DataFrame, so_far: Corrections, options: ExportOptions
) -> tuple[dict[str, list[str]], int, list[Problem]]:
    """Track id to the buckets it goes into, how many unsure predictions were left out, and
    corrections that could not be read."""
    answers = _sorted_before(workspace) if options.include_sorted else {}
    answers |= {track_id: list(c.buckets) for track_id, (c, _) in so_far.items()}
    reading = _corrected(workspace, table, so_far)
    answers |= {c.track_id: list(c.buckets) for c in reading.taken}
    n_unsure = 0
    for row in table[table["correct_bucket"].str.strip() == ""].to_dict("records"):
        if row["track_id"] in so_far:
            continue
        if row["status"] == "ok" or options.include_unsure:
            answers[row["track_id"]] = split_buckets(row["predicted_bucket"])
        else:
            n_unsure += 1
    return answers, n_unsure, reading.refused


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


def _playlists(answers: dict[str, list[str]]) -> list[Playlist]:
    members: dict[str, list[str]] = {}
    for track_id, buckets in answers.items():
        for bucket in buckets:
            members.setdefault(bucket, []).append(track_id)
    return [
        Playlist(tuple(bucket.split(PATH_SEPARATOR)), tuple(track_ids))
        for bucket, track_ids in sorted(members.items())
    ]


def _default_output(workspace: Workspace, to: Target) -> Path:
    name = "djlib_rekordbox.xml" if to == "rekordbox" else "djlib_playlists"
    return workspace.data / "export" / name


def _write(
    to: Target,
    target: Path,
    tracks: pd.DataFrame,
    playlists: list[Playlist],
    options: ExportOptions,
) -> tuple[list[Path], list[Problem]]:
    if options.dry_run:
        return [], []
    if to == "rekordbox":
        return [target], write_rekordbox(target, tracks, playlists, folder=options.folder)
    return write_m3u8(target, tracks, playlists)


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
