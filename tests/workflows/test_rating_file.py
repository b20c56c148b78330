"""Files of ratings: what is taken, and what is wrong with the rest, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import InputError
from djlib.workflows.opportunities.ratings import (
    Rating,
    RatingFile,
    Ratings,
    is_of_ratings,
    read_rating_file,
)

CALLS = {name: {"opportunity_id": name, "source": "S", "title": name} for name in ("a", "b", "c")}
IDS = {"a": "a", "b": "b", "c": "c", "old": "a"}
NOTHING = Ratings({}, [])


def read(tmp_path: Path, text: str, ratings: Ratings = NOTHING, scale: str = "auto") -> RatingFile:
    file = tmp_path / "ratings.csv"
    file.write_text(text, encoding="utf-8")
    return read_rating_file(file, CALLS, IDS, ratings, scale)


def likings(found: RatingFile) -> dict[tuple[str, str], float]:
    return {(r.user_id, r.opportunity_id): r.liked for r in found.taken}


def test_ones_and_noughts(tmp_path: Path) -> None:
    found = read(tmp_path, "user_id,opportunity_id,rating\nm,a,1\nm,b,0\nn,b,yes\nm,c,\n")
    assert likings(found) == {("m", "a"): 1.0, ("m", "b"): 0.0, ("n", "b"): 1.0}
    assert (found.unanswered, found.scale, found.problems) == (1, "0-1", [])


def test_stars(tmp_path: Path) -> None:
    text = "user_id;opportunity_id;rating;rating_scale\nm;a;1;1-5\nm;b;5;1-5\nm;c;3,0;1-5\n"
    found = read(tmp_path, text)
    assert likings(found) == {("m", "a"): 0.0, ("m", "b"): 1.0, ("m", "c"): 0.5}
    assert found.scale == "1-5"
    only_high = read(tmp_path, "user_id,opportunity_id,rating\nm,a,2\nm,b,5\n")
    assert likings(only_high) == {("m", "a"): 0.25, ("m", "b"): 1.0}


@pytest.mark.parametrize("cells", [("1", "1", "5"), ("0", "1", "4"), ("0", "3", "5")])
def test_a_mix_is_refused_row_by_row_and_never_read_the_other_way(
    tmp_path: Path, cells: tuple[str, ...]
) -> None:
    rows = "".join(f"m,{name},{cell}\n" for name, cell in zip("abc", cells, strict=True))
    found = read(tmp_path, f"user_id,opportunity_id,rating\n{rows}n,a,like\n")
    assert likings(found) == {("n", "a"): 1.0}
    refused = {p.line for p in found.problems if "rating_scale" in p.reason}
    assert refused == {2, 3, 4}
    settled = read(tmp_path, f"user_id,opportunity_id,rating\n{rows}", scale="1-5")
    assert {p.line - 2 for p in settled.problems} == {i for i, c in enumerate(cells) if c == "0"}


def test_each_row_is_read_in_its_own_scale(tmp_path: Path) -> None:
    text = "user_id,opportunity_id,rating,rating_scale\nm,a,1,0-1\nm,b,1,1-5\nm,c,5,0-1\n"
    found = read(tmp_path, text)
    assert likings(found) == {("m", "a"): 1.0, ("m", "b"): 0.0}
    assert [p.line for p in found.problems] == [4]
    made_a_day = "user_id,opportunity_id,rating,rating_scale\nm,a,1,05-Jan\nm,b,2,ten\n"
    found = read(tmp_path, made_a_day)
    assert likings(found) == {("m", "a"): 0.0}
    assert [(p.line, p.column) for p in found.problems] == [(3, "rating_scale")]


def test_a_file_of_ones_asks_where_the_last_ratings_were_stars(tmp_path: Path) -> None:
    text = "user_id,opportunity_id,rating\nm,a,1\n"
    starred = Rating("m", "b", 1.0, "5", "2026-01-01T00:00:00Z", scale="1-5")
    before = Ratings({("m", "b"): starred}, [starred])
    assert [p.line for p in read(tmp_path, text, before).problems] == [2]
    assert likings(read(tmp_path, text)) == {("m", "a"): 1.0}
    assert likings(read(tmp_path, text, before, scale="0-1")) == {("m", "a"): 1.0}


def test_what_is_wrong_is_said_line_by_line(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "user_id,opportunity_id,rating\nm,zzz,1\n,a,1\nm,a,perhaps\nm,b,9\nm,c,1\n",
    )
    assert likings(found) == {("m", "c"): 1.0}
    said = {p.line: (p.column, p.reason) for p in found.problems}
    assert said[2][0] == "opportunity_id"
    assert "scanned" in said[2][1]
    assert said[3][0] == "user_id"
    assert said[4] == ("rating", "no rating; allowed: 1, yes or like; 0, no or dislike; empty for "
                       "not rated")  # fmt: skip
    assert said[5][0] == "rating"
    assert all(p.outcome == "row left out" for p in found.problems)


def test_nought_is_no_star(tmp_path: Path) -> None:
    found = read(tmp_path, "user_id,opportunity_id,rating\nm,a,0\nm,b,4\n", scale="1-5")
    assert likings(found) == {("m", "b"): 0.75}
    assert "1 to 5 stars" in found.problems[0].reason


def test_rated_twice_the_last_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "user_id,opportunity_id,rating\nm,a,1\nm,a,0\nm,b,1\nm,b,1\n")
    assert likings(found) == {("m", "a"): 0.0, ("m", "b"): 1.0}
    assert [(p.line, p.outcome) for p in found.problems] == [(3, "note")]


def test_a_call_that_was_merged_is_known_by_its_old_name(tmp_path: Path) -> None:
    found = read(tmp_path, "user_id,opportunity_id,rating\nm,old,1\n")
    assert likings(found) == {("m", "a"): 1.0}


def test_opened_without_a_rating(tmp_path: Path) -> None:
    found = read(tmp_path, "user_id,opportunity_id,opened\nm,a,1\nm,b,0\nm,c,\n")
    assert found.opened == [("m", "a", "S")]
    assert found.taken == []


def test_a_moment_of_its_own(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "user_id,opportunity_id,rating,rated_at\nm,a,1,2020-01-02T03:04:05+02:00\n"
        "m,b,1,soon\nm,c,1,2999-01-01\n",
    )
    by_call = {r.opportunity_id: r for r in found.taken}
    assert by_call["a"].at == "2020-01-02T01:04:05Z"
    assert [(p.line, p.outcome) for p in found.problems] == [(3, "value ignored")] + [
        (4, "value ignored")
    ]
    assert by_call["b"].at > "2020-01-03"


def test_unicode_and_spreadsheet_marks(tmp_path: Path) -> None:
    found = read(tmp_path, "\ufeffUser ID,Opportunity ID,Rating\n ünal ,a,'+\n")
    assert likings(found) == {("ünal", "a"): 1.0}


@pytest.mark.parametrize(
    ("header", "answer"),
    [
        ("user_id,opportunity_id,rating", True),
        ("rating,user_id,opportunity_id,title,reason", True),
        ("user_id,opportunity_id,opened", True),
        ("track_id,correct_bucket", False),
        ("listing_id,keeper", False),
        ("opportunity_id,title,url", False),
    ],
)
def test_what_a_file_of_ratings_is(tmp_path: Path, header: str, answer: bool) -> None:
    file = tmp_path / "some.csv"
    file.write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    assert is_of_ratings(file) is answer


def test_a_file_without_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'user_id'"):
        read(tmp_path, "opportunity_id,rating\na,1\n")
