"""Records become calls: deadlines read or found, times in one form, junk out with its reason."""

from __future__ import annotations

import pandas as pd
import pytest

from djlib.opportunities.intake import CALL_COLUMNS, take_in
from tests.opportunities.records import NOW, calls, records


def test_deadlines_are_read_from_their_cell_and_else_found_in_the_text() -> None:
    made = calls(
        {"title": "Said", "deadline": "1 May 2026", "description": "Apply by 9 May 2026."},
        {"title": "In the text", "description": "We like noise. Apply by 9 May 2026, 17:00 CEST."},
        {"title": "Rolling", "deadline": "ongoing"},
        {"title": "Later", "deadline": "TBA"},
        {"title": "Never said", "description": "The show opens on 9 May 2026."},
    )
    assert made["deadline"].tolist() == [
        "2026-05-01", "2026-05-09T15:00:00Z", "rolling", "tba", "",
    ]  # fmt: skip
    assert made["deadline_said"].tolist()[:2] == ["1 May 2026", "9 May 2026"]


def test_an_unclear_day_is_read_as_the_other_dates_of_its_source() -> None:
    made = calls(
        {"title": "One", "deadline": "5/31/2026", "source": "US"},
        {"title": "Two", "deadline": "3/4/2026", "source": "US"},
        {"title": "Three", "deadline": "31.5.2026", "source": "DE"},
        {"title": "Four", "deadline": "3.4.2026", "source": "DE"},
    )
    assert made["deadline"].tolist() == ["2026-05-31", "2026-03-04", "2026-05-31", "2026-04-03"]


def test_a_day_that_nothing_tells_is_a_guess_and_said_to_be() -> None:
    taken = take_in(records({"title": "Grant", "deadline": "3/4/2026"}), now=NOW)
    assert taken.calls["deadline"].tolist() == ["2026-04-03"]
    assert "can be read two ways" in taken.problems[0].reason
    asked = take_in(records({"title": "Grant", "deadline": "3/4/2026"}), order="month first")
    assert asked.calls["deadline"].tolist() == ["2026-03-04"]
    assert not asked.problems


def test_junk_is_a_problem_with_source_and_reason() -> None:
    taken = take_in(records({"title": "Read more"}, {"title": "Grant for noise"}), now=NOW)
    assert taken.calls["title"].tolist() == ["Grant for noise"]
    assert [p.reason for p in taken.problems] == ["E: the title is a link of the page, no call"]


@pytest.mark.parametrize(
    ("scraped", "kept"),
    [
        ("", NOW),
        ("yesterday", NOW),
        ("2026-03-01", "2026-03-01T00:00:00Z"),
        ("2026-03-01 10:00:00.5+02:00", "2026-03-01T08:00:00Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59-12:00", NOW),
    ],
)
def test_when_it_was_found_is_kept_in_one_form(scraped: str, kept: str) -> None:
    made = calls({"title": "Grant for noise", "scraped_at": scraped})
    assert made[["scraped_at", "first_seen"]].to_numpy().tolist() == [[kept, kept]]


def test_nothing_gives_an_empty_table() -> None:
    taken = take_in(pd.DataFrame(), now=NOW)
    assert (list(taken.calls.columns), len(taken.calls)) == (list(CALL_COLUMNS), 0)
