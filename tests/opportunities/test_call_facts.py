"""What calls are filtered by, and the calendar of their deadlines."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from djlib.errors import UsageError
from djlib.opportunities.call_facts import Wanted, calendar_of, fees_of, kinds_of

MADE = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "fee"),
    [
        ("There is NO ENTRY FEE.", "free"),
        ("Free to enter, prize money of $500", "free"),
        ("Fee: none", "free"),
        ("A jurying fee of $35 covers three images", "fee"),
        ("€20 entry", "fee"),
        ("Application fees apply", "fee"),
        ("Fees for artists are paid at union rates", ""),
        ("A grant of $5,000", ""),
    ],
)
def test_what_entering_costs(text: str, fee: str) -> None:
    assert fees_of(pd.DataFrame({"title": ["Call"], "description": [text]})) == [fee]


def test_the_title_tells_the_kind_before_the_text() -> None:
    calls = pd.DataFrame(
        {
            "title": ["Mural for a school", "Untitled", "Call"],
            "tags": ["", "grant; film", ""],
            "description": ["with a residency", "a residency", "An internship in Oslo."],
        }
    )
    assert kinds_of(calls) == ["commission", "grant", "internship"]


def test_each_wish_leaves_out_what_is_not_wanted() -> None:
    calls = pd.DataFrame(
        {
            "title": ["Grant A", "Residency B", "Grant C", "Job in Bern"],
            "location": ["Bern, Switzerland", "Online", "Oslo", ""],
            "description": ["Entry fee: $5", "", "No fee.", ""],
        }
    )
    left = np.array([3.0, np.nan, 9.0, 1.0])
    assert Wanted(closing=7).of(calls, left).tolist() == [True, False, False, True]
    assert Wanted(place="bern").of(calls, left).tolist() == [True, True, False, True]
    assert Wanted(place="Ber").of(calls, left).tolist() == [False, True, False, False]
    assert Wanted(kinds=("grant",)).of(calls, left).tolist() == [True, False, True, False]
    assert Wanted(free=True).of(calls, left).tolist() == [False, True, True, True]
    assert Wanted().of(calls, left).all()
    with pytest.raises(UsageError, match="unknown kind 'grnat'; known: residency"):
        Wanted(kinds=("grnat",))


def test_a_calendar_holds_what_has_a_deadline_and_breaks_no_line() -> None:
    rows = [
        {"opportunity_id": "a", "title": "Ü" * 90 + "\nBEGIN:VEVENT", "deadline": "2026-06-01",
         "url": "https://e.org/a", "location": "Bern; CH"},
        {"opportunity_id": "b", "title": "B", "deadline": "2026-06-01T15:00:00Z"},
        {"opportunity_id": "c", "title": "C", "deadline": "rolling"},
    ]  # fmt: skip
    made = calendar_of(rows, MADE)
    lines = made.split("\r\n")
    assert "\n" not in made.replace("\r\n", "")
    assert max(len(line.encode()) for line in lines) <= 75
    assert lines.count("BEGIN:VEVENT") == 2
    assert "DTSTART:20260601T150000Z" in lines
    assert "DTSTART;VALUE=DATE:20260601" in lines
    assert "LOCATION:Bern\\; CH" in lines
    assert lines.count("TRIGGER:-P3D") == lines.count("TRIGGER:-P1D") == 2
