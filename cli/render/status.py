"""Where a workspace stands, drawn for people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from .text import count, heading, here, line, next_steps

if TYPE_CHECKING:
    from djlib.workflows.status import LearnerStatus, Status


def standing(status: Status) -> None:
    """Draw what was begun, learner by learner, and the next command."""
    begun = [learner for learner in status.learners if learner.is_begun]
    for learner in begun:
        heading(learner.subject.capitalize())
        for said in _lines(learner):
            line(f"  {said}")
    fresh = [learner.subject for learner in status.learners if not learner.is_begun]
    if begun and fresh:
        line(f"\nNothing yet of {' and '.join(fresh)}.")
    step = status.next
    steps = [f"{step.command}    {step.why}"]
    if not begun:
        steps.append("djlib demo    tries the whole loop on a sample library")
    next_steps(*steps)


def _lines(learner: LearnerStatus) -> list[str]:
    said = []
    if learner.rows is not None:
        said.append(f"{learner.rows:,} scanned, {_when(learner.scanned_at)}")
    if learner.version:
        said.append(f"learned {_when(learner.learned_at)} (version {learner.version})")
    if learner.logged:
        new = f", {learner.unlearned:,} of them since" if learner.unlearned else ""
        said.append(f"{count(learner.logged, 'answer')} so far{new}")
    if learner.file and learner.proposals is not None:
        waits = ", not given to feedback yet" if learner.untaken else ""
        said.append(
            f"{count(learner.proposals, 'proposal')} in {here(learner.file)}, "
            f"{learner.answered:,} answered{waits}"
        )
    if learner.problem:
        said.append(learner.problem)
    return said


def _when(at: str | None) -> str:
    """A time as people say it where they are."""
    if not at:
        return "at a time unknown"
    return datetime.fromisoformat(at).astimezone().strftime("%d %b %Y, %H:%M")
