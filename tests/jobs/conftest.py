"""Jobs with a learner that does as it is told."""

from __future__ import annotations

import pytest

import djlib.workflows.learner as doors
from tests.jobs.doubles import Pretend


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """The only learner there is."""
    made = Pretend()
    monkeypatch.setattr(doors, "learners", lambda: {"pretend": made.door()})
    return made
