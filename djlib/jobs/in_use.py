"""The version in use, as a training meets it: to learn on from, to be compared with."""

from __future__ import annotations

from dataclasses import dataclass

from ..bucketing.assigner import BucketAssigner
from ..errors import ModelError, NotTrainedError
from ..registry import Version
from ..settings import Workspace
from .models import bucket_models


@dataclass(frozen=True)
class InUse:
    """A version and its model; where there is none, or it cannot be loaded, `why` says so."""

    version: Version | None
    model: BucketAssigner | None
    why: str = ""

    @property
    def id(self) -> str | None:
        """The version's id."""
        return self.version.id if self.version else None


def in_use(workspace: Workspace) -> InUse:
    """The version in use with its model."""
    models = bucket_models(workspace)
    try:
        version = models.current()
    except NotTrainedError:
        return InUse(None, None, "this is the first model")
    try:
        return InUse(version, models.load(version.id))
    except ModelError as error:
        return InUse(version, None, f"the model in use cannot be loaded: {error}")
