from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import BusyError, InputError, NotFoundError
from djlib.settings import Settings, Workspace
from djlib.tables.events import read_events
from djlib.tables.locks import workspace_lock
from djlib.workflows.buckets.corrections import Correction, log_corrections
from djlib.workflows.buckets.review import ReviewReport, review_predictions
from djlib.workflows.buckets.review_session import (
    REVIEWS,
    Action,
    Proposal,
    Session,
    Step,
    event_of,
    most_useful_first,
    replay,
    written_event,
)
from djlib.workflows.core.progress import NullReporter
from tests.cli.running import PREDICTIONS, Row, edit, rows, write_rows

FILE = "data/bucket_predictions.csv"
Keys = Callable[[Session], None]


def proposed(number: int, **changes: Any) -> Row:
    """A row of a predictions file."""
    row = {
        "track_id": f"t{number}",
        "artist": f"Artist {number}",
        "title": f"Song number {number}",
        "predicted_bucket": "Peak",
        "confidence": f"{0.9 - number / 20:.2f}",
        "second_bucket": "Warm up",
        "second_probability": f"{number / 25:.2f}",
        "third_bucket": "Late",
        "third_probability": "0.01",
        "status": "ok" if number < 3 else "unsure",
        "reason": "tempo 124 speaks for it",
        "model_version": "v1",
        "predicted_at": "2026-01-01T00:00:00Z",
        "correct_bucket": "",
    }
    return row | changes


def begun(n: int = 6, *, is_multi: bool = False) -> tuple[Session, list[dict[str, Any]]]:
    """A session over n tracks and the events it has recorded."""
    events: list[dict[str, Any]] = []

    def record(step: Step, action: Action) -> None:
        events.append(event_of(FILE, step, action))

    tracks = [Proposal.of(proposed(i)) for i in range(n)]
    return Session(tracks, {}, [], set(), ["Peak", "Warm up", "Late"], is_multi, record), events


def press(session: Session, key: str) -> None:
    """Do one thing a person may do, if it means something now."""
    if key == "undo":
        session.undo()
    elif session.current is None:
        return
    elif key == "skip":
        session.skip()
    elif key == "accept":
        session.accept()
    else:
        session.answer([key])


presses = st.lists(st.sampled_from(["accept", "Warm up", "New one", "skip", "undo"]), max_size=20)


@settings(deadline=None, max_examples=60)
@given(presses)
def test_a_kill_after_any_key_loses_nothing(keys: list[str]) -> None:
    session, events = begun()
    for key in keys:
        press(session, key)
        again = replay(events, session.tracks, {})
        assert again.said == session.said
        assert list(again.steps.values()) == [s for s in session.steps if s.buckets]


@settings(deadline=None, max_examples=60)
@given(presses)
def test_undoing_everything_gives_the_start(keys: list[str]) -> None:
    session, events = begun()
    first = session.current
    for key in keys:
        press(session, key)
    while session.undo():
        pass
    assert (session.said, session.current, session.n_corrected) == ({}, first, 0)
    assert replay(events, session.tracks, {}).said == {}
    asked = []
    while session.current:
        asked.append(session.current)
        session.accept()
    assert asked == most_useful_first(session.tracks)


@settings(deadline=None, max_examples=60)
@given(presses, presses)
def test_a_review_goes_on_where_it_was_killed(before: list[str], after: list[str]) -> None:
    session, events = begun()
    for key in before:
        press(session, key)
    found = replay(events, session.tracks, {})
    resumed = Session(
        session.tracks, found.said, list(found.steps.values()), found.skipped, [], False,
        lambda step, action: events.append(event_of(FILE, step, action)),
    )  # fmt: skip
    for key in after:
        press(resumed, key)
    assert replay(events, session.tracks, {}).said == resumed.said
    while resumed.undo():
        pass
    assert resumed.said == {}


def test_the_least_sure_come_first() -> None:
    session, _ = begun()
    assert [t.track_id for t in most_useful_first(session.tracks)] == [
        "t5", "t4", "t3",  # unsure, by how close the second choice is
        "t2", "t1", "t0",  # sure, by confidence
    ]  # fmt: skip


def test_the_digits_are_the_choices_then_the_commonest_buckets() -> None:
    session, _ = begun()
    session.buckets += [f"Bucket {n}" for n in range(9)]
    named = [bucket for bucket, _ in session.numbered()]
    assert named == ["Peak", "Warm up", "Late", *(f"Bucket {n}" for n in range(6))]


def test_several_buckets_are_answered_only_where_a_track_may_have_them() -> None:
    one, _ = begun()
    with pytest.raises(ValueError, match="one bucket"):
        one.answer(["Peak", "Late"])
    several, _ = begun(is_multi=True)
    with pytest.raises(ValueError, match="buckets"):
        several.answer([])
    several.answer(["Peak", "Late", "Peak"])
    assert several.said == {"t5": ("Peak", "Late")}


@pytest.mark.parametrize(
    ("typed", "bucket"),
    [("warm UP", "Warm up"), (" New one ", "New one"), ("a|b", None), ("", None), ("#REF!", None)],
)
def test_a_typed_name_is_a_bucket_in_use_or_a_new_one(typed: str, bucket: str | None) -> None:
    session, _ = begun()
    found, why = session.named(typed)
    assert found == bucket
    assert bool(why) is (bucket is None)


def test_a_step_that_cannot_be_recorded_does_not_count() -> None:
    session, _ = begun()

    def full(step: Step, action: Action) -> None:
        raise OSError("no space left")

    session.record = full
    first = session.current
    with pytest.raises(OSError):
        session.accept()
    assert (session.current, session.said, session.steps) == (first, {}, [])


@pytest.fixture
def here(fresh: Path) -> Workspace:
    """A workspace with a predictions file of six rows."""
    PREDICTIONS.parent.mkdir()
    write_rows(PREDICTIONS, [proposed(n) for n in range(6)])
    return Workspace(fresh)


def asked(workspace: Workspace, *keys: str, write: bool = True) -> ReviewReport:
    """Review with these keys."""

    def ask(session: Session) -> None:
        for key in keys:
            press(session, key)

    return review_predictions(workspace, Settings(), ask=ask, write=write, talk=NullReporter())


def look(workspace: Workspace) -> ReviewReport:
    return review_predictions(workspace, Settings(), ask=None, write=False, talk=NullReporter())


def cells() -> dict[str, str]:
    return {row["track_id"]: row["correct_bucket"] for row in rows()}


def test_answers_are_written_into_the_file_on_leaving(here: Workspace) -> None:
    before = rows()
    report = asked(here, "accept", "Warm up", "skip", "accept", "undo")
    assert cells() == {
        "t5": "Peak", "t4": "Warm up", "t3": "", "t2": "", "t1": "", "t0": "",
    }  # fmt: skip
    untouched = [
        c for c in before[0] if "prob" not in c and c not in ("confidence", "correct_bucket")
    ]
    assert [[row[c] for c in untouched] for row in rows()] == [
        [row[c] for c in untouched] for row in before
    ]
    assert (report.answered, report.corrected, report.skipped, report.left) == (2, 1, 1, 4)
    assert report.next is not None
    assert report.next["track_id"] == "t2"


def test_only_looking_writes_nothing(here: Workspace) -> None:
    before = PREDICTIONS.read_bytes()
    asked(here, "accept", write=False)
    report = look(here)
    assert (report.answered, report.waiting, report.written) == (1, 1, None)
    assert PREDICTIONS.read_bytes() == before


def test_what_was_killed_is_written_the_next_time(here: Workspace) -> None:
    asked(here, "accept", "Warm up", write=False)
    report = review_predictions(here, Settings(), ask=None, write=True, talk=NullReporter())
    assert (report.answered, report.waiting) == (2, 0)
    assert cells()["t4"] == "Warm up"


def test_an_answer_that_was_written_can_be_taken_back(here: Workspace) -> None:
    asked(here, "accept", "Warm up")
    report = asked(here, "undo")
    assert (cells()["t5"], cells()["t4"], report.answered) == ("Peak", "", 1)


def test_what_a_person_wrote_in_a_spreadsheet_since_has_the_last_word(here: Workspace) -> None:
    asked(here, "accept", "Warm up")

    def change(number: int, row: Row) -> None:
        row["correct_bucket"] = {"t5": "", "t4": "Late", "t0": "Peak"}.get(row["track_id"], "")

    edit(change)
    assert look(here).answered == 2
    asked(here, "skip")
    assert {t: c for t, c in cells().items() if c} == {"t4": "Late", "t0": "Peak"}


def test_answers_stay_with_their_tracks_when_the_file_is_made_again(here: Workspace) -> None:
    asked(here, "accept", "Warm up", "Late")
    later = "2026-02-02T00:00:00Z"
    other = {"artist": "Nobody", "title": "Something quite different"}
    again = [proposed(n, predicted_bucket="Late", predicted_at=later) for n in range(5)]
    again[3] |= other
    write_rows(PREDICTIONS, again)
    report = asked(here)
    assert {t: c for t, c in cells().items() if c} == {"t4": "Warm up"}
    assert (report.answered, report.elsewhere) == (1, 2)


def test_tracks_that_were_learned_are_not_asked_again(here: Workspace) -> None:
    row = {"track_id": "t5", "artist": "Artist 5", "title": "Song number 5"}
    log_corrections(here, [Correction("t5", ("Late",))], {"t5": row}, "elsewhere.csv")
    report = look(here)
    assert (report.tracks, report.learned) == (5, 1)
    assert report.next is not None
    assert report.next["track_id"] == "t4"


def test_answers_given_while_another_session_writes_are_not_lost() -> None:
    tracks = [Proposal.of(proposed(n)) for n in range(2)]
    seen, late = (event_of(FILE, Step(track, ("Late",)), "answer") for track in tracks)
    found = replay([seen, late, written_event(FILE, 1)], tracks, {"t0": ("Late",)})
    assert found.said == {"t0": ("Late",), "t1": ("Late",)}


def test_a_file_for_excel_stays_one(here: Workspace) -> None:
    row = proposed(0, title="'=1+1", artist="Björk")
    text = ",".join(row) + "\r\n" + ",".join(row.values()) + "\r\n"
    PREDICTIONS.write_bytes(b"\xef\xbb\xbf" + text.encode())
    asked(here, "accept")
    assert PREDICTIONS.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (rows()[0]["title"], rows()[0]["correct_bucket"]) == ("'=1+1", "Peak")


def test_a_file_that_is_partly_unreadable_is_copied_first(here: Workspace) -> None:
    write_rows(PREDICTIONS, [proposed(0), proposed(1, track_id=""), proposed(2, confidence="?")])
    before = PREDICTIONS.read_bytes()
    report = asked(here, "accept")
    assert report.kept is not None
    assert Path(report.kept).read_bytes() == before


def test_several_proposed_buckets_are_one_answer(here: Workspace) -> None:
    write_rows(PREDICTIONS, [proposed(0, predicted_bucket="Peak|Warm up")])
    asked(here, "accept")
    assert cells() == {"t0": "Peak|Warm up"}


def test_without_predictions_it_says_what_to_run(here: Workspace) -> None:
    with pytest.raises(NotFoundError, match="djlib assign-buckets"):
        review_predictions(
            here, Settings(), Path("none.csv"), ask=None, write=False, talk=NullReporter()
        )


def test_a_damaged_log_is_named(here: Workspace) -> None:
    asked(here, "accept", write=False)
    log = here.events / f"{REVIEWS}.jsonl"
    log.write_text(log.read_text().replace('"track_id"', '"track"'))
    with pytest.raises(InputError, match=r"reviews\.jsonl: a line about .* lacks 'track_id'"):
        look(here)
    assert read_events(here.events, REVIEWS)


def test_while_another_run_holds_the_workspace_answers_are_kept(here: Workspace) -> None:
    def ask(session: Session) -> None:
        session.accept()

    quick = Settings(lock_wait_s=0)
    with (
        workspace_lock(here.root, "train", 0),
        pytest.raises(BusyError, match="answers are kept: 'djlib review --done'"),
    ):
        review_predictions(here, quick, ask=ask, write=True, talk=NullReporter())
    assert look(here).waiting == 1
