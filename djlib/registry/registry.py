"""The registry of one learner: save, load, promote, go back, check, thin out, hand over."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..errors import ModelError, NotFoundError, UsageError
from ..tables.atomic import replace_file, sweep_stray
from ..tables.locks import workspace_lock
from . import draft
from .ledger import Entry, Ledger, LedgerLost, Model, Promotion, Version, stamp, write_ledger
from .manifest import digest, name_folder, unsafe_archives, write_archive
from .shelf import Shelf, new_entry, open_shelf, recover_shelf

logger = logging.getLogger(__name__)


class CurrentPickle:
    """The file at `path`, known again by the SHA-256 in the ledger."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_ours(self, ledger: Ledger, version_id: str | None = None) -> bool:
        """Whether it is a file that was written for this version, or for any."""
        return self._digest() in {entry.pickle_sha256 for entry in ledger.pickles(version_id)}

    def keep_foreign(self, ledger: Ledger) -> None:
        """Before the first promotion a file of this name is the person's own: it is kept."""
        if not ledger.trail and self.path.exists() and not self.is_ours(ledger):
            kept = self.path.with_name(f"{self.path.name}.kept-{stamp()}")
            os.replace(self.path, kept)
            logger.warning("%s was not written by djlib; it is now %s", self.path, kept.name)

    def replace(self, folder: Path) -> None:
        """Copy the pickle in `folder` here."""
        with replace_file(self.path) as copy, (folder / self.path.name).open("rb") as pickled:
            shutil.copyfileobj(pickled, copy)

    def what_is_wrong(self, entry: Entry) -> str:
        """In words, how it differs from the pickle that was written for a version."""
        if not self.path.is_file():
            return f"{self.path} is missing"
        size = self.path.stat().st_size
        if size != entry.pickle_size:
            return f"{self.path} has {size} bytes, not {entry.pickle_size}: cut off or foreign"
        return f"{self.path} was edited or is foreign: its SHA-256 is not the one on record"

    def _digest(self) -> str:
        return digest(self.path) if self.path.is_file() else ""


M = TypeVar("M", bound=Model)


class Registry(Generic[M]):
    """The versions of one learner's model under `folder`.

    `load` reads a model back from the folder that its `save` wrote; it must not unpickle. A change
    waits up to `lock_wait_s` seconds for another run that is changing the registry.
    """

    def __init__(
        self, folder: Path, learner: str, load: Callable[[Path], M], *, lock_wait_s: float = 5.0
    ) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", learner):
            raise UsageError(f"a learner is called by a plain lower-case word, not {learner!r}")
        self.folder, self.learner = folder, learner
        self._load, self._lock_wait_s = load, lock_wait_s
        self._versions = folder / "versions" / learner
        self._ledger = folder / f"{learner}_registry.json"
        self._pickle = CurrentPickle(folder / draft.pickle_name(learner))

    @property
    def pickle_path(self) -> Path:
        """Where other programs find the current model."""
        return self._pickle.path

    def save(
        self,
        model: M,
        *,
        metadata: Mapping[str, Any],
        attachments: Mapping[str, bytes] | None = None,
        parent: str | None = None,
        promote: bool = True,
        reason: str = "",
        check: Callable[[M], None] | None = None,
    ) -> Version:
        """Store a model as a new version and, unless told otherwise, make it current.

        `metadata` is what the version tells of itself: `metrics` and `parameters` (nested
        mappings), data fingerprint, counts. `attachments` are small files to keep, by name. The
        model is read back, and given to `check`, before it counts; when either fails nothing
        has changed. Raises `ModelError` for a model that cannot be stored or read back.
        """
        self._shelf()
        with draft.draft_folder(self._versions) as folder:
            draft.write_model(folder, model, self.learner)
            draft.write_attachments(folder, attachments or {})
            self._read_back(folder / draft.MODEL, check)
            written, manifest_sha256 = draft.finish(folder, self.learner, metadata, parent)
            entry = new_entry(folder, written["id"], self.learner, manifest_sha256)
            with self._lock("saving a model"):
                shelf = self._shelf()
                self._admit(shelf, folder, entry, reason if promote else None)
                if promote:
                    self._replace_pickle(shelf, entry.id)
        return self.get(entry.id)

    def load(self, version: str = "current") -> M:
        """Read a model back, after comparing every file of it with what was saved.

        For the current version the pickle beside the versions must be its pickle too. Raises
        `ModelError` naming what is wrong, the last good version and the command that returns
        to it; `NotTrainedError` where there is none yet; `NotFoundError` for an unknown one.
        """
        shelf = self._shelf()
        found = shelf.find(version)
        shelf.refuse_unsound(found)
        if self._pickle_problems(shelf, found):
            found = self._settle_pickle(version)
        return self._from_parts(shelf, found)

    def versions(self) -> list[Version]:
        """All versions, newest first, damaged ones with their problem.

        Sizes are looked at, not every byte: `verify` does that.
        """
        shelf = self._shelf()
        return [shelf.version(version_id) for version_id in shelf.ids]

    def current(self) -> Version:
        """The version in force. Raises `NotTrainedError` where there is none."""
        return self.get("current")

    def get(self, version: str) -> Version:
        """The version meant by an id, the beginning of one, `current` or `previous`."""
        shelf = self._shelf()
        return shelf.version(shelf.find(version))

    def attachment(self, version: str, name: str) -> bytes:
        """What was kept beside a model. Raises `NotFoundError` where nothing is called so."""
        shelf = self._shelf()
        found = shelf.find(version)
        shelf.refuse_unsound(found)
        folder = self._versions / found / draft.ATTACHMENTS
        there = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []
        if name not in there:
            raise NotFoundError(
                f"{found} keeps no {name!r}; it has {', '.join(there) or 'nothing'}"
            )
        return (folder / name).read_bytes()

    def promote(self, version: str, reason: str = "") -> Version:
        """Make a version current; for the current one, write its pickle anew.

        Where the ledger was lost, it is written anew from the versions that are whole.
        """
        with self._lock("promoting a model"):
            shelf = self._shelf_or_recovered()
            found = shelf.find(version)
            shelf.refuse_unsound(found)
            self._put_in_force(shelf, found, reason)
        return self.get(found)

    def served(self) -> list[str]:
        """Ids of the versions a rollback can return to, oldest first, and of the current one."""
        return list(self._shelf().ledger.trail)

    def rollback(self, reason: str = "", *, to: str | None = None) -> Version:
        """Return to the version that was current before; again, to the one before that. `to` goes
        back to one further away.

        Damaged versions are passed over. Raises `NotFoundError` where none is left.
        """
        with self._lock("rolling a model back"):
            shelf = self._shelf()
            left = shelf.find("current")
            target = shelf.rollback_target(to)
            if target is None:
                raise NotFoundError(
                    f"no sound version was current before {left}; "
                    f"`djlib models promote ID` takes any of: {', '.join(shelf.ids)}"
                )
            self._replace_pickle(shelf, target)
            shelf.ledger.go_back(target, reason)
            write_ledger(shelf.ledger, self._ledger)
        logger.info("%s model: back from %s to %s", self.learner, left, target)
        return self.get(target)

    def verify(self, version: str | None = None) -> list[tuple[Version, list[str]]]:
        """Compare every byte of all versions, or of one, with what was saved."""
        shelf = self._shelf()
        checked = []
        for version_id in shelf.ids if version is None else [shelf.find(version)]:
            problems = shelf.problems(version_id) + self._pickle_problems(shelf, version_id)
            checked.append(
                (replace(shelf.version(version_id), problem="; ".join(problems)), problems)
            )
        return checked

    def prune(self, keep: int) -> list[str]:
        """Remove all but the newest `keep` versions; gives the ids of those removed.

        The current version and the one a rollback would return to always stay. What was left
        by a save that was cut off goes too.
        """
        if keep < 0:
            raise UsageError(f"keep must be 0 or more, not {keep}")
        with self._lock("pruning models"):
            shelf = self._shelf()
            kept = {e.id for e in shelf.ledger.entries[::-1][:keep]}
            kept |= {v for v in (shelf.ledger.current, shelf.rollback_target()) if v}
            gone = [version_id for version_id in shelf.ids if version_id not in kept]
            shelf.ledger.forget(gone)
            write_ledger(shelf.ledger, self._ledger)
            draft.remove(self._versions, gone)
        return gone

    def export(self, version: str, target: Path) -> Path:
        """Put a version with its card into the new zip file `target`."""
        shelf = self._shelf()
        found = shelf.find(version)
        shelf.refuse_unsound(found)
        if target.exists():
            raise UsageError(f"{target} exists already; name a new file")
        write_archive(self._versions / found, target, f"{self.learner}-{found}")
        return target

    def history(self) -> list[Promotion]:
        """Every change of the current version, oldest first."""
        return self._shelf().ledger.promotions

    def _lock(self, command: str) -> AbstractContextManager[None]:
        return workspace_lock(self.folder, command, self._lock_wait_s)

    def _shelf(self) -> Shelf:
        return open_shelf(self._versions, self.learner, self._ledger)

    def _shelf_or_recovered(self) -> Shelf:
        try:
            return self._shelf()
        except LedgerLost:
            return recover_shelf(self._versions, self.learner, self._ledger)

    def _read_back(self, folder: Path, check: Callable[[M], None] | None) -> None:
        """Have the model loaded from its parts before it counts as saved."""
        try:
            unsafe = next(unsafe_archives(folder), None)
            if unsafe:
                raise ModelError(unsafe)
            model = self._load(folder)
            if check is not None:
                check(model)
        except Exception as error:  # whatever it is, such a model must not become current
            raise ModelError(
                f"the {self.learner} model does not come back as it was, nothing is stored: {error}"
            ) from error

    def _admit(self, shelf: Shelf, folder: Path, entry: Entry, reason: str | None) -> None:
        """Give a finished draft its name and enter it in the ledger, with a `reason` as the current
        one, in one write: a version that is to be served is never saved without being served.
        The pickle beside the versions follows; where a run is cut off before, `load` puts it right.
        """
        if not self._ledger.exists():  # else a cut-off first save looks like a lost ledger
            write_ledger(shelf.ledger, self._ledger)
        draft.sweep_drafts(self._versions)
        sweep_stray(self.folder)
        name_folder(folder, self._versions / entry.id)
        shelf.ledger.entries.append(entry)
        if reason is not None:
            self._pickle.keep_foreign(shelf.ledger)
            shelf.ledger.promote(entry.id, reason)
            logger.info("%s model: %s is now current", self.learner, entry.id)
        write_ledger(shelf.ledger, self._ledger)

    def _put_in_force(self, shelf: Shelf, version_id: str, reason: str) -> None:
        """Copy the pickle, then move the pointer: a kill between is put right by `load`."""
        self._pickle.keep_foreign(shelf.ledger)
        self._replace_pickle(shelf, version_id)
        if shelf.ledger.current != version_id:
            shelf.ledger.promote(version_id, reason)
            logger.info("%s model: %s is now current", self.learner, version_id)
        write_ledger(shelf.ledger, self._ledger)

    def _replace_pickle(self, shelf: Shelf, version_id: str) -> None:
        """Put a version's pickle beside the versions: its own, or one made of its parts where its
        own is of an older layout of the code. The version itself stays as it was saved."""
        saved = shelf.ledger.entry(version_id)
        if saved is None or not shelf.has_old_pickle(version_id):
            self._pickle.replace(self._versions / version_id)
            return
        with draft.draft_folder(self._versions) as folder:
            draft.write_pickle(folder, self._from_parts(shelf, version_id), self.learner)
            written = new_entry(folder, version_id, self.learner, saved.manifest_sha256)
            if written not in shelf.ledger.rewritten:
                shelf.ledger.rewritten.append(written)
                # On record before it is there: else, cut off between, it looks like a stranger's.
                write_ledger(shelf.ledger, self._ledger)
            self._pickle.replace(folder)
        logger.info("%s model: pickle of %s written anew", self.learner, version_id)

    def _from_parts(self, shelf: Shelf, version_id: str) -> M:
        try:
            return self._load(self._versions / version_id / draft.MODEL)
        except Exception as error:  # sound bytes, but this djlib cannot make a model of them
            raise ModelError(
                f"{self.learner} model {version_id} cannot be read "
                f"({type(error).__name__}: {error}); {shelf.way_out(version_id)}"
            ) from error

    def _settle_pickle(self, wanted: str) -> str:
        """Put the right pickle back where a run was cut off; gives the version wanted, as of now.

        Only for one of another version or none at all: any other file is refused.
        """
        with self._lock("putting the current pickle right"):
            shelf = self._shelf()
            found = shelf.find(wanted)
            shelf.refuse_unsound(found)
            problems = self._pickle_problems(shelf, found)
            is_there = self._pickle.path.exists()
            if problems and is_there and not self._pickle.is_ours(shelf.ledger):
                raise ModelError(
                    f"{problems[0]}; last good version: {found}; "
                    f"`djlib models promote {found}` writes the file anew"
                )
            if problems:
                self._replace_pickle(shelf, found)
                logger.info("%s: put right, a run was cut off", self._pickle.path)
        return found

    def _pickle_problems(self, shelf: Shelf, version_id: str) -> list[str]:
        """What is wrong with the pickle beside the versions, if this is the current version."""
        pickles = shelf.ledger.pickles(version_id)
        is_current = pickles and version_id == shelf.ledger.current
        if not is_current or self._pickle.is_ours(shelf.ledger, version_id):
            return []
        return [self._pickle.what_is_wrong(pickles[-1])]
