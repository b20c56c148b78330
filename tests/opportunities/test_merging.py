"""The same call is one row, whatever it came from; two calls stay two."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.opportunities.merging import merge
from tests.opportunities.records import calls

TEXT = "Two months in a house by the sea for people who work with sound, with a studio and a fee."
LATER = "2026-04-08T03:00:00Z"


def merged(*rows: dict[str, Any]) -> pd.DataFrame:
    return merge(None, calls(*rows)).calls


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.example.org/a/?utm_source=x", "https://example.org/a#top"),
        ("https://example.org/a?x=1&y=2", "https://EXAMPLE.org:443/a?y=2&x=1"),
        ("https://example.org/index.html", "https://example.org"),
    ],
)
def test_one_address_in_two_spellings_is_one_call(one: str, other: str) -> None:
    found = merged(
        {"title": "Noise Residency", "url": one}, {"title": "Noise residency", "url": other}
    )
    assert found["url"].tolist() == [one]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"url": "https://e.org/?id=1"}, {"url": "https://e.org/?id=2"}),
        ({"url": "https://e.org/#/calls/1"}, {"url": "https://e.org/#/calls/2"}),
        ({"deadline": "2026-05-01"}, {"deadline": "2026-06-01"}),
        ({"title": "Noise Residency 2026"}, {"title": "Noise Residency 2027"}),
        ({"title": "Noise Residency"}, {"title": "Clay Fellowship"}),
    ],
)
def test_what_differs_is_not_collapsed(first: dict[str, str], second: dict[str, str]) -> None:
    same = {"title": "Noise Residency", "url": "https://e.org/a"}
    assert len(merged(same | first, same | second)) == 2


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Open Call: Noise Residency in Riga", "Noise Residency in Riga – open call"),
        ("Résidence d'été à Sète", "Residence d’ete a Sete"),
        ("Ａｒｔ ｐｒｉｚｅ for sound", "Art Prize for Sound"),
        ("STRASSENKUNST IN ALTONA", "Straßenkunst in Altona"),
    ],
)
def test_like_titles_elsewhere_with_one_deadline_are_one(title: str, other: str) -> None:
    rows = (
        {"title": title, "url": "https://a.org/1", "deadline": "2026-05-01", "source": "A"},
        {"title": other, "url": "https://b.org/2", "deadline": "2026-05-01", "source": "B"},
    )
    found = merged(*rows)
    assert found[["title", "sources"]].to_numpy().tolist() == [[title, "A|B"]]
    assert found["known_at"].tolist() == ["https://b.org/2"]


def test_a_call_keeps_its_id_and_first_day_and_takes_what_is_new() -> None:
    first = {
        "title": "Noise Residency",
        "opportunity_id": "7",
        "tags": "sound",
        "url": "https://e.org/a",
    }
    old = merged(first)
    newer = first | {"description": TEXT, "tags": "noise; sound", "deadline": "2026-05-01"}
    found = merge(old, calls(newer, now=LATER))
    assert (found.new, found.known, found.moved) == (0, 1, 0)
    row = found.calls.iloc[0]
    assert (row["opportunity_id"], row["tags"]) == ("7", "sound; noise")
    assert (row["deadline"], row["description"]) == ("2026-05-01", TEXT)
    assert (row["first_seen"], row["scraped_at"]) == (old["first_seen"][0], LATER)


def test_a_later_scan_moves_the_deadline_and_two_calls_of_one_scan_stay_two() -> None:
    call = {"title": "Noise Residency", "url": "https://e.org/a"}
    both = [call | {"deadline": "2026-05-01"}, call | {"deadline": "2026-09-01"}]
    old = merged(*both)
    assert len(old) == 2
    extended = calls(both[0] | {"deadline": "2026-05-15"}, both[1], now=LATER)
    found = merge(old, extended)
    assert (found.new, found.moved) == (0, 1)
    assert found.calls["deadline"].tolist() == ["2026-05-15", "2026-09-01"]


def test_scrapers_that_count_from_one_do_not_name_the_same_call() -> None:
    mine = [{"title": f"Residency in {place}", "opportunity_id": str(n), "source": "A"}
            for n, place in enumerate(("Riga", "Oslo"))]  # fmt: skip
    theirs = [{"title": f"{kind} for clay", "opportunity_id": str(n), "source": "B", "url": f"https://b.org/{n}"}
              for n, kind in enumerate(("Grant", "Prize"))]  # fmt: skip
    found = merged(*mine, *theirs)
    assert len(found) == 4
    assert found["opportunity_id"].is_unique
    assert found["opportunity_id"].tolist()[:2] == ["0", "1"]
    renumbered = [theirs[1] | {"opportunity_id": "0"}, theirs[0] | {"opportunity_id": "1"}]
    again = merge(found, calls(*mine, *renumbered))
    assert (again.new, again.calls["title"].tolist()) == (0, found["title"].tolist())


def test_an_id_holds_a_call_whose_address_moved() -> None:
    old = merged({"title": "Noise Residency", "opportunity_id": "7", "url": "https://e.org/a"})
    found = merge(
        old, calls({"title": "Noise residency", "opportunity_id": "7", "url": "https://e.org/b"})
    )
    assert (found.new, len(found.calls)) == (0, 1)


def test_ten_thousand_calls_of_one_title_stay_apart_and_take_no_time() -> None:
    n = 10_000
    same = {"title": "Open call: artist residency", "deadline": "2026-08-01"}
    rows = [same | {"url": f"https://e.org/{number}"} for number in range(n)]
    some, all_of_them = calls(*rows[:1000]), calls(*rows)
    started = time.process_time()
    merge(None, some)
    of_a_thousand = time.process_time() - started
    started = time.process_time()
    found = merge(None, all_of_them)
    assert time.process_time() - started < 40 * max(of_a_thousand, 0.05)
    assert (len(found.calls), found.calls["opportunity_id"].nunique()) == (n, n)
    again = merge(found.calls, all_of_them)
    assert (again.new, again.known, again.calls.equals(found.calls)) == (0, n, True)


def test_one_title_at_one_address_with_many_deadlines_stays_many() -> None:
    days = [f"2026-{m:02d}-{d:02d}" for m in range(5, 9) for d in range(1, 29)]
    rows = [{"title": "Open mic", "url": "https://e.org/mic", "deadline": day} for day in days]
    found = merged(*rows)
    assert found["deadline"].tolist() == days
    assert merge(found, calls(*rows)).calls.equals(found)


_TITLES = st.sampled_from(
    ["Noise Residency in Riga", "Noise residency in Riga!", "Open call: noise in Riga 2026",
     "Open call: noise in Riga 2027", "Grant", "Grant  ", "Préis", "奨学金のお知らせ"]
)  # fmt: skip
_ROWS = st.fixed_dictionaries(
    {
        "title": _TITLES,
        "url": st.sampled_from(["", *(f"https://{h}.org/{p}" for h in "ab" for p in "xy")]),
        "deadline": st.sampled_from(["", "2026-05-01", "2026-06-01", "rolling", "TBA"]),
        "source": st.sampled_from(["A", "B"]),
        "description": st.sampled_from(["", TEXT, TEXT + " Now!", TEXT.upper() * 2]),
    }
)


@settings(max_examples=80, deadline=None)
@given(st.lists(_ROWS, min_size=1, max_size=12))
def test_a_scan_again_brings_nothing_new(rows: list[dict[str, str]]) -> None:
    came = calls(*rows)
    first = merge(None, came)
    assert first.new + first.doubles == len(came)
    assert first.calls["opportunity_id"].is_unique
    again = merge(first.calls, came)
    assert (again.new, len(again.calls) <= len(first.calls)) == (0, True)
    assert set(again.calls["opportunity_id"]) <= set(first.calls["opportunity_id"])
    later = merge(again.calls, came)
    assert (later.new, later.known, len(later.calls)) == (0, len(later.calls), len(again.calls))
