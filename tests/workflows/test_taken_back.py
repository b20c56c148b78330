"""Feedback taken back: what is left is what would be there had it never been given."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import NotFoundError, UsageError
from djlib.opportunities.history import COLUMNS
from djlib.settings import Settings, Workspace
from djlib.tables.events import append_events
from djlib.workflows.core.event_log import last_kind, take_back
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.keepers.labels import KEEPS
from djlib.workflows.learner import learner_of_feedback
from djlib.workflows.opportunities.engagement import clicks_so_far, log_clicks
from djlib.workflows.opportunities.feedback import RatingReport, opportunity_feedback
from djlib.workflows.opportunities.models import (
    current_version,
    feature_store,
    learnable,
    opportunity_models,
)
from djlib.workflows.opportunities.ratings import (
    RATING_LOG,
    Rating,
    fingerprint,
    log_ratings,
    ratings_so_far,
)
from djlib.workflows.opportunities.recommend import recommend_calls
from tests.workflows.calls_rated import calls_of, days_from_now, rating_file, scanned

pytestmark = pytest.mark.slow

MOMENT = "2026-01-01T00:00:00Z"

feedbacks = st.lists(
    st.dictionaries(st.tuples(st.sampled_from("mn"), st.sampled_from("abc")), st.booleans()),
    max_size=6,
)


@pytest.fixture
def place(fresh: Path) -> tuple[Workspace, Settings]:
    return scanned(fresh)


def rating(user: str, call: str, liked: float) -> Rating:
    return Rating(user, call, liked, str(liked), MOMENT, {"title": call})


def feed(
    place: tuple[Workspace, Settings], file: Path | None, *, undo: bool = False
) -> RatingReport:
    return opportunity_feedback(*place, file, talk=NullReporter(), undo=undo)


@settings(max_examples=40)  # each writes two logs
@given(feedbacks, st.integers(0, 6))
def test_what_is_left_is_as_if_the_rest_was_never_given(
    given_: list[dict[tuple[str, str], bool]], n: int
) -> None:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        here, other = Workspace(Path(first)), Workspace(Path(second))
        said = [some for some in given_ if some]
        for some in said:
            log_ratings(here, (rating(*key, float(v)) for key, v in some.items()), "f")
        back = min(n, len(said))
        for _ in range(back):
            take_back(here, RATING_LOG, ratings_so_far(here).feedbacks[-1])
        for some in said[: len(said) - back]:
            log_ratings(other, (rating(*key, float(v)) for key, v in some.items()), "f")
        found, without = ratings_so_far(here), ratings_so_far(other)
        assert list(found.by_key) == list(without.by_key)
        assert fingerprint(found) == fingerprint(without)
        assert len(found.events) == len(without.events)
        assert len(found.feedbacks) == len(without.feedbacks) == len(said) - back
        assert found.n_logged == sum(map(len, said)) + back


def test_what_was_opened_goes_with_its_feedback(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    kept = log_ratings(here, [rating("m", "a", 1.0)], "f")
    log_clicks(here, [("m", "a", "S")], kept)
    gone = log_ratings(here, [rating("m", "b", 1.0)], "f")
    log_clicks(here, [("m", "b", "S")], gone)
    take_back(here, RATING_LOG, gone)
    assert list(clicks_so_far(here, ratings_so_far(here))) == [("m", "a")]


def test_the_last_of_all_is_the_one_given_last(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    kinds = {KEEPS: "records", RATING_LOG: "calls"}
    with pytest.raises(NotFoundError, match="no feedback on records or calls to take back"):
        last_kind(here, kinds)
    answer = {"listing_id": "1", "keeper": 1, "listing": {}}
    append_events(here.events, KEEPS, [{**answer, "feedback": "a", "at": "2026-01-02T00:00:00Z"}])
    assert last_kind(here, kinds) == KEEPS
    late = log_ratings(here, [rating("m", "a", 1.0)], "f")  # given earlier, taken in now
    assert last_kind(here, kinds) == RATING_LOG
    take_back(here, RATING_LOG, late)
    assert last_kind(here, kinds) == KEEPS


def test_a_file_says_whose_feedback_is_taken_back(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    file = rating_file(here, range(3))
    assert learner_of_feedback(here, file, undo=True).name == "opportunity"
    sorted_tracks = here.root / "said.csv"
    sorted_tracks.write_text("track_id,correct_bucket\n1,Peak\n")
    both = file.with_name("both.csv")
    both.write_text("listing_id,keeper,user_id,opportunity_id,rating\nL1,1,eva,O1,5\n")
    assert learner_of_feedback(here, both).name == "keeper"
    assert learner_of_feedback(here, sorted_tracks).name == "bucket"
    with pytest.raises(UsageError, match="of a track's buckets the last word counts"):
        learner_of_feedback(here, sorted_tracks, undo=True)


def test_taking_ratings_back_learns_anew_without_them(place: tuple[Workspace, Settings]) -> None:
    here, settings = place
    first = feed(place, rating_file(here, range(40)))
    wrong = feed(place, rating_file(here, range(40, 80), topic="film"))
    back = feed(place, None, undo=True)
    assert (back.ratings, back.taken, len(back.undone)) == (40, [], 8)
    models = opportunity_models(here)
    assert models.current().id == back.version not in (first.version, wrong.version)
    now, before = (models.load(v) for v in (back.version, first.version))
    calls = calls_of(here).assign(user_id="mara")
    assert now.predict_proba(calls).tolist() == before.predict_proba(calls).tolist()
    shown = recommend_calls(here, settings, "mara", talk=NullReporter())
    assert (shown.version, shown.rated) == (back.version, 40)


def test_the_same_file_again_is_taken_in_anew(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    feed(place, rating_file(here, range(10)))
    again = feed(place, rating_file(here, range(10)), undo=True)
    assert (len(again.taken), again.known, again.ratings) == (10, 0, 10)
    assert len(ratings_so_far(here).feedbacks) == 1


def test_how_calls_stood_is_found_anew(
    place: tuple[Workspace, Settings],
) -> None:
    here, _ = place
    early = days_from_now(-9)
    feed(place, rating_file(here, range(20), rated_at=days_from_now(-2)))
    feed(place, rating_file(here, range(20), user="ben", rated_at=early))
    feed(place, rating_file(here, range(20), topic="film", user="ben", rated_at=early), undo=True)
    kept = learnable(here, ratings_so_far(here)).rated[list(COLUMNS)]
    feature_store(here).forget_standing()
    assert kept.equals(learnable(here, ratings_so_far(here)).rated[list(COLUMNS)])


def test_with_no_rating_left_no_model_speaks(place: tuple[Workspace, Settings]) -> None:
    here, settings = place
    feed(place, rating_file(here, range(12)))
    emptied = feed(place, None, undo=True)
    assert (emptied.ratings, emptied.version) == (0, "")
    shown = recommend_calls(here, settings, "mara", talk=NullReporter())
    assert shown.version == ""
    assert "Nothing is rated yet" in shown.note
    with pytest.raises(NotFoundError, match="no ratings to take back"):
        feed(place, None, undo=True)
    learned = feed(place, rating_file(here, range(12)))
    version = current_version(here)
    assert version is not None
    assert version.id == learned.version


def test_a_dry_run_takes_nothing_back(place: tuple[Workspace, Settings]) -> None:
    here, settings = place
    feed(place, rating_file(here, range(12)))
    before = ratings_so_far(here)
    report = opportunity_feedback(
        here, settings, None, talk=NullReporter(), undo=True, dry_run=True
    )
    assert (report.ratings, report.version) == (0, "")
    assert ratings_so_far(here) == before
