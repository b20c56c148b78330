"""Which learner feedback is about: a file says so by its columns, `--undo` by what was last."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..errors import UsageError
from ..settings import Workspace
from .core.event_log import last_kind
from .keepers.labels import KEEPS, is_of_listings
from .opportunities.ratings import RATING_LOG, is_of_ratings

FeedbackLearner = Literal["bucket", "keeper", "opportunity"]


def feedback_learner(
    workspace: Workspace, file: Path | None, *, undo: bool = False
) -> FeedbackLearner:
    """The learner that `file` answers; without one, buckets, or with `undo` whatever was fed back
    last. Raises `NotFoundError` where there is nothing to take back, `UsageError` where that cannot
    be."""
    if file is not None and is_of_listings(file):
        return "keeper"
    if file is not None and is_of_ratings(file):
        return "opportunity"
    if not undo:
        return "bucket"
    if file is not None:
        raise UsageError(
            f"{file}: --undo takes back feedback on records and calls; of a track's buckets the "
            "last word counts: write the right one"
        )
    last = last_kind(workspace, {KEEPS: "records", RATING_LOG: "calls"})
    return "keeper" if last == KEEPS else "opportunity"
