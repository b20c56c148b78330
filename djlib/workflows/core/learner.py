"""What a learner is to commands and jobs, and how its challenger is made.

A version that somebody went back from is not made again of the same answers: the next night would
only serve it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import NotFoundError, NotTrainedError
from ...monitoring.finding import Finding
from ...registry import Registry, Version
from ...settings import Settings, Workspace
from .progress import ProgressReporter

TIME_SPLIT = "time_split"
"""The metric of a challenger that says how it compares with the version served then."""
_FEWEST, _FEWEST_OF_EITHER = 30, 5


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
    challenge: Callable[[Workspace, Settings, ProgressReporter], Challenge]
    models: Callable[[Workspace], Registry[Any]]
    watch: Callable[[Workspace, Settings, ProgressReporter], list[Finding]]


def challenge(
    models: Registry[Any],
    served: Version | None,
    *,
    is_learned: bool,
    is_same: Callable[[Version], bool],
    learn: Callable[[], Version],
    compared_on: str,
) -> Challenge:
    """Give a challenger of the version `served`, unless that has learned everything (`is_learned`).

    `is_same` says whether a version learned the same answers in the same way as one made now by
    `learn` would; `compared_on` names what two versions are compared on.
    """
    parent = served.id if served else None
    if served and is_learned and not served.problem:
        return Challenge("", parent, why=f"nothing new since version {parent}")
    known = next((v for v in models.versions() if is_same(v) and not v.problem), None)
    if known and _was_gone_back_from(models, known):
        return Challenge("", parent, why=f"nothing new since version {known.id}, gone back from")
    is_left = known is not None and known.parent == parent and not _was_served(models, known)
    version = known if known and is_left else learn()
    found = version.metrics.get(TIME_SPLIT)
    return Challenge(version.id, parent, {compared_on: found} if found else {})


def is_enough(liked: np.ndarray) -> bool:
    """Whether there are answers enough of either kind to compare two versions on.

    >>> is_enough(np.arange(40) < 6), is_enough(np.arange(40) < 4)
    (True, False)
    """
    kept = int(np.count_nonzero(liked))
    return len(liked) >= _FEWEST and min(kept, len(liked) - kept) >= _FEWEST_OF_EITHER


def _was_served(models: Registry[Any], version: Version) -> bool:
    return any(promotion.to_version == version.id for promotion in models.history())


def _was_gone_back_from(models: Registry[Any], version: Version) -> bool:
    return _was_served(models, version) and version.id not in models.served()


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
