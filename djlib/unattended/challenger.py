"""A challenger of a learner that learns its whole log anew: made, or left by a run that was killed.

A version that somebody went back from is not made again of the same answers: the next night would
only serve it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..registry import Registry, Version
from .doors import Challenge

TIME_SPLIT = "time_split"
"""The metric of a challenger that says how it compares with the version served then."""
_FEWEST, _FEWEST_OF_EITHER = 30, 5


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
