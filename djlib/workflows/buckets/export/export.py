"""`export`: the buckets as playlists, crates or a table, in new files for other programs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ....errors import InputError
from ....formats.drafts import Draft, NewFile, sha256_of
from ....formats.options import WriteOptions
from ....settings import Settings, Workspace
from ....tables.atomic import write_json
from ....tables.problems import Problem
from ....tables.schema import TRACKS
from ...core.progress import ProgressReporter
from ...core.runs import run
from .answers import gather_answers
from .journal import Entry, Journal
from .targets import default_output, target_named, with_keys

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


@dataclass(frozen=True)
class ExportOptions:
    """What a person may ask: unsure predictions too, tracks that were sorted before too, how files
    are written, how keys are written, only what is new since the last export, nothing written."""

    include_unsure: bool = False
    include_sorted: bool = False
    writing: WriteOptions = field(default_factory=WriteOptions)
    keys: str = "as-is"
    only_new: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class ExportReport:
    """What was written: tracks in each bucket's playlist, files, what changed since the last time,
    and what was left out and why. `entry` is the number by which it can be undone; `stale` are
    files of the last export that this one does not have."""

    to: str
    target: str
    playlists: dict[str, int]
    tracks: int
    unsure_left_out: int
    changes: Changes
    files: dict[str, str]
    written: list[str]
    stale: list[str]
    problems: list[Problem]
    entry: int | None = None
    is_dry_run: bool = False


def export_buckets(
    workspace: Workspace,
    settings: Settings,
    to: str,
    predictions: Path | None = None,
    output: Path | None = None,
    *,
    options: ExportOptions,
    talk: ProgressReporter,
) -> ExportReport:
    """Write the predictions, as corrected, as playlists; never over a file of the person's own.

    What is replaced is kept first, so that `undo` can bring it back. Raises `NotFoundError`
    without predictions, `InputError` where no track is left to export or none can be written so,
    and `UsageError` where a file is in the way.
    """
    target = target_named(to)
    with run(workspace, settings, "export", talk):
        answers = gather_answers(
            workspace,
            predictions,
            include_unsure=options.include_unsure,
            include_sorted=options.include_sorted,
        )
        place = _absolute(output or default_output(workspace.data, target))
        tracks = with_keys(answers.tracks, options.keys)
        journal = Journal(workspace.history)
        since, before = last_state(journal, to, place)
        now = state_of(tracks, answers.buckets)
        only = new_or_changed(before, now) if options.only_new else None
        if only is not None:
            now = {**before, **now}
            tracks = tracks[tracks["track_id"].isin(only)]
        playlists = answers.playlists(only)
        made = target.write(place, tracks, playlists, options.writing)
        n_left_out = sum(problem.outcome == "row left out" for problem in made.problems)
        if n_left_out and n_left_out >= len(tracks):
            raise InputError(
                f"none of {n_left_out:,} tracks can go to {to}, e.g. {made.problems[0]}; "
                "'djlib export --to csv' takes tracks without files"
            )
        report = ExportReport(
            to=to,
            target=str(place),
            playlists={p.name: len({*p.track_ids} - made.left_out) for p in playlists},
            tracks=len(tracks) - n_left_out,
            unsure_left_out=answers.unsure_left_out,
            changes=changes_between(since, before, now, only=only),
            files=_what_happens(made) if playlists else {},
            written=[],
            stale=_stale(since, made) if only is None else [],
            problems=[*answers.problems, *made.problems],
            is_dry_run=options.dry_run,
        )
        made.refuse_strangers(journal.ours())
        is_there = now == before and {*report.files.values()} == {"same"}
        if options.dry_run or not playlists or is_there:
            return report
        entry = _write(journal, replace(journal.new("export", to, place)), made, report, now)
        written = [_as_named(path, place, output) for path in made.paths]
        return replace(report, written=written, entry=entry.id)


def _absolute(path: Path) -> Path:
    """The same file wherever the next command is run, a link not followed."""
    return Path(os.path.abspath(path.expanduser()))


def _as_named(path: Path, place: Path, output: Path | None) -> str:
    """A written file as the person named it."""
    return str(output / path.relative_to(place)) if output is not None else str(path)


def _what_happens(made: Draft) -> dict[str, str]:
    """For each file whether it is `new`, `changed` or the `same` as it is."""
    return {str(file.path): _happens_to(file) for file in made.files}


def _happens_to(file: NewFile) -> str:
    there = sha256_of(file.path)
    if there is None:
        return "new"
    return "same" if there == file.sha256 else "changed"


def _stale(since: Entry | None, made: Draft) -> list[str]:
    if since is None:
        return []
    now = {str(path) for path in made.paths}
    were = [*since.facts.get("files", ())]
    return [path for path in were if path not in now and Path(path).is_file()]


def _write(
    journal: Journal, entry: Entry, made: Draft, report: ExportReport, state: State
) -> Entry:
    changing = [file for file in made.files if report.files[str(file.path)] != "same"]
    facts = {"playlists": report.playlists, "files": [str(path) for path in made.paths]}
    begun = journal.begin(replace(entry, tracks=report.tracks, facts=facts), changing)
    for file in changing:
        file.write()
    keep_state(journal, begun, state)
    done = replace(begun, state="done")
    journal.save(done)
    return done
