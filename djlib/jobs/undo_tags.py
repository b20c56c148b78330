"""Bringing back the tags that a tag write changed: the whole file, or else the one field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..errors import FormatError
from ..formats.drafts import sha256_of
from ..formats.file_patch import Patch
from ..formats.tag_fields import read_field, why_no_tags
from ..formats.tag_files import Beside, bring_back, change_field, why_not_writable
from ..tables.problems import Problem
from .journal import Entry, copy_file
from .tag_log import Planned, read_patches, read_plan, whole_patch
from .talk import Talk

CHANGED = "its {} was changed since; --force undoes all the same and keeps a copy"


@dataclass
class TagsBack:
    """Files brought back exactly, files of which only the field was (others had changed them
    since), copies kept, and what could not be undone."""

    exact: list[str] = field(default_factory=list)
    field_only: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def undo_tags(entry: Entry, folder: Path, *, force: bool, dry_run: bool, talk: Talk) -> TagsBack:
    """Undo every file of a tag write that still has what it wrote.

    A file nobody touched since becomes byte for byte what it was. Where another program wrote
    other tags since, only the field goes back, and what that program wrote stays. Where the field
    itself was changed, nothing happens without `force`.
    """
    found = TagsBack()
    patches, planned = read_patches(folder), read_plan(folder)
    beside = Beside(str(entry.facts.get("token", "")))
    with talk.step("Bringing tags back", len(planned)) as progress:
        for one in planned:
            beside.of(Path(one.path), one.number).unlink(missing_ok=True)  # left by a kill
            if one.number in patches:
                patch = whole_patch(folder, one.number, patches[one.number])
                try:
                    _Undoing(one, patch, folder, beside, force).run(found, dry_run)
                except FormatError as error:
                    found.problems.append(Problem(None, "path", one.path, str(error), "note"))
            progress(1)
    return found


@dataclass(frozen=True)
class _Undoing:
    one: Planned
    patch: Patch
    folder: Path
    beside: Beside
    force: bool

    def run(self, found: TagsBack, dry_run: bool) -> None:
        path = Path(self.one.path)
        now = sha256_of(path)
        if now == self.patch.before:
            return
        reason = why_not_writable(path)
        if reason:
            raise FormatError(reason)
        copy = self.beside.of(path, self.one.number)
        if now == self.patch.after:
            _unless(dry_run, partial(bring_back, path, copy, self.patch))
            found.exact.append(self.one.path)
            return
        missing = why_no_tags()
        if missing:
            raise FormatError(missing)
        values = read_field(path, self.one.field)
        if values == list(self.one.old):
            return
        if values != [self.one.new]:
            if not self.force:
                raise FormatError(CHANGED.format(self.one.field))
            kept = self.folder / f"changed-{self.one.number}{path.suffix}"
            _unless(dry_run, partial(copy_file, path, kept))
            found.copies.append(str(kept))
        _unless(dry_run, partial(self._set_back, path, copy))
        found.field_only.append(self.one.path)

    def _set_back(self, path: Path, copy: Path) -> None:
        change_field(path, copy, self.one.field, self.one.old, lambda patch: None)


def _unless(dry_run: bool, act: Callable[[], None]) -> None:
    if not dry_run:
        act()
