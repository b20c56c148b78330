"""The log of ratings: replayed, whole, and enough to learn from by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import InputError
from djlib.settings import Workspace
from djlib.tables.events import append_events
from djlib.workflows.opportunities.ratings import (
    RATING_LOG,
    Rating,
    current_ids,
    fingerprint,
    log_ratings,
    rated_calls,
    ratings_so_far,
)
from tests.opportunities.tastes import some_calls

CALL = {"opportunity_id": "a", "title": "Dub night", "tags": "dub", "source": "S"}


def rating(user: str, call: str, liked: float, at: str) -> Rating:
    return Rating(user, call, liked, str(liked), at, {**CALL, "opportunity_id": call})


def test_the_last_word_counts_from_the_first_moment(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    log_ratings(here, [rating("m", "a", 1.0, "2026-01-01T00:00:00Z")], "f")
    log_ratings(here, [rating("n", "a", 1.0, "2026-01-02T00:00:00Z")], "f")
    log_ratings(here, [rating("m", "a", 0.0, "2026-01-03T00:00:00Z")], "f")
    found = ratings_so_far(here)
    assert found.users == ["n", "m"]
    assert found.n_logged == 3
    last = found.by_key["m", "a"]
    assert (last.liked, last.at, last.first_at) == (
        0.0,
        "2026-01-03T00:00:00Z",
        "2026-01-01T00:00:00Z",
    )
    assert [r.liked for r in found.of("m")] == [0.0]


def test_a_call_that_is_gone_is_learned_from_the_log(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    log_ratings(here, [rating("m", "gone", 1.0, "2026-01-01T00:00:00Z")], "f")
    table = rated_calls(ratings_so_far(here), some_calls(5))
    assert table[["opportunity_id", "title", "tags", "user_id", "liked"]].values.tolist() == [
        ["gone", "Dub night", "dub", "m", 1.0]
    ]


def test_two_calls_that_became_one_are_one_rating(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    calls = some_calls(5)
    first, second = calls["opportunity_id"][:2]
    log_ratings(here, [rating("m", first, 1.0, "2026-01-01T00:00:00Z")], "f")
    log_ratings(here, [rating("m", second, 0.0, "2026-01-02T00:00:00Z")], "f")
    merged = calls.drop(index=0).assign(other_ids=[first, "", "", ""])
    assert current_ids(merged)[first] == second
    table = rated_calls(ratings_so_far(here), merged)
    assert table[["opportunity_id", "liked", "at"]].values.tolist() == [
        [second, 0.0, "2026-01-01T00:00:00Z"]
    ]


def test_the_fingerprint_is_of_what_is_said(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    log_ratings(here, [rating("m", "a", 1.0, "2026-01-01T00:00:00Z")], "f")
    one = fingerprint(ratings_so_far(here))
    log_ratings(here, [rating("m", "a", 1.0, "2026-01-02T00:00:00Z")], "f")
    assert fingerprint(ratings_so_far(here)) == one
    log_ratings(here, [rating("m", "a", 0.0, "2026-01-02T00:00:00Z")], "f")
    assert fingerprint(ratings_so_far(here)) != one


@pytest.mark.parametrize("event", [{"user_id": "m"}, {"user_id": "m", "opportunity_id": "a",
                                                       "liked": 7}])  # fmt: skip
def test_a_damaged_line_is_named(tmp_path: Path, event: dict[str, object]) -> None:
    here = Workspace(tmp_path)
    append_events(here.events, RATING_LOG, [event])
    with pytest.raises(InputError, match="rating 1 lacks"):
        ratings_so_far(here)


def test_nothing_rated_yet(tmp_path: Path) -> None:
    found = ratings_so_far(Workspace(tmp_path))
    assert (found.by_key, found.users, found.n_logged) == ({}, [], 0)
    assert len(rated_calls(found, some_calls(3))) == 0
