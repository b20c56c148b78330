"""Which calls are over, to the minute and day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from djlib.opportunities.openness import openness
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


NOW = datetime(2026, 12, 1, tzinfo=UTC)


def judged(*rows: dict[str, str]) -> tuple[list[bool], list[str]]:
    found = openness(pd.DataFrame(rows).fillna(""), NOW)
    return found.is_open.tolist(), found.why


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"title": "Festival", "starts": "2023-05-01", "ends": "2023-05-09"}, False),
        ({"title": "Festival", "starts": "May 1, 2023"}, False),
        ({"title": "Festival", "starts": "2026-11-20", "ends": "2026-12-05"}, True),
        ({"title": "Festival", "starts": "2023-05-01", "deadline": "2027-01-01"}, True),
        ({"title": "Film Prize 2018", "url": "https://e.org/prize"}, False),
        ({"title": "Film Prize 2026", "url": "https://e.org/2019/prize"}, True),
        ({"title": "Film Prize 2025-26"}, True),
        ({"title": "Film Prize", "url": "https://e.org/prize-2021"}, False),
        ({"title": "Film Prize", "url": "https://e.org/2026/11/film-prize"}, True),
        ({"title": "Film Prize", "url": "https://e.org/2024/11/film-prize"}, False),
        ({"title": "Prize", "description": "The show is on 3 May 2024."}, False),
        ({"title": "Prize", "description": "The show is on 3 May 2024 and 3 May 2027."}, True),
        ({"title": "Prize", "description": "Updated: 28 November 2026. Write to us."}, True),
        ({"title": "Grant of $2015", "description": "for everybody"}, True),
        ({"title": "Agenda 2030 grant"}, True),
        ({"title": "Grant", "description": "32 February 2024"}, True),
    ],
)
def test_without_a_deadline_the_dates_it_names_tell(row: dict[str, str], said: bool) -> None:
    is_one_open, why = judged({"source": "S", "first_seen": "2026-11-20T00:00:00Z", **row})
    assert is_one_open == [said], why


def test_without_any_date_it_is_open_as_long_as_its_source_usually_is() -> None:
    dated = [
        {"title": f"Prize {name}", "source": "S", "first_seen": "2026-10-01T00:00:00Z",
         "deadline": "2026-10-31"} for name in "abcdef"
    ]  # fmt: skip
    plain = {"title": "Grant", "source": "S"}
    fresh = {**plain, "first_seen": "2026-11-20T00:00:00Z"}
    old = {**plain, "first_seen": "2026-09-20T00:00:00Z"}
    elsewhere = {**old, "source": "T"}
    is_each_open, why = judged(*dated, fresh, old, elsewhere)
    assert is_each_open[6:] == [True, False, True]
    assert why[6] == "no date; calls of S are usually open about 31 days"
    assert "120" in why[8]


def test_an_earlier_edition_is_closed_by_a_later_one() -> None:
    first = {"source": "S", "first_seen": "2026-11-20T00:00:00Z"}
    is_each_open, why = judged(
        {"title": "11th Dub Prize", **first},
        {"title": "12th Dub Prize", **first},
        {"title": "10th Dub Prize", **first, "source": "T"},
        {"title": "Dub grant", **first},
    )
    assert is_each_open == [False, True, True, True]
    assert "12th Dub Prize" in why[0]


def test_days_left_are_fractions_and_missing_without_a_date() -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    table = pd.DataFrame({"deadline": ["2026-05-01", "rolling", "2026-04-29"]})
    np.testing.assert_allclose(days_left(table, now), [0.5, np.nan, -1.5])
    assert len(days_left(pd.DataFrame({"deadline": []}), now)) == 0
