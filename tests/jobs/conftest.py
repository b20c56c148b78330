"""Jobs with a learner that does as it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from djlib.workflows.learner import LEARNERS
from tests.jobs.doubles import Pretend


@pytest.fixture
def pretend() -> Iterator[Pretend]:
    """The only learner there is. The table is put back whole, since its order counts."""
    made, whole = Pretend(), dict(LEARNERS)
    LEARNERS.clear()
    LEARNERS[made.name] = made
    yield made
    LEARNERS.clear()
    LEARNERS.update(whole)
