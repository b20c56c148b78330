"""The door of every learner: what an unattended job may ask of it. A new learner adds one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import NotFoundError, NotTrainedError, UsageError
from ..jobs.talk import Talk
from ..monitoring.finding import Finding
from ..registry import Registry
from ..settings import Settings, Workspace


@dataclass(frozen=True)
class Challenge:
    """A challenger that is saved and not served: its version, the one served, and how it compares
    on what neither has learned from. Where there is none, `version` is "" and `why` says so."""

    version: str
    served: str | None = None
    comparisons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Learner:
    """A learner as the jobs meet it.

    `is_there` says whether a workspace has anything for it; `challenge` trains a challenger;
    `models` gives its versions; `watch` what has changed in what comes in and how it is taken.
    """

    name: str
    is_there: Callable[[Workspace], bool]
    challenge: Callable[[Workspace, Settings, Talk], Challenge]
    models: Callable[[Workspace], Registry[Any]]
    watch: Callable[[Workspace, Settings, Talk], list[Finding]]


def learners() -> dict[str, Learner]:
    """Every learner by its name, in the order they are done."""
    from .bucket_door import BUCKETS
    from .keeper_door import KEEPERS
    from .opportunity_door import OPPORTUNITIES

    return {learner.name: learner for learner in (BUCKETS, KEEPERS, OPPORTUNITIES)}


def chosen(workspace: Workspace, names: Sequence[str]) -> list[Learner]:
    """The learners of these names; where none is named, those the workspace has anything for.
    Raises `UsageError` for a name that is none."""
    known = learners()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"unknown learner {unknown[0]!r}; known: {', '.join(known)}")
    if names:
        return [known[name] for name in dict.fromkeys(names)]
    return [learner for learner in known.values() if learner.is_there(workspace)]


def served_and_before(models: Registry[Any]) -> tuple[str | None, str | None]:
    """The ids of the version served and of the one a rollback returns to, None where there is
    none."""
    found: list[str | None] = []
    for which in ("current", "previous"):
        try:
            found.append(models.get(which).id)
        except (NotFoundError, NotTrainedError):
            found.append(None)
    return found[0], found[1]
