"""The versions as they lie on disk, judged by the ledger: which are there, which can be used."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ModelError, NotFoundError, NotTrainedError
from .draft import FORMAT, METADATA, MODEL, library_version, pickle_name
from .ledger import Entry, Ledger, LedgerLost, Version, is_id, read_ledger, stamp
from .manifest import MANIFEST, differences, digest, unsafe_archives

_SHOWN = 10

logger = logging.getLogger(__name__)


class Shelf:
    """One look at the versions of a learner; `versions` is the folder they lie in."""

    def __init__(self, versions: Path, learner: str, ledger: Ledger) -> None:
        self.versions, self.learner, self.ledger = versions, learner, ledger

    @property
    def ids(self) -> list[str]:
        """All versions, newest first; after them folders that are not in the ledger."""
        known = [entry.id for entry in reversed(self.ledger.entries)]
        return known + sorted(set(_folders(self.versions)) - set(known), reverse=True)

    def find(self, wanted: str) -> str:
        """The id meant by an id, the beginning of one, `current` or `previous`."""
        if wanted == "current":
            return self._current()
        if wanted == "previous":
            if self.ledger.previous is None:
                raise NotFoundError(f"no {self.learner} model was current before; {self._known()}")
            return self.ledger.previous
        fitting = [
            version_id for version_id in self.ids if wanted and version_id.startswith(wanted)
        ]
        if len(fitting) == 1:
            return fitting[0]
        wrong = f"{wanted!r} fits {len(fitting)} versions" if fitting else f"no version {wanted!r}"
        raise NotFoundError(f"{wrong} of the {self.learner} model; {self._known()}")

    def version(self, version_id: str) -> Version:
        """A version with what is wrong at a glance: files that are gone or of another size."""
        return Version(
            version_id,
            self.learner,
            self.versions / version_id,
            self.metadata(version_id),
            version_id == self.ledger.current,
            "; ".join(self.problems(version_id, deep=False)),
        )

    def metadata(self, version_id: str) -> dict[str, Any]:
        """What a version tells of itself, nothing where it cannot be read."""
        try:
            read = json.loads((self.versions / version_id / METADATA).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    def has_old_pickle(self, version_id: str) -> bool:
        """Whether its pickle may name classes that have moved since it was saved."""
        return self.metadata(version_id).get("format") != FORMAT

    def problems(self, version_id: str, *, deep: bool = True) -> list[str]:
        """Why a version must not be used; nothing for a sound one."""
        entry = self.ledger.entry(version_id)
        if entry is None:
            return ["the registry did not finish writing it; `djlib models prune` removes it"]
        folder = self.versions / version_id
        changed = differences(folder, entry.manifest_sha256, deep=deep)
        return changed or [*unsafe_archives(folder / MODEL), *self._outdated(version_id)]

    def refuse_unsound(self, version_id: str) -> None:
        """Raise `ModelError` for a version that must not be used, naming the way out."""
        problems = self.problems(version_id)
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise ModelError(
                f"{self.learner} model {version_id} is refused: {problems[0]}{more}; "
                f"{self.way_out(version_id)}"
            )

    def rollback_target(self, to: str | None = None) -> str | None:
        """The last version before the current one that was in force and is sound; from `to` on."""
        earlier = self.ledger.trail[:-1]
        if to in earlier:
            earlier = earlier[: len(earlier) - earlier[::-1].index(to)]
        known = (v for v in reversed(earlier) if v != self.ledger.current)
        return next((v for v in known if self._sound(v)), None)

    def way_out(self, refused: str) -> str:
        """What to do now that a version is refused: the last good one and the command for it."""
        target = self.rollback_target() if refused == self.ledger.current else None
        if target:
            return f"last good version: {target}; `djlib models rollback` returns to it"
        tried = [self.ledger.current, *self.ids]
        good = next((v for v in tried if v and v != refused and self._sound(v)), None)
        if good is None:
            return "no other version is sound: `djlib train` makes a new one"
        if good == self.ledger.current:
            return f"last good version: {good}, which is current"
        return f"last good version: {good}; `djlib models promote {good}` makes it current"

    def _current(self) -> str:
        if self.ledger.current:
            return self.ledger.current
        if self.ledger.entries:
            newest = self.ledger.entries[-1].id
            raise NotTrainedError(
                f"no {self.learner} model is current; {self._known()}; "
                f"`djlib models promote {newest}` makes the newest so"
            )
        raise NotTrainedError(f"no {self.learner} model yet; `djlib train` makes one")

    def _sound(self, version_id: str) -> bool:
        return not self.problems(version_id)

    def _outdated(self, version_id: str) -> Iterator[str]:
        """scikit-learn promises nothing for models of another minor version."""
        libraries = self.metadata(version_id).get("libraries")
        made_with = str(libraries.get("scikit-learn", "")) if isinstance(libraries, dict) else ""
        here = library_version("scikit-learn")
        if made_with.split(".")[:2] != here.split(".")[:2]:
            yield f"made with scikit-learn {made_with or '?'}, this is {here}: `djlib train` anew"

    def _known(self) -> str:
        ids = self.ids
        more = f" and {len(ids) - _SHOWN} older" if len(ids) > _SHOWN else ""
        return f"known: {', '.join(ids[:_SHOWN]) or 'none'}{more}"


def new_entry(folder: Path, version_id: str, learner: str, manifest_sha256: str) -> Entry:
    """The entry of the complete version in `folder`."""
    pickled = folder / pickle_name(learner)
    return Entry(version_id, manifest_sha256, digest(pickled), pickled.stat().st_size)


def open_shelf(versions: Path, learner: str, ledger: Path) -> Shelf:
    """The versions as they are now. Raises `LedgerLost` where there are some but no ledger."""
    try:
        if ledger.exists():
            return Shelf(versions, learner, read_ledger(ledger))
        if not _folders(versions):
            return Shelf(versions, learner, Ledger())
        raise LedgerLost(f"{ledger} is missing")
    except LedgerLost as error:
        whole = _recovered(versions, learner).entries
        advice = (
            f"last good version: {whole[-1].id}; `djlib models promote {whole[-1].id}` "
            "makes it current and writes the file anew"
            if whole
            else f"no version is whole: move {versions} and it away, then `djlib train`"
        )
        raise LedgerLost(f"{error}; {advice}") from error


def recover_shelf(versions: Path, learner: str, ledger: Path) -> Shelf:
    """The versions without their lost ledger, which is kept under another name if it is there."""
    if ledger.exists():
        kept = ledger.with_name(f"{ledger.name}.corrupt-{stamp()}")
        os.replace(ledger, kept)
        logger.warning("%s is damaged: kept as %s, written anew", ledger, kept.name)
    return Shelf(versions, learner, _recovered(versions, learner))


def _folders(versions: Path) -> list[str]:
    """Names of the version folders that are there, in the order of their ids."""
    if not versions.is_dir():
        return []
    return sorted(p.name for p in versions.iterdir() if is_id(p.name) and p.is_dir())


def _recovered(versions: Path, learner: str) -> Ledger:
    """A ledger of the versions that agree with their own manifests, none of them in force."""
    recovered = Ledger()
    for version_id in _folders(versions):
        folder = versions / version_id
        if (folder / MANIFEST).is_file() and (folder / pickle_name(learner)).is_file():
            entry = new_entry(folder, version_id, learner, digest(folder / MANIFEST))
            if not differences(folder, entry.manifest_sha256):
                recovered.entries.append(entry)
    return recovered
