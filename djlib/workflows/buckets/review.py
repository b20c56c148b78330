"""`review`: predictions answered one by one, every answer on the disk before the next question.

Answers go to `data/events/reviews.jsonl`, which is only added to, because a table of 50,000 rows
cannot be rewritten at every key. On leaving they are written into `correct_bucket` of the file; a
review that was killed is replayed from the log.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from ...errors import BusyError, DjlibError, InputError, NotFoundError
from ...settings import Settings, Workspace
from ...tables.cells import undefuse
from ...tables.events import append_events, read_events
from ...tables.io import read_table, write_table
from ...tables.problems import Problem
from ...tables.schema import BUCKET_SEPARATOR, PREDICTIONS, split_buckets
from ..core.edits import copy_aside
from ..core.progress import ProgressReporter
from ..core.runs import run
from ..core.song_identity import is_other_song
from .corrections import Corrections, corrections_so_far
from .models import bucket_models, buckets_in_use
from .review_session import (
    REVIEWS,
    Action,
    Buckets,
    Proposal,
    Replay,
    Session,
    Step,
    event_of,
    replay,
    written_event,
)

Ask = Callable[[Session], None]
"""Puts the questions to a person until they leave."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class ReviewReport:
    """Where a review stands: `answered` tracks, of which `corrected` differ from the proposal;
    `learned` ones need no answer any more; `elsewhere` counts answers for tracks the file does not
    hold (they wait in the log); `waiting` those not in the file yet; `next` is what would be asked;
    `written` the file, where it was written, and `kept` a copy of what it was, where a part of it
    could not be read."""

    plain_extra: ClassVar = ("left",)

    file: str
    tracks: int
    answered: int
    corrected: int
    skipped: int
    learned: int
    elsewhere: int
    waiting: int
    new_buckets: list[str]
    next: dict[str, Any] | None
    written: str | None = None
    kept: str | None = None

    @property
    def left(self) -> int:
        """Tracks without an answer."""
        return self.tracks - self.answered


def review_predictions(
    workspace: Workspace,
    settings: Settings,
    file: Path | None = None,
    *,
    ask: Ask | None,
    write: bool,
    talk: ProgressReporter,
) -> ReviewReport:
    """Let `ask` go through the predictions in `file` (those of the workspace by default), then
    `write` all answers into it; without `ask` only say where it stands.

    The workspace is not held while a person thinks, only for writing. Raises `NotFoundError`
    where there are no predictions and `InputError` for a file that holds none.
    """
    file = file or workspace.predictions
    if ask is not None:
        ask(_Desk(workspace, file).session())
    if not write:
        return _Desk(workspace, file).report()
    try:
        with run(workspace, settings, "review", talk) as noted:
            report = _Desk(workspace, file).write()
            noted |= {"reviewed": str(file.absolute()), "answered": report.answered}
            return report
    except BusyError as error:
        raise BusyError(f"{error}; answers are kept: 'djlib review --done' writes them") from error


class _Desk:
    """A file of predictions with what the logs say about it."""

    def __init__(self, workspace: Workspace, file: Path) -> None:
        self._workspace, self._file = workspace, file
        self._name = os.path.relpath(file, workspace.root)
        self._problems: list[Problem] = []
        self._table = self._read()
        so_far = corrections_so_far(workspace)
        rows = self._table.drop_duplicates("track_id").to_dict("records")
        proposals = [Proposal.of(row) for row in rows]
        self._tracks = [t for t in proposals if not _is_learned(t, so_far)]
        self._n_learned = len(proposals) - len(self._tracks)
        self._in_use = buckets_in_use(workspace, so_far)
        self._cells = self._answers_in_the_file()
        events = read_events(workspace.events, REVIEWS)
        self._events = [event for event in events if event.get("file") == self._name]
        self._found = self._replayed()
        self._found.elsewhere -= set(so_far)

    def session(self) -> Session:
        """What a person is asked; each step is logged before it counts."""
        found = self._found
        return Session(
            tracks=self._tracks,
            said=found.said,
            steps=list(found.steps.values()),
            skipped=found.skipped,
            buckets=self._buckets(),
            is_multi=self._is_multi(),
            record=self._log,
        )

    def write(self) -> ReviewReport:
        """Write every answer into the file, if any is not there yet."""
        kept = None
        if self._waiting():
            damaged = any(p.outcome in ("row left out", "value ignored") for p in self._problems)
            kept = str(copy_aside(self._file)) if damaged else None
            self._write()
        append_events(
            self._workspace.events, REVIEWS, [written_event(self._name, len(self._events))]
        )
        self._cells = self._found.said
        return self.report(written=str(self._file), kept=kept)

    def report(self, written: str | None = None, kept: str | None = None) -> ReviewReport:
        """Where the review stands."""
        session = self.session()
        new = [b for said in session.said.values() for b in said if b not in self._in_use]
        return ReviewReport(
            file=str(self._file),
            tracks=len(session.tracks),
            answered=len(session.said),
            corrected=session.n_corrected,
            skipped=len(session.skipped - set(session.said)),
            learned=self._n_learned,
            elsewhere=len(self._found.elsewhere),
            waiting=len(self._waiting()),
            new_buckets=list(dict.fromkeys(new)),
            next=_asked(session.current),
            written=written,
            kept=kept,
        )

    def _read(self) -> pd.DataFrame:
        if not self._file.exists():
            raise NotFoundError(
                f"no predictions to review: {self._file} does not exist; "
                "run 'djlib assign-buckets' first, or name a file"
            )
        table = read_table(
            self._file, schema=PREDICTIONS, problems=self._problems, duplicates="keep"
        )
        if "correct_bucket" not in table:
            table["correct_bucket"] = ""
        return table

    def _answers_in_the_file(self) -> dict[str, Buckets]:
        open_ids = {track.track_id for track in self._tracks}
        cells = zip(self._table["track_id"], self._table["correct_bucket"], strict=True)
        read = {i: _buckets_in(cell) for i, cell in cells if i in open_ids}
        return {track_id: buckets for track_id, buckets in read.items() if buckets}

    def _replayed(self) -> Replay:
        try:
            return replay(self._events, self._tracks, self._cells)
        except (KeyError, TypeError) as error:
            log = self._workspace.events / f"{REVIEWS}.jsonl"
            raise InputError(f"{log}: a line about {self._name} lacks {error}; mend it") from error

    def _buckets(self) -> list[str]:
        """Names in use, those proposed most often first."""
        proposed = Counter(bucket for track in self._tracks for bucket, _ in track.choices[:1])
        said = [bucket for buckets in self._found.said.values() for bucket in buckets]
        others = [bucket for track in self._tracks for bucket, _ in track.choices]
        return list(dict.fromkeys([*dict(proposed.most_common()), *self._in_use, *said, *others]))

    def _is_multi(self) -> bool:
        with suppress(DjlibError):
            return bool(bucket_models(self._workspace).current().metadata["is_multi"])
        return any(len(track.predicted) > 1 for track in self._tracks)

    def _log(self, step: Step, action: Action) -> None:
        append_events(self._workspace.events, REVIEWS, [event_of(self._name, step, action)])

    def _waiting(self) -> dict[str, str]:
        """Cells of the file that do not say yet what was answered, by track id."""
        said = self._found.said
        changed = {i for i in {*said, *self._cells} if said.get(i) != self._cells.get(i)}
        return {i: BUCKET_SEPARATOR.join(said.get(i, ())) for i in changed}

    def _write(self) -> None:
        with self._file.open("rb") as handle:
            is_for_excel = handle.read(len(_BOM)) == _BOM
        table, waiting = self._table, self._waiting()
        told = table["track_id"].map(waiting)
        table["correct_bucket"] = told.where(told.notna(), table["correct_bucket"])
        write_table(table, self._file, for_spreadsheet=is_for_excel, defuse=True)


def _is_learned(track: Proposal, so_far: Corrections) -> bool:
    """Whether this song was corrected or confirmed before, in this file or another."""
    known = so_far.get(track.track_id)
    return known is not None and not is_other_song(known[1], vars(track))


def _buckets_in(cell: str) -> Buckets:
    return tuple(split_buckets(undefuse(cell)))


def _asked(track: Proposal | None) -> dict[str, Any] | None:
    return None if track is None else {**vars(track), "choices": dict(track.choices)}
