"""Jobs with a learner that does as it is told."""

from __future__ import annotations

import pytest

from djlib.workflows.learner import LEARNERS
from tests.jobs.doubles import Pretend


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """The only learner there is."""
    made = Pretend()
    for name in list(LEARNERS):
        monkeypatch.delitem(LEARNERS, name)
    monkeypatch.setitem(LEARNERS, made.name, made)
    return made
