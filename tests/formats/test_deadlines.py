"""When a call closes, in the words people write it in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from djlib.formats.calls.date_shapes import month_of
from djlib.formats.calls.deadlines import (
    DateOrder,
    date_order,
    find_deadline,
    moment_of,
    read_deadline,
)

TODAY = date(2026, 1, 15)


def read(cell: str, order: DateOrder | None = None) -> str:
    return read_deadline(cell, order=order, read_on=TODAY).cell


def found(text: str, order: DateOrder | None = None) -> str:
    return find_deadline(text, order=order, read_on=TODAY).cell


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-08-01", "2026-08-01"),
        ("2026/8/1", "2026-08-01"),
        ("10/31/2026", "2026-10-31"),
        ("31/10/2026", "2026-10-31"),
        ("31.10.26", "2026-10-31"),
        ("1.3.2026", "2026-03-01"),
        ("August 1st, 2026", "2026-08-01"),
        ("1 August 2026", "2026-08-01"),
        ("Sunday, Sept. 6, 2026", "2026-09-06"),
        ("May 9", "2026-05-09"),
        ("Dec 20", "2025-12-20"),
        ("1. März 2026", "2026-03-01"),
        ("15 de agosto de 2026", "2026-08-15"),
        ("3 février 2026", "2026-02-03"),
        ("1 мая 2026", "2026-05-01"),
        ("April 1 - May 15", "2026-05-15"),
        ("1 March 2026 to 15 March 2026", "2026-03-15"),
        ("03/01/2026 – 03/15/2026", "2026-03-15"),
        ("May 1 (summer), September 1 (fall)", "2026-05-01"),
        ("01/01/2026, 02/01/2026, 12/31/2026", "2026-02-01"),
        ("5 March 2026, extended to 20 March 2026", "2026-03-20"),
        ("in 3 weeks", "2026-02-05"),
        ("tomorrow", "2026-01-16"),
        ("29 February", "2028-02-29"),
    ],
)
def test_a_day_is_read(cell: str, day: str) -> None:
    assert read(cell, "month first" if cell.startswith("0") else None) == day


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-05-02 23:59 AoE", "2026-05-03T11:59:00Z"),
        ("May 2, 2026 (AoE)", "2026-05-03T12:00:00Z"),
        ("May 2, 2026 at 5 pm EST", "2026-05-02T22:00:00Z"),
        ("11:59 p.m. PT on May 2, 2026", "2026-05-03T06:59:00Z"),
        ("3 March 2026, 17:00 CET", "2026-03-03T16:00:00Z"),
        ("3 July 2026, 17:00 Europe/Berlin", "2026-07-03T15:00:00Z"),
        ("3 July 2026 17:00 UTC+2", "2026-07-03T15:00:00Z"),
        ("2 May 2026, noon GMT", "2026-05-02T12:00:00Z"),
        ("2026-07-03T17:00:00+02:00", "2026-07-03T15:00:00Z"),
    ],
)
def test_a_time_counts_in_its_own_zone(cell: str, moment: str) -> None:
    assert read(cell) == moment


@pytest.mark.parametrize("cell", ["2026-05-02 midnight", "2026-05-02 23:59", "2026-05-02"])
def test_a_day_ends_with_the_day(cell: str) -> None:
    deadline = read_deadline(cell, read_on=TODAY)
    assert deadline.cell == "2026-05-02"
    assert moment_of(deadline.cell) == datetime(2026, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("Rolling", "rolling"), ("ONGOING", "rolling"), ("ASAP (Rolling Basis)", "rolling"),
        ("open until all places are filled", "rolling"), ("laufend", "rolling"),
        ("TBA", "tba"), ("To be announced 2026", "tba"), ("Not specified", "tba"),
        ("", "none"), ("Unknown", "none"), ("Spring 2026", "none"), ("2026-02-31", "none"),
        ("1350 Avenue of the Americas", "none"), ("99/99/9999", "none"), ("1.5", "none"),
        ("$500", "none"), ("16:00 on the last day", "none"),
    ],
)  # fmt: skip
def test_what_is_no_day_says_which_kind_it_is(cell: str, kind: str) -> None:
    assert read_deadline(cell, read_on=TODAY).kind == kind


def test_a_date_that_can_be_read_two_ways_is_read_as_its_source_writes() -> None:
    assert read("3/4/2026", "month first") == "2026-03-04"
    assert read("3/4/2026", "day first") == "2026-04-03"
    guess = read_deadline("3/4/2026", read_on=TODAY)
    assert (guess.cell, guess.is_guess) == ("2026-04-03", True)
    assert not read_deadline("3.4.2026", read_on=TODAY).is_guess


def test_a_source_gives_its_order_away() -> None:
    assert date_order(["3/4/2026", "10/31/2025", "12/25/2025", "31/12/2025"]) == "month first"
    assert date_order(["25/12/2025", "1/2/2026"]) == "day first"
    assert date_order(["3.4.2026", "2026-04-25", "May 25"]) is None


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Join us on June 1, 2026. Applications close 2 May 2026 at midnight UTC.", "2026-05-02"),
        ("Deadline:\nDecember 14, 2026\nHow to Apply:\nPosted November 7, 2026", "2026-12-14"),
        ("Submit your proposal no later than 2026-03-09.", "2026-03-09"),
        ("Deadline extended until 9 May 2026 (was: deadline 2 May 2026)", "2026-05-09"),
        ("Early bird deadline: 1 March 2026. Deadline: 1 April 2026.", "2026-04-01"),
        ("Bewerbungsschluss: 1. April 2026", "2026-04-01"),
        ("Fecha límite: 3 de abril de 2026", "2026-04-03"),
        ("Deadline: rolling basis, apply any time", "rolling"),
        ("Deadline: TBA", "tba"),
        ("Open from March 1 until April 15, 2026. Apply by April 15, 2026", "2026-04-15"),
        ("The festival takes place 3-5 June 2026 in Riga.", ""),
        ("Founded in 1998, the award has grown.", ""),
        ("", ""),
    ],
)
def test_a_deadline_is_found_in_what_a_call_says(text: str, cell: str) -> None:
    assert found(text) == cell


def test_words_that_look_like_months_of_another_language_are_none() -> None:
    for word in ("set", "out", "mart", "may be", "marketing", "the"):
        assert month_of(word) is None


@given(st.text(max_size=200))
def test_no_text_is_too_strange(text: str) -> None:
    for deadline in (read_deadline(text, read_on=TODAY), find_deadline(text, read_on=TODAY)):
        assert (deadline.at is not None) == (deadline.kind == "date")
        assert deadline.at is None or moment_of(deadline.cell) == deadline.at


@given(st.dates(date(2026, 1, 15), date(2090, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y",
       "%B %d, %Y", "%d %b %Y", "%m/%d/%Y"]))  # fmt: skip
def test_every_day_comes_back_from_every_way_to_write_it(day: date, written: str) -> None:
    assert read(day.strftime(written), "month first") == day.isoformat()


def test_a_text_of_a_million_dates_is_read_in_a_moment() -> None:
    assert found("deadline 1 " * 300_000) == ""
    assert found("Deadline: " + "1/1/2020, " * 100_000) == "2020-01-01"


def _sentences() -> list[list[str]]:
    file = Path(__file__).with_name("deadline_sentences.tsv")
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def test_deadlines_of_twenty_languages_are_read() -> None:
    day = date(2026, 9, 15)
    wrong = []
    for _, place, meant, words in _sentences():
        reader = read_deadline if place == "cell" else find_deadline
        read = reader(words, read_on=day)
        if (read.cell or "none") != meant:
            wrong.append((words, meant, read.cell))
        if read.kind == "date":
            assert read.said in words  # what it was read from is shown
    assert len(wrong) <= 0.03 * len(_sentences()), wrong


def test_money_is_no_time_of_day() -> None:
    for money in ("Fee 12.50 EUR", "fee: 12.50", "12.50 €", "€12.50", "Gebühr 12.50", "12.50 kr"):
        found = find_deadline(f"Deadline: 15 January 2027, {money}", read_on=date(2026, 9, 15))
        assert found.cell == "2027-01-15", money
