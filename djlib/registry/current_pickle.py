"""The current model's pickle beside the versions: for other programs, never opened by djlib."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from ..tables.atomic import replace_file
from .ledger import Entry, Ledger
from .manifest import digest
from .version import stamp

logger = logging.getLogger(__name__)


class CurrentPickle:
    """The file at `path`, known again by the SHA-256 in the ledger."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def is_of(self, entry: Entry) -> bool:
        """Whether it is the very file that was written for this version."""
        return self._digest() == entry.pickle_sha256

    def is_of_any(self, ledger: Ledger) -> bool:
        """Whether it was written for some version, though perhaps not the current one."""
        return self._digest() in {entry.pickle_sha256 for entry in ledger.entries}

    def replace(self, ledger: Ledger, version: Path) -> None:
        """Copy the pickle of the version in folder `version` here.

        Before the first promotion a file of this name is the person's own: it is kept.
        """
        if not ledger.trail and self.path.exists() and not self.is_of_any(ledger):
            kept = self.path.with_name(f"{self.path.name}.kept-{stamp()}")
            os.replace(self.path, kept)
            logger.warning("%s was not written by djlib; it is now %s", self.path, kept.name)
        with replace_file(self.path) as copy, (version / self.path.name).open("rb") as pickled:
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
