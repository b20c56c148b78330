"""The ledger of one learner: its versions, the way to the current one, every promotion."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ..errors import ModelError
from ..tables.atomic import write_json
from ..tables.events import utc_now

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


class Model(Protocol):
    """Anything that can write itself into a folder by parts."""

    def save(self, folder: Path) -> None:
        """Write every part into `folder`, which may not exist yet."""


@dataclass(frozen=True)
class Version:
    """One stored model. `problem` says in words why it must not be used, "" for a sound one."""

    id: str
    learner: str
    folder: Path
    metadata: Mapping[str, Any] = field(default_factory=dict)
    is_current: bool = False
    problem: str = ""

    @property
    def created_at(self) -> str:
        """When it was saved: ISO 8601, UTC; "" where the metadata cannot be read."""
        return str(self.metadata.get("created_at", ""))

    @property
    def parent(self) -> str | None:
        """The version it was made from."""
        return self.metadata.get("parent")

    @property
    def card(self) -> str:
        """The card for people, Markdown; "" where it cannot be read."""
        try:
            return (self.folder / "card.md").read_text(encoding="utf-8")
        except OSError:
            return ""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The figures it was saved with."""
        return self.metadata.get("metrics") or {}


@dataclass(frozen=True)
class Promotion:
    """A change of the current version: when (ISO 8601, UTC), from what, to what, and why."""

    when: str
    from_version: str | None
    to_version: str
    reason: str = ""


def stamp() -> str:
    """This second as it stands in names, UTC: 20261121T034500Z."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def new_id(folder: Path, content: str) -> str:
    """An id no version in `folder` has: the second it is made and a hash of `content` and moment.

    >>> is_id(new_id(Path("models"), "forest"))
    True
    """
    while True:
        moment = f"{content} {time.time_ns()} {os.getpid()}"
        made = f"{stamp()}-{hashlib.sha256(moment.encode()).hexdigest()[:8]}"
        if not (folder / made).exists():
            return made


def is_id(text: str) -> bool:
    """Whether `text` has the form of a version id; nothing else becomes part of a path."""
    return bool(_ID.fullmatch(text))


_FORMAT = 1


class LedgerLost(ModelError):
    """The ledger is damaged or missing; promoting a version by hand writes a new one."""


@dataclass(frozen=True)
class Entry:
    """A version the registry wrote, and how to know its files again.

    Its pickle is the one saved with it, or another that was written for it later.
    """

    id: str
    manifest_sha256: str
    pickle_sha256: str
    pickle_size: int


@dataclass
class Ledger:
    """Versions in the order they were saved, and the trail of current ones, the last in force.

    Promoting adds to the trail, going back shortens it. `rewritten` are pickles made later from the
    parts of versions that were saved in an older layout of the code.

    >>> ledger = Ledger()
    >>> for name in "abc":
    ...     ledger.promote(name)
    >>> ledger.current, ledger.previous
    ('c', 'b')
    >>> ledger.go_back("a"); ledger.promote("d"); ledger.trail
    ['a', 'd']
    """

    entries: list[Entry] = field(default_factory=list)
    trail: list[str] = field(default_factory=list)
    promotions: list[Promotion] = field(default_factory=list)
    rewritten: list[Entry] = field(default_factory=list)

    @property
    def current(self) -> str | None:
        """The version in force."""
        return self.trail[-1] if self.trail else None

    @property
    def previous(self) -> str | None:
        """The version that was in force before."""
        return self.trail[-2] if len(self.trail) > 1 else None

    def entry(self, version_id: str) -> Entry | None:
        """The entry of a version, None for one the registry did not write."""
        return next((e for e in self.entries if e.id == version_id), None)

    def pickles(self, version_id: str | None = None) -> list[Entry]:
        """Every pickle written for a version, or for any, the one saved with it first."""
        return [e for e in (*self.entries, *self.rewritten) if version_id in (None, e.id)]

    def promote(self, version_id: str, reason: str = "") -> None:
        """Put a version in force."""
        self._record(version_id, reason)
        self.trail.append(version_id)

    def go_back(self, version_id: str, reason: str = "") -> None:
        """Put an earlier version of the trail in force again and forget those after it."""
        self._record(version_id, reason)
        earlier = self.trail[:-1]
        last = len(earlier) - earlier[::-1].index(version_id)
        self.trail = earlier[:last]

    def forget(self, ids: Iterable[str]) -> None:
        """Take versions out, the trail included; the promotions stay told."""
        gone = set(ids)
        self.entries = [e for e in self.entries if e.id not in gone]
        self.rewritten = [e for e in self.rewritten if e.id not in gone]
        left = [version_id for version_id in self.trail if version_id not in gone]
        self.trail = [v for n, v in enumerate(left) if n == 0 or v != left[n - 1]]

    def _record(self, version_id: str, reason: str) -> None:
        self.promotions.append(Promotion(utc_now(), self.current, version_id, reason))


def write_ledger(ledger: Ledger, path: Path) -> None:
    """Write the ledger atomically."""
    write_json(path, {"format": _FORMAT, **asdict(ledger)})


def read_ledger(path: Path) -> Ledger:
    """Read the ledger. Raises `LedgerLost` for a damaged one, `ModelError` for a later format."""
    try:
        read = json.loads(path.read_bytes())
        ledger = Ledger(
            [Entry(**entry) for entry in read["entries"]],
            [str(version_id) for version_id in read["trail"]],
            [Promotion(**promotion) for promotion in read["promotions"]],
            [Entry(**entry) for entry in read.get("rewritten", ())],
        )
        version = int(read["format"])
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise LedgerLost(f"{path} is damaged ({type(error).__name__}: {error})") from error
    if version > _FORMAT:
        raise ModelError(f"{path} is of format {version}, this djlib knows {_FORMAT}: update djlib")
    known = {e.id for e in ledger.entries}
    if not (known >= set(ledger.trail) and all(map(is_id, known))):
        raise LedgerLost(f"{path} is damaged: it names versions it does not hold")
    return ledger
