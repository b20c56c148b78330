"""The table of learners. A new learner adds one line."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from ..settings import Workspace
from .buckets.learner import BUCKETS
from .core.learner import Learner
from .keepers.learner import KEEPERS
from .opportunities.learner import OPPORTUNITIES


def learners() -> dict[str, Learner]:
    """Every learner by its name, in the order they are done."""
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
