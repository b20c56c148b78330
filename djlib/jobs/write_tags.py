"""`export --to tags`: the bucket in the tags of the audio files themselves, with a way back."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import DjlibError, FormatError
from ..formats.tag_fields import Field, read_field, why_no_tags
from ..formats.tag_files import Beside, change_field, why_not_writable
from ..settings import Settings, Workspace
from ..tables.problems import Problem
from .export_answers import Answers, gather_answers
from .journal import Entry, Journal
from .runs import run
from .tag_log import Planned, keep_patch, values_written, write_plan
from .talk import Talk

JOINED = "; "
"""Stands between several buckets in one field."""

_OTHER = "its {} says {!r}, which djlib did not write; --replace writes over it"


@dataclass(frozen=True)
class TagOptions:
    """What a person may ask: which field, unsure predictions and sorted tracks too, values of
    others replaced, and files really written."""

    field: Field = "grouping"
    include_unsure: bool = False
    include_sorted: bool = False
    replace: bool = False
    write: bool = False


@dataclass(frozen=True)
class TagReport:
    """What was or would be written into which field: files by what they are to get, files that
    have it already, and what was left alone and why. `entry` is the number to undo it by."""

    field: Field
    values: dict[str, int]
    same: int
    written: int
    unsure_left_out: int
    problems: list[Problem]
    entry: int | None = None
    is_dry_run: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**self.__dict__, "problems": [p.as_dict() for p in self.problems]}


def write_tags(
    workspace: Workspace,
    settings: Settings,
    predictions: Path | None = None,
    *,
    options: TagOptions,
    talk: Talk,
) -> TagReport:
    """Put each track's buckets into a field of its file's tags; nothing else of it changes.

    Without `write` only says what would happen. Files that are gone, write-protected, damaged or
    that say something of the person's own are left alone and reported. Raises `DjlibError` where
    mutagen is not installed.
    """
    missing = why_no_tags()
    if missing:
        raise DjlibError(missing)
    with run(workspace, settings, "export", talk):
        answers = gather_answers(
            workspace,
            predictions,
            include_unsure=options.include_unsure,
            include_sorted=options.include_sorted,
        )
        journal = Journal(workspace.history)
        plan = _Plan(values_written(journal, options.field), options)
        with talk.step("Reading tags", len(answers.tracks)) as progress:
            for path, title, value in _wanted(answers):
                plan.add(path, title, value)
                progress(1)
        report = TagReport(
            field=options.field,
            values=dict(Counter(one.new for one in plan.planned).most_common()),
            same=plan.same,
            written=0,
            unsure_left_out=answers.unsure_left_out,
            problems=[*answers.problems, *plan.problems],
        )
        if not options.write or not plan.planned:
            return report
        entry, failed = _write(journal, plan, talk)
        return replace(
            report,
            written=entry.tracks,
            problems=[*report.problems, *failed],
            entry=entry.id,
            is_dry_run=False,
        )


def _wanted(answers: Answers) -> Iterator[tuple[str, str, str]]:
    """Path, title and value of each track."""
    table = answers.tracks.reindex(columns=["track_id", "path", "title"], fill_value="").fillna("")
    for track_id, path, title in table.itertuples(index=False, name=None):
        yield path, title or track_id, JOINED.join(answers.buckets[track_id])


class _Plan:
    """Gathers what is to be written; `ours` are paths with values that djlib wrote before."""

    def __init__(self, ours: set[tuple[str, str]], options: TagOptions) -> None:
        self.planned: list[Planned] = []
        self.problems: list[Problem] = []
        self.same = 0
        self._ours = ours
        self._options = options
        self._seen: set[str] = set()

    def add(self, path: str, title: str, value: str) -> None:
        if path in self._seen:
            return
        self._seen.add(path)
        reason = "it has no file" if not path else why_not_writable(Path(path))
        if not reason:
            reason = self._look(path, value)
        if reason:
            self.problems.append(Problem(None, "path", path or title, reason, "note"))

    def _look(self, path: str, value: str) -> str:
        """Plan one file, or say why it is left alone."""
        field = self._options.field
        try:
            old = read_field(Path(path), field)
        except FormatError as error:
            return str(error)
        if old == [value]:
            self.same += 1
            return ""
        is_ours = all((path, text) in self._ours for text in old if text.strip())
        if not is_ours and not self._options.replace:
            return _OTHER.format(field, JOINED.join(old))
        self.planned.append(Planned(len(self.planned) + 1, path, field, tuple(old), value))
        return ""


def _write(journal: Journal, plan: _Plan, talk: Talk) -> tuple[Entry, list[Problem]]:
    """Change the files; give the entry and the files that could not be changed."""
    field = plan.planned[0].field
    entry = replace(journal.new("tags", field, Path()), target="")
    entry = replace(entry, facts={"token": secrets.token_hex(4), "planned": len(plan.planned)})
    folder = journal.place(entry)
    write_plan(folder, plan.planned)
    journal.save(entry)
    beside = Beside(entry.facts["token"])
    failed = []
    with talk.step("Writing tags", len(plan.planned)) as progress:
        for one in plan.planned:
            path = Path(one.path)
            keep = partial(keep_patch, folder, one.number)
            try:
                change_field(path, beside.of(path, one.number), one.field, [one.new], keep)
            except FormatError as error:
                failed.append(Problem(None, "path", one.path, str(error), "note"))
            progress(1)
    done = replace(entry, state="done", tracks=len(plan.planned) - len(failed))
    journal.save(done)
    return done, failed
