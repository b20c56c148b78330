"""Which calls are over, to the minute and day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from djlib.opportunities.recommending import days_left, is_open


@pytest.mark.parametrize(
    ("deadline", "now", "said"),
    [
        ("2026-05-01", datetime(2026, 5, 1, 23, 59, tzinfo=UTC), True),
        ("2026-05-01", datetime(2026, 5, 2, tzinfo=UTC), False),
        ("2026-05-01T15:00:00Z", datetime(2026, 5, 1, 14, 59, tzinfo=UTC), True),
        ("2026-05-01T15:00:00Z", datetime(2026, 5, 1, 15, tzinfo=UTC), False),
        (
            "2026-05-01T15:00:00Z",
            datetime(2026, 5, 1, 16, tzinfo=timezone(timedelta(hours=2))),
            True,
        ),
        ("rolling", datetime(2036, 1, 1, tzinfo=UTC), True),
        ("tba", datetime(2036, 1, 1, tzinfo=UTC), True),
        ("", datetime(2036, 1, 1, tzinfo=UTC), True),
        ("2026-02-30", datetime(2036, 1, 1, tzinfo=UTC), True),
    ],
)
def test_a_call_is_open_until_its_moment(deadline: str, now: datetime, said: bool) -> None:
    assert is_open(pd.DataFrame({"deadline": [deadline]}), now).tolist() == [said]


def test_days_left_are_fractions_and_missing_without_a_date() -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    table = pd.DataFrame({"deadline": ["2026-05-01", "rolling", "2026-04-29"]})
    np.testing.assert_allclose(days_left(table, now), [0.5, np.nan, -1.5])
    assert len(days_left(pd.DataFrame({"deadline": []}), now)) == 0
