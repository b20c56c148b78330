"""Recommendations: whose they are, how long they stay, and what is never among them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli.render.call_screen import CallConversation
from djlib.errors import NotFoundError, UsageError
from djlib.opportunities.call_facts import Wanted
from djlib.settings import Settings, Workspace, settings_from
from djlib.tables.events import read_events
from djlib.tables.io import write_table
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.opportunities.engagement import IMPRESSIONS
from djlib.workflows.opportunities.feedback import opportunity_feedback, train_opportunities
from djlib.workflows.opportunities.models import current_version, opportunity_models
from djlib.workflows.opportunities.ratings import ratings_so_far
from djlib.workflows.opportunities.recommend import (
    NEVER_RATED,
    NOTHING_RATED,
    Recommendations,
    rank_calls,
    recommend_calls,
)
from djlib.workflows.opportunities.review import CallReview, review_calls
from tests.opportunities.tastes import likes
from tests.workflows.calls_rated import calls_of, days_from_now, rating_file, scanned


@pytest.fixture
def here(fresh: Path) -> Workspace:
    return scanned(fresh)[0]


@pytest.fixture
def settings() -> Settings:
    return settings_from({"opportunities": {"engine": "none"}})


def ask(here: Workspace, settings: Settings, user: str = "mara", **more: bool) -> Recommendations:
    return recommend_calls(here, settings, user, talk=NullReporter(), **more)


def rate(here: Workspace, settings: Settings, rows: range, **of: str) -> None:
    opportunity_feedback(here, settings, rating_file(here, rows, **of), talk=NullReporter())


def ids(found: Recommendations) -> list[str]:
    return [row["opportunity_id"] for row in found.rows]


def test_before_any_rating_fresh_ones_of_many_sources(here: Workspace, settings: Settings) -> None:
    found = ask(here, settings)
    assert len(found.rows) == 10
    assert found.note == NOTHING_RATED
    assert len({row["source"] for row in found.rows}) >= 8
    assert all(row["chance"] is None and "closes in" in row["reason"] for row in found.rows)
    table = pd.read_csv(here.recommendations, dtype=str, keep_default_na=False)
    assert table["opportunity_id"].tolist() == ids(found)
    assert set(table["rating"]) == {""}


def test_after_ratings_what_is_liked_and_not_rated_yet(here: Workspace, settings: Settings) -> None:
    rate(here, settings, range(80))
    found = ask(here, settings)
    calls = calls_of(here)
    picked = calls[calls["opportunity_id"].isin(ids(found))]
    assert likes(picked, "sound").mean() >= 0.9
    assert not set(ids(found)) & set(calls["opportunity_id"][:80])
    assert found.note == ""
    assert found.rated == 80
    chances = [row["chance"] for row in found.rows]
    assert chances == sorted(chances, reverse=True)
    assert all(row["reason"] for row in found.rows)


def test_what_has_closed_is_never_shown(here: Workspace, settings: Settings) -> None:
    rate(here, settings, range(80))
    closed = set(calls_of(here)["opportunity_id"][::10])
    every = settings_from({"opportunities": {"top": 1000}}, settings)
    assert not closed & set(ids(ask(here, every)))
    assert not closed & set(ids(ask(here, every, "somebody else")))


def test_what_closes_while_the_list_is_kept_is_not_shown(
    here: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(here, settings)
    file = next(here.recommended.iterdir())
    kept = json.loads(file.read_text())
    kept["list"]["rows"][3]["deadline"] = days_from_now(-1)[:10]
    file.write_text(json.dumps(kept))
    again = ask(here, settings)
    assert not again.from_cache
    assert ids(again) == ids(first)


def test_a_list_stays_for_ten_minutes(here: Workspace, settings: Settings) -> None:
    first = ask(here, settings)
    again = ask(here, settings)
    assert again.from_cache
    assert (again.list_id, ids(again)) == (first.list_id, ids(first))
    file = next(here.recommended.iterdir())
    kept = json.loads(file.read_text())
    for made_at, is_kept in ((-9.9, True), (-10.1, False), (1, False)):
        kept["made_at"] = days_from_now(made_at / 1440)
        file.write_text(json.dumps(kept))
        assert ask(here, settings).from_cache is is_kept


def test_nobody_sees_the_list_of_another(here: Workspace, settings: Settings) -> None:
    rate(here, settings, range(60))
    rate(here, settings, range(60, 120), user="ben", topic="film")
    mara, ben = ask(here, settings), ask(here, settings, "ben")
    assert ids(mara) != ids(ben)
    assert {row["user_id"] for row in ben.rows} == {"ben"}
    files = list(here.recommended.iterdir())
    assert len(files) == 2
    # Even where one file lies under the name of the other.
    by_user = {json.loads(f.read_text())["key"]["user"]: f for f in files}
    by_user["ben"].write_bytes(by_user["mara"].read_bytes())
    again = ask(here, settings, "ben")
    assert not again.from_cache
    assert ids(again) == ids(ben)
    back = ask(here, settings)
    assert back.from_cache
    table = pd.read_csv(here.recommendations, dtype=str)
    assert set(table["user_id"]) == {"mara"}


def test_what_was_rated_within_this_second_counts(
    here: Workspace, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("djlib.workflows.opportunities.ratings.utc_now", lambda: days_from_now(-1))
        rate(here, settings, range(60))
    rate(here, settings, range(60, 120), user="ben", topic="film")
    ratings, version = ratings_so_far(here), current_version(here)
    assert version is not None
    last = datetime.fromisoformat(max(event.at for event in ratings.events))
    now, later = (
        rank_calls(here, settings, calls_of(here), ratings, "ben", version.id, now=moment)
        for moment in (last, last + timedelta(seconds=30))
    )
    assert now.chance == later.chance


def test_learning_rating_scanning_and_settings_make_a_new_list(
    here: Workspace, settings: Settings
) -> None:
    def is_new() -> bool:
        return not ask(here, settings).from_cache

    assert is_new()
    assert not is_new()
    rate(here, settings, range(40))
    assert is_new()
    assert not is_new()
    train_opportunities(here, settings, talk=NullReporter())
    assert is_new()
    assert not is_new()
    write_table(calls_of(here).iloc[:-1], here.opportunities)
    assert is_new()
    assert not is_new()
    opportunity_models(here).rollback("test")
    assert is_new()
    fewer = settings_from({"opportunities": {"top": 4}}, settings)
    assert len(ask(here, fewer).rows) == 4
    assert not ask(here, settings_from({"opportunities": {"cache_minutes": 0}}, fewer)).from_cache


def test_a_damaged_cache_is_done_without(here: Workspace, settings: Settings) -> None:
    first = ask(here, settings)
    file = next(here.recommended.iterdir())
    for damage in (b"", b"{", b"[]", b'{"key": 1}', b"\xff\xfe"):
        file.write_bytes(damage)
        found = ask(here, settings)
        assert not found.from_cache
        assert ids(found) == ids(first)


def test_what_is_shown_is_noted_once_a_list(here: Workspace, settings: Settings) -> None:
    first = ask(here, settings)
    ask(here, settings)
    events = read_events(here.events, IMPRESSIONS)
    assert len(events) == 1
    assert [item["opportunity_id"] for item in events[0]["items"]] == ids(first)
    assert (events[0]["user_id"], events[0]["version"]) == ("mara", "")


def test_ratings_nobody_took_in_are_kept(here: Workspace, settings: Settings) -> None:
    ask(here, settings)
    table = pd.read_csv(here.recommendations, dtype=str, keep_default_na=False)
    table.loc[0, "rating"] = "1"
    table.to_csv(here.recommendations, index=False)
    found = ask(here, settings, "ben")
    assert found.kept
    assert pd.read_csv(found.kept, dtype=str)["rating"][0] == "1"
    report = opportunity_feedback(here, settings, Path(found.kept), talk=NullReporter())
    assert len(report.taken) == 1
    assert ask(here, settings).kept is None


def test_the_list_itself_is_feedback(here: Workspace, settings: Settings) -> None:
    first = ask(here, settings)
    table = pd.read_csv(here.recommendations, dtype=str, keep_default_na=False)
    table["rating"] = ["1", "0"] * 5
    table.loc[0, "opened"] = "1"
    table.to_csv(here.recommendations, index=False)
    report = opportunity_feedback(here, settings, here.recommendations, talk=NullReporter())
    assert (len(report.taken), report.opened) == (10, 1)
    second = ask(here, settings)
    assert not set(ids(first)) & set(ids(second))


def test_somebody_who_rated_nothing_is_told_so(here: Workspace, settings: Settings) -> None:
    rate(here, settings, range(80))
    found = ask(here, settings, "new")
    assert found.note == NEVER_RATED
    assert all(row["chance"] is None for row in found.rows)
    assert not any("you liked" in row["reason"] for row in found.rows)


def test_a_dry_run_writes_nothing(here: Workspace, settings: Settings) -> None:
    rate(here, settings, range(40))
    before = {p: p.read_bytes() for p in here.root.rglob("*") if p.is_file()}
    assert len(ask(here, settings, dry_run=True).rows) == 10
    assert {p: p.read_bytes() for p in here.root.rglob("*") if p.is_file()} == before


def test_when_all_is_rated_there_is_nothing_to_show(here: Workspace, settings: Settings) -> None:
    rate(here, settings, range(len(calls_of(here))))
    assert ask(here, settings).rows == []
    assert ask(here, settings).rows == []


def test_without_calls_or_a_name(fresh: Path, settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="djlib scan"):
        ask(Workspace(fresh), settings)
    with pytest.raises(UsageError, match="--user"):
        ask(Workspace(fresh), settings, "  ")


def test_what_closes_first_is_on_top_and_in_the_calendar(
    here: Workspace, settings: Settings
) -> None:
    calls = calls_of(here)
    calls["deadline"] = [days_from_now(2 + n % 9) for n in range(len(calls))]
    write_table(calls, here.opportunities)
    rate(here, settings, range(80))
    file = here.root / "deadlines.ics"
    found = recommend_calls(
        here, settings, "mara", calendar=file, wanted=Wanted(closing=5), talk=NullReporter()
    )
    left = [row["days_left"] for row in found.rows]
    assert len(left) == settings.opportunities.top
    assert left == sorted(left)
    assert max(left) <= 5
    assert file.read_text(encoding="utf-8").count("BEGIN:VEVENT") == len(left)
    assert {row["rating_scale"] for row in found.rows} == {"0-1"}
    assert recommend_calls(here, settings, "mara", talk=NullReporter()).list_id != found.list_id


def test_no_list_holds_more_than_three_of_one_source(here: Workspace, settings: Settings) -> None:
    rate(here, settings, range(80))
    calls = calls_of(here)
    calls["source"] = np.where(likes(calls, "sound") > 0, "Sound city", calls["source"])
    write_table(calls, here.opportunities)
    rows = ask(here, settings).rows
    assert sum(row["source"] == "Sound city" for row in rows) == 3
    assert max(row["chance"] for row in rows) <= 81 / 82


@pytest.mark.parametrize(("scale", "keys", "liked"), [("0-1", "yns", 1), ("1-5", "51s", 1)])
def test_a_list_is_rated_in_the_terminal_by_one_key_each(
    here: Workspace, settings: Settings, scale: str, keys: str, liked: int
) -> None:
    starred = settings_from({"opportunities": {"engine": "none", "rating_scale": scale}})
    ask(here, starred)

    def press(session: CallReview) -> None:
        talk = CallConversation(session)
        assert all(talk.press(key) for key in keys + "x")
        assert not talk.press("q")

    report = review_calls(here, ask=press)
    assert (report.rated, report.liked, report.left) == (2, liked, report.calls - 2)
    assert review_calls(here, ask=None) == report
    taken = opportunity_feedback(here, settings, here.recommendations, talk=NullReporter())
    assert taken.scale == scale
    assert sorted(rating.liked for rating in taken.taken) == [0.0, 1.0]


def test_a_step_of_a_review_is_taken_back(here: Workspace, settings: Settings) -> None:
    ask(here, settings)
    session = CallReview(here.recommendations)
    first = session.current
    talk = CallConversation(session)
    talk.press("y")
    talk.press("5")  # no key of this scale
    assert session.n_answered == 1
    talk.press("u")
    assert (session.n_answered, session.current) == (0, first)
    talk.press("u")
    assert talk.note == "Nothing to take back."
