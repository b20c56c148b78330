"""Ratings fed back: logged before they are learned, learned once, and never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

import djlib.workflows.opportunities.feedback as module
from djlib.errors import DjlibError, ModelError, NotFoundError
from djlib.opportunities.history import COLUMNS
from djlib.settings import Settings, Workspace
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.opportunities.feedback import (
    RatingReport,
    opportunity_feedback,
    train_opportunities,
)
from djlib.workflows.opportunities.models import learnable, opportunity_models
from djlib.workflows.opportunities.ratings import ratings_so_far
from tests.workflows.calls_rated import calls_of, days_from_now, rating_file, scanned


@pytest.fixture
def place(fresh: Path) -> tuple[Workspace, Settings]:
    return scanned(fresh)


def feed(place: tuple[Workspace, Settings], file: Path, *, dry_run: bool = False) -> RatingReport:
    return opportunity_feedback(*place, file, talk=NullReporter(), dry_run=dry_run)


def test_ratings_are_taken_once(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    file = rating_file(here, range(50))
    first, again = feed(place, file), feed(place, file)
    assert (len(first.taken), first.known, first.ratings, first.users) == (50, 0, 50, 1)
    assert (len(again.taken), again.known, again.version) == (0, 50, "")
    assert len(opportunity_models(here).versions()) == 1
    version = opportunity_models(here).current()
    assert version.id == first.version
    assert version.metadata["ratings_logged"] == 50


def test_a_change_of_mind_is_learned(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    feed(place, rating_file(here, range(50)))
    report = feed(place, rating_file(here, range(50), topic="film"))
    assert 0 < report.changed == len(report.taken) < 50
    assert report.ratings == 50
    assert opportunity_models(here).current().id == report.version


def test_how_good_it_is_comes_from_the_newest(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    report = feed(
        place,
        rating_file(here, range(150), rated_at=[days_from_now(n / 10 - 20) for n in range(150)]),
    )
    assert report.figures is not None
    assert report.figures["n"] == 30
    assert report.figures["auc"] > 0.9
    at_once = feed(place, rating_file(here, range(150, 200), user="ben"))
    assert at_once.figures is not None  # ben's are the newest now
    assert at_once.figures["users"] <= 2


def test_a_dry_run_takes_nothing(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    report = feed(place, rating_file(here, range(20)), dry_run=True)
    assert (len(report.taken), report.version) == (20, "")
    assert not here.events.exists()
    assert not here.models.exists()


def test_what_was_logged_and_not_learned_is_learned_next_time(
    place: tuple[Workspace, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = place

    def broken(*_: object, **__: object) -> None:
        raise DjlibError("the disk is full")

    file = rating_file(here, range(30))
    with monkeypatch.context() as patch:
        patch.setattr(module, "learn_ratings", broken)
        with pytest.raises(DjlibError, match="the disk is full; your ratings are kept"):
            feed(place, file)
    assert len(ratings_so_far(here).by_key) == 30
    report = feed(place, file)
    assert (len(report.taken), report.known) == (0, 30)
    assert report.version


def test_one_rating_is_enough_to_begin(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    assert feed(place, rating_file(here, [0])).version


def test_training_needs_ratings(place: tuple[Workspace, Settings]) -> None:
    with pytest.raises(NotFoundError, match="no call is rated yet"):
        train_opportunities(*place, talk=NullReporter())
    feed(place, rating_file(place[0], range(20)))
    report = train_opportunities(*place, talk=NullReporter())
    assert report.version == opportunity_models(place[0]).current().id


def test_ratings_are_learned_when_the_calls_are_gone(place: tuple[Workspace, Settings]) -> None:
    here, settings = place
    feed(place, rating_file(here, range(40)))
    here.opportunities.unlink()
    version = train_opportunities(here, settings, talk=NullReporter()).version
    assert opportunity_models(here).get(version).metadata["calls"] == 40


def test_a_model_that_was_tampered_with_is_not_served(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    feed(place, rating_file(here, range(20)))
    arrays = next(here.models.rglob("ranker.npz"))
    arrays.write_bytes(arrays.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError):
        opportunity_models(here).load()
    assert len(calls_of(here)) > 20


def test_what_was_known_when_a_call_was_rated_stays_what_is_learned(
    place: tuple[Workspace, Settings],
) -> None:
    here, _ = place
    early = [days_from_now(n / 10 - 40) for n in range(40)]
    feed(place, rating_file(here, range(40), rated_at=early))
    before = learnable(here, ratings_so_far(here)).rated
    feed(place, rating_file(here, range(60), user="ben", rated_at=days_from_now(-1)))
    feed(place, rating_file(here, range(40), topic="film", rated_at=days_from_now(-0.5)))
    both = learnable(here, ratings_so_far(here)).rated
    after = both[both["user_id"] == "mara"].set_index("opportunity_id")
    mine = before.set_index("opportunity_id")
    known = list(COLUMNS)
    assert (mine[known].abs().sum(axis=1) > 0).sum() > 10
    assert after.loc[mine.index, known].equals(mine[known])
    assert after.loc[mine.index, "at"].equals(mine["at"])
    ben = both[both["user_id"] == "ben"][COLUMNS[-1]]
    assert (ben[:40] > 0).all()  # mara's ratings came before ben's
