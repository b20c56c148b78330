"""Tuning anew: only for a fall that is one, with enough shown, and only so often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import djlib.workflows.opportunities.retuning as module
from djlib.settings import Settings, Workspace, settings_from
from djlib.tables.events import append_events, read_events
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.opportunities.engagement import CLICKS, IMPRESSIONS, Shown, stamp
from djlib.workflows.opportunities.feedback import opportunity_feedback
from djlib.workflows.opportunities.models import learnable
from djlib.workflows.opportunities.ratings import ratings_so_far
from djlib.workflows.opportunities.retuning import (
    RETUNINGS,
    Retuning,
    click_through,
    half_life_in_force,
    has_fallen,
    retune,
)
from tests.workflows.calls_rated import calls_of, rating_file, scanned

NOW = datetime.now(UTC)


def ago(days: float) -> str:
    return stamp(NOW - timedelta(days=days))


def shown(n: int, days: float, share: float, took: float = 0.5) -> list[Shown]:
    """`n` calls shown so many days ago, a share of them taken half a day later."""
    return [
        Shown("m", f"{days}-{i}", "S", ago(days), "1", 0.5,
              ago(days - took) if i < share * n else None)
        for i in range(n)
    ]  # fmt: skip


def fell(past: list[Shown], recent: list[Shown], floor: int = 200) -> bool:
    return has_fallen(click_through([*past, *recent], NOW, floor))


def test_a_clear_fall_is_one() -> None:
    assert fell(shown(400, 30, 0.3), shown(300, 5, 0.1))
    assert not fell(shown(400, 30, 0.3), shown(300, 5, 0.3))
    assert not fell(shown(400, 30, 0.1), shown(300, 5, 0.3))


def test_five_impressions_say_nothing() -> None:
    assert not fell(shown(400, 30, 0.3), shown(5, 5, 0.0))
    assert not fell(shown(5, 30, 1.0), shown(400, 5, 0.0))
    assert not fell(shown(199, 30, 1.0), shown(400, 5, 0.0))


def test_a_small_fall_is_none_however_sure() -> None:
    assert not fell(shown(20_000, 30, 0.300), shown(20_000, 5, 0.270))


def test_what_was_shown_yesterday_has_had_no_time() -> None:
    assert not fell(shown(400, 30, 0.3), shown(400, 0.5, 0.0))
    late = [*shown(400, 30, 0.3, took=3.0), *shown(300, 5, 0.0)]
    assert not has_fallen(click_through(late, NOW, 200))


def test_chance_is_not_taken_for_a_fall() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(60):
        past = shown(300, 30, 0.0)
        recent = shown(300, 5, 0.0)
        both = [
            Shown(**{**s.__dict__, "taken_at": s.at if rng.random() < 0.2 else None})
            for s in [*past, *recent]
        ]
        alarms += has_fallen(click_through(both, NOW, 200))
    assert alarms <= 4


@pytest.fixture
def place(fresh: Path) -> tuple[Workspace, Settings]:
    """A person liked sound long ago and likes film since two weeks; of what is shown now, little is
    opened."""
    here, settings = scanned(fresh)
    old = [ago(200 - n * 0.1) for n in range(90)]
    new = [ago(14 - n * 0.1) for n in range(110)]
    for name, rows, topic, at in (
        ("old.csv", range(90), "sound", old),
        ("new.csv", range(90, 200), "film", new),
    ):
        file = rating_file(here, rows, topic=topic, name=name, rated_at=at)
        opportunity_feedback(here, settings, file, talk=NullReporter())
    show(here, 30, 300, 0.3)
    show(here, 5, 300, 0.02)
    return here, settings_from({"opportunities": {"engine": "none"}}, settings)


def show(here: Workspace, days: float, n: int, share: float) -> None:
    names = [f"{days}-{i}" for i in range(n)]
    items = [{"opportunity_id": name, "source": "S", "chance": 0.5} for name in names]
    append_events(here.events, IMPRESSIONS, [{"at": ago(days), "user_id": "m", "items": items}])
    opened = [
        {"at": ago(days - 0.5), "user_id": "m", "opportunity_id": name, "source": "S"}
        for name in names[: round(share * n)]
    ]
    append_events(here.events, CLICKS, opened)


def tuned(place: tuple[Workspace, Settings]) -> Retuning | None:
    ratings = ratings_so_far(place[0])
    return retune(*place, ratings, lambda: learnable(place[0], ratings), NullReporter())


def test_a_taste_that_moved_makes_old_ratings_fade(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    assert half_life_in_force(here) is None
    done = tuned(place)
    assert done is not None
    assert done.clicked_before == pytest.approx(0.3)
    assert done.clicked_now == pytest.approx(0.02)
    assert done.now is not None
    assert half_life_in_force(here) == done.now
    assert "ranks the newest ratings better" in done.reason
    logged = read_events(here.events, RETUNINGS)[-1]
    assert logged["tried"] == dict(done.tried)
    assert (logged["before"], logged["now"]) == (None, done.now)


def test_it_is_not_done_again_and_again(
    place: tuple[Workspace, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tuned(place) is not None
    assert tuned(place) is None
    monkeypatch.setattr(module, "_APART", timedelta(0))
    assert tuned(place) is not None
    assert tuned(place) is None  # twice in 30 days is all
    never = settings_from({"opportunities": {"retune_most": 0}}, place[1])
    assert tuned((place[0], never)) is None


def test_without_a_fall_nothing_is_tried(fresh: Path) -> None:
    here, settings = scanned(fresh)
    opportunity_feedback(here, settings, rating_file(here, range(40)), talk=NullReporter())
    show(here, 30, 300, 0.3)
    show(here, 5, 300, 0.3)
    ratings = ratings_so_far(here)

    def never() -> None:
        raise AssertionError("nothing is to be learned")

    assert retune(here, settings, ratings, never, NullReporter()) is None  # type: ignore[arg-type]
    assert read_events(here.events, RETUNINGS) == []


def test_where_nothing_is_better_nothing_changes(fresh: Path) -> None:
    here, settings = scanned(fresh)
    at = [ago(100 - n * 0.4) for n in range(200)]
    file = rating_file(here, range(200), rated_at=at)
    opportunity_feedback(here, settings, file, talk=NullReporter())
    show(here, 30, 300, 0.3)
    show(here, 5, 300, 0.02)
    done = tuned((here, settings))
    assert done is not None
    assert done.now is None
    assert "nothing changed" in done.reason
    assert len(calls_of(here)) >= 200
