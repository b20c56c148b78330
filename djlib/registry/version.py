"""What the registry keeps and gives: models, versions of them, promotions."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

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
