"""`export --to tags`: the bucket in the tags of the audio files themselves, with a way back."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ....errors import DjlibError, FormatError
from ....formats.audio.file_patch import Patch
from ....formats.audio.tag_fields import (
    Beside,
    Field,
    change_field,
    read_field,
    why_no_tags,
    why_not_writable,
)
from ....settings import Settings, Workspace
from ....tables.atomic import replace_file
from ....tables.events import append_events, read_events
from ....tables.plain_json import json_text
from ....tables.problems import Problem
from ...core.progress import ProgressReporter
from ...core.runs import run
from .answers import Answers, gather_answers
from .journal import Entry, Journal

PLANNED, PATCHES = "planned", "patches"


@dataclass(frozen=True)
class Planned:
    """A file, the number of its copy, the field's old values and its new one."""

    number: int
    path: str
    field: Field
    old: tuple[str, ...]
    new: str


def write_plan(folder: Path, planned: Sequence[Planned]) -> None:
    """Write down all that will be changed, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with replace_file(folder / f"{PLANNED}.jsonl", "w", newline="\n") as handle:
        handle.writelines(f"{json_text(asdict(one))}\n" for one in planned)


def read_plan(folder: Path) -> list[Planned]:
    """What `write_plan` wrote down."""
    return [_planned(event) for event in read_events(folder, PLANNED)]


def keep_patch(folder: Path, number: int, patch: Patch) -> None:
    """Add the way back of one file, on the disk when this returns."""
    with replace_file(_bytes(folder, number)) as handle:
        handle.write(patch.kept)
    append_events(folder, PATCHES, [{"number": number, **patch.facts()}])


def read_patches(folder: Path) -> dict[int, dict[str, Any]]:
    """The way back of each file that was changed or about to be, by number, without the bytes."""
    return {event.pop("number"): event for event in read_events(folder, PATCHES)}


def whole_patch(folder: Path, number: int, facts: dict[str, Any]) -> Patch:
    """One way back with its bytes; a missing one leads nowhere, and is noticed when applied."""
    file = _bytes(folder, number)
    kept = file.read_bytes() if file.is_file() else b""
    pieces = tuple((start, length) for start, length in facts["pieces"])
    return Patch(facts["before"], facts["after"], pieces, kept)


def _bytes(folder: Path, number: int) -> Path:
    return folder / f"{number:06}.bytes"


def values_written(journal: Journal, field: Field) -> set[tuple[str, str]]:
    """Path and value of everything earlier tag writes put into a field."""
    entries = (entry for entry in journal.entries() if entry.what == "tags")
    plans: Iterable[Planned] = (one for e in entries for one in read_plan(journal.place(e)))
    return {(one.path, one.new) for one in plans if one.field == field}


def _planned(event: dict[str, Any]) -> Planned:
    names = ("number", "path", "field", "new")
    return Planned(**{name: event[name] for name in names}, old=tuple(event["old"]))


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


def write_tags(
    workspace: Workspace,
    settings: Settings,
    predictions: Path | None = None,
    *,
    options: TagOptions,
    talk: ProgressReporter,
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


def _write(journal: Journal, plan: _Plan, talk: ProgressReporter) -> tuple[Entry, list[Problem]]:
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
