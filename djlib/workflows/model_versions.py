"""Which learner's versions a person means: buckets, keepers, or opportunities."""

from __future__ import annotations

from typing import Any, Literal

from ..registry import Registry, Version
from ..settings import Workspace
from .buckets.models import bucket_models
from .keepers.models import keeper_models
from .opportunities.models import opportunity_models

Learner = Literal["bucket", "keeper", "opportunity"]


def registries(workspace: Workspace) -> dict[str, Registry[Any]]:
    """The registry of every learner, by its name."""
    return {
        "bucket": bucket_models(workspace),
        "keeper": keeper_models(workspace),
        "opportunity": opportunity_models(workspace),
    }


def models_of(
    workspace: Workspace, learner: Learner | None = None, version: str = "current"
) -> Registry[Any]:
    """The registry of `learner`; where none is named, of the one that has a version of this id,
    or the only one that has any, else of buckets."""
    found = registries(workspace)
    if learner is not None:
        return found[learner]
    beginning = "" if version in ("current", "previous") else version
    having = [r for name, r in found.items() if _holds(workspace, name, beginning)]
    return having[0] if having else found["bucket"]


def _holds(workspace: Workspace, learner: str, beginning: str) -> bool:
    """Whether there is a version whose id begins so; by its folder, since a ledger may be lost."""
    folder = workspace.models / "versions" / learner
    return folder.is_dir() and any(p.name.startswith(beginning) for p in folder.iterdir())


def all_versions(workspace: Workspace, learner: Learner | None = None) -> list[Version]:
    """The versions of one learner or of all, newest first."""
    asked = [r for name, r in registries(workspace).items() if learner in (None, name)]
    return [version for registry in asked for version in registry.versions()]
