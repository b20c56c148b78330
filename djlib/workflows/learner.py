"""The table of learners, and which of them a file, an id or a version is for.

Commands, jobs and other services ask here; a new learner adds one entry to `LEARNERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .buckets.learner import BUCKETS
from .core.learner import ExplainRequest, Learner, Report, ScanRequest
from .keepers.learner import KEEPERS
from .opportunities.learner import OPPORTUNITIES

if TYPE_CHECKING:
    from ..registry import Registry, Version
    from ..settings import Settings, Workspace
    from .core.progress import ProgressReporter

LEARNERS: dict[str, Learner] = {
    learner.name: learner for learner in (BUCKETS, KEEPERS, OPPORTUNITIES)
}
"""Every learner by its name, in the order jobs do them. The first takes what no other claims; the
last is asked first."""


def chosen(workspace: Workspace, names: Sequence[str]) -> list[Learner]:
    """The learners of these names; where none is named, those the workspace has anything for.
    Raises `UsageError` for a name that is none."""
    unknown = [name for name in names if name not in LEARNERS]
    if unknown:
        raise UsageError(f"unknown learner {unknown[0]!r}; known: {', '.join(LEARNERS)}")
    if names:
        return [LEARNERS[name] for name in dict.fromkeys(names)]
    return [learner for learner in LEARNERS.values() if learner.is_there(workspace)]


def _first_that(claims: Callable[[Learner], bool], *, in_order: bool = False) -> Learner:
    """The learner that claims something, the last of the table asked first (or the second, with
    `in_order`); the first of the table where none does."""
    default, *others = LEARNERS.values()
    asked = others if in_order else reversed(others)
    return next((learner for learner in asked if claims(learner)), default)


def learner_of_source(source: str) -> Learner:
    """The learner that scans a file, folder or address."""
    return _first_that(lambda learner: learner.claims_source(source))


def split_sources(sources: Sequence[str]) -> dict[str, list[str]]:
    """The sources of each learner that has any, by its name; in the order they are scanned, which
    is that of the claims."""
    by_name: dict[str, list[str]] = {name: [] for name in reversed(LEARNERS)}
    for source in sources:
        by_name[learner_of_source(source).name].append(source)
    return {name: given for name, given in by_name.items() if given}


def scan(
    workspace: Workspace,
    settings: Settings,
    sources: Sequence[str],
    request: ScanRequest,
    talk: ProgressReporter,
) -> Iterator[Report]:
    """Let each learner scan what is its own, one report after the other. Without any source the
    first learner scans those of the last time."""
    given = split_sources(sources)
    names = [n for n in reversed(LEARNERS) if n in given or LEARNERS[n].has_own_sources(request)]
    for name in names or list(LEARNERS)[:1]:
        yield from LEARNERS[name].scan(workspace, settings, given.get(name, []), request, talk)


def learner_of_feedback(workspace: Workspace, file: Path | None, *, undo: bool = False) -> Learner:
    """The learner that `file` answers; without one the first, or with `undo` the one of the last
    feedback. Raises `NotFoundError` where there is nothing to take back, `UsageError` where that
    cannot be."""
    from .core.event_log import last_kind

    undoable = {learner.undo_log: learner for learner in LEARNERS.values() if learner.undo_log}
    if undo and file is None:
        return undoable[last_kind(workspace, {log: undoable[log].subject for log in undoable})]
    # A file that names both a record and a call is a batch that somebody added columns to.
    learner = _first_that(
        lambda learner: file is not None and learner.claims_feedback(file), in_order=True
    )
    if undo and not learner.undo_log:
        subjects = " and ".join(learner.subject for learner in undoable.values())
        raise UsageError(
            f"{file}: --undo takes back feedback on {subjects}; of a track's buckets the "
            "last word counts: write the right one"
        )
    return learner


def learner_to_train(source: Path | None, name: str | None = None) -> Learner:
    """The learner of a name, else the one that a file to train from is for."""
    if name is not None:
        return LEARNERS[name]
    return _first_that(lambda learner: source is not None and learner.claims_training(source))


def learner_to_explain(workspace: Workspace, request: ExplainRequest) -> Learner:
    """The learner that something to explain is about."""
    return _first_that(lambda learner: learner.explains(workspace, request))


def learner_of_review(workspace: Workspace, file: Path | None) -> Learner:
    """The learner whose proposals a person means to go through."""
    return _first_that(lambda learner: learner.claims_review(workspace, file))


def learner_of_version(workspace: Workspace, version: str = "current") -> Learner:
    """The learner that has a version whose id begins so; for `current` and `previous` the first
    that has any. The first of all where none has."""
    beginning = "" if version in ("current", "previous") else version
    having = (learner for learner in LEARNERS.values() if _has(workspace, learner, beginning))
    return next(having, next(iter(LEARNERS.values())))


def _has(workspace: Workspace, learner: Learner, beginning: str) -> bool:
    """Whether there is a version whose id begins so; by its folder, since a ledger may be lost."""
    folder = workspace.models / "versions" / learner.name
    return folder.is_dir() and any(p.name.startswith(beginning) for p in folder.iterdir())


def models_of(
    workspace: Workspace, name: str | None = None, version: str = "current"
) -> Registry[Any]:
    """The registry of the learner of a name, else of the one that has this version."""
    learner = LEARNERS[name] if name else learner_of_version(workspace, version)
    return learner.models(workspace)


def ledger_of(workspace: Workspace, name: str) -> Registry[Any]:
    """The registry of the learner of a name, for those who only read what stands in it: it loads
    no model, and nothing that models need."""
    from ..registry import Registry

    return Registry(workspace.models, name, _no_model)


def _no_model(folder: Path) -> Any:
    raise TypeError(f"{folder}: a ledger loads no model")


def all_versions(workspace: Workspace, name: str | None = None) -> list[Version]:
    """The versions of one learner or of all, learner by learner, newest first."""
    names = [known for known in LEARNERS if name in (None, known)]
    return [version for known in names for version in ledger_of(workspace, known).versions()]
