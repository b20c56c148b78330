"""What people did with predictions: counted once, by version, the last word on a track."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from djlib.bucketing.corrections import Correction
from djlib.settings import Workspace
from djlib.tables.events import append_events
from djlib.tables.io import read_table, write_table
from djlib.workflows.buckets.acceptance import (
    Look,
    acceptance,
    log_left,
    log_opinion,
    looks,
    opinions,
)
from djlib.workflows.buckets.corrections import log_corrections
from tests.workflows.feeding import corrected, feed, second_choice


def shown(*ids: str, version: str = "v1", bucket: str = "Peak") -> pd.DataFrame:
    return pd.DataFrame({"track_id": ids, "predicted_bucket": bucket, "model_version": version})


def say(here: Workspace, track_id: str, bucket: str, was: str = "", version: str = "") -> None:
    said = Correction(track_id, (bucket,), was, version)
    log_corrections(here, [said], {track_id: {"track_id": track_id}}, "f")


def answers(here: Workspace) -> dict[tuple[str, str], str]:
    return {(look.model_version, look.track_id): look.answer for look in looks(here)}


def test_rows_left_empty_count_once_however_often_they_come(tmp_path: Path) -> None:
    here = Workspace(tmp_path)

    assert log_left(here, shown("1", "2"), "f") == 2
    assert log_left(here, shown("1", "2", "3"), "f") == 1
    assert log_left(here, shown("1", version="v2"), "f") == 1
    assert log_left(here, shown("1"), "f") == 0
    assert answers(here) == dict.fromkeys(
        [("v1", "1"), ("v1", "2"), ("v1", "3"), ("v2", "1")], "left"
    )
    assert len((here.events / "looked.jsonl").read_text().splitlines()) == 3


def test_rows_that_do_not_say_who_proposed_what_are_no_answers(tmp_path: Path) -> None:
    here = Workspace(tmp_path)

    assert log_left(here, pd.DataFrame({"track_id": ["1"]}), "f") == 0
    assert log_left(here, shown("1", version=""), "f") == 0
    assert log_left(here, shown("1", bucket=""), "f") == 0
    assert looks(here) == []


def test_the_last_word_on_a_track_counts(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    log_left(here, shown("1", "2", "3", "4"), "f")
    say(here, "1", "Late", was="Peak", version="v1")
    say(here, "2", "Late", was="Peak", version="v1")
    say(here, "2", "Peak", was="Peak", version="v1")
    say(here, "3", "Late")  # a plain list: of what was proposed last
    say(here, "9", "Late")  # proposed by nobody

    assert answers(here) == {
        ("v1", "1"): "corrected",
        ("v1", "2"): "confirmed",
        ("v1", "3"): "corrected",
        ("v1", "4"): "left",
    }
    counted = acceptance(looks(here))
    assert (counted.shown, counted.accepted, counted.corrected) == (4, 2, 2)
    assert Look("v1", "3", "Peak", "corrected") in looks(here)


def test_opinions_come_back_in_order(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    log_opinion(here, "v1", 2, "too much Peak")
    log_opinion(here, "v2", 4, "")

    assert [(o.model_version, o.score, o.note) for o in opinions(here)] == [
        ("v1", 2, "too much Peak"),
        ("v2", 4, ""),
    ]


def test_feedback_notes_what_was_let_stand_and_says_so(proposed: Workspace) -> None:
    here, table = proposed, read_table(proposed.predictions)
    n, version = len(table), str(table["model_version"].iloc[0])
    first = feed(here, corrected(here, second_choice(0, 1)), all_seen=True)
    again = feed(here, corrected(here, second_choice(0, 1)), all_seen=True)
    more = feed(here, corrected(here, second_choice(0, 1, 2)), all_seen=True)

    for report, wrong in ((first, 2), (again, 2), (more, 3)):
        assert report.looked is not None
        assert (report.looked.shown, report.looked.corrected) == (n, wrong)
        assert report.looked.accepted == n - wrong
    assert {look.model_version for look in looks(here)} == {version}


def test_refused_rows_and_dry_runs_are_no_answers(proposed: Workspace) -> None:
    here, n = proposed, len(read_table(proposed.predictions))
    file = corrected(here, lambda number, _: "Nowhere" if number < 3 else "")

    assert feed(here, file, dry_run=True).looked is None
    assert looks(here) == []
    looked = feed(here, file, all_seen=True).looked
    assert looked is not None
    assert looked.shown == n - 3


def test_only_rows_above_the_last_answer_count_as_seen(proposed: Workspace) -> None:
    here = proposed
    assert feed(here, here.predictions).looked is None  # an untouched file says nothing
    looked = feed(here, corrected(here, second_choice(5))).looked
    assert looked is not None
    assert (looked.shown, looked.left, looked.corrected) == (6, 5, 1)


def test_an_answer_in_the_wrong_column_is_asked_about_and_never_consent(
    proposed: Workspace,
) -> None:
    here = proposed
    table = read_table(here.predictions, schema="predictions").astype("str")
    before = table.loc[0, "predicted_bucket"]
    other = next(b for b in table["predicted_bucket"] if b != before)
    table.loc[0, "predicted_bucket"] = other
    table["correct_bucket"] = ""
    write_table(table, here.predictions)
    report = feed(here, here.predictions, all_seen=True)
    assert [(p.column, p.value) for p in report.refused] == [("predicted_bucket", other)]
    assert "write yours into 'correct_bucket'" in str(report.refused[0])
    assert report.looked is not None
    assert report.looked.shown == len(table) - 1
    assert table.loc[0, "track_id"] not in {look.track_id for look in looks(here)}


def test_refused_rows_come_back_as_a_file_to_mend(proposed: Workspace) -> None:
    here = proposed
    choose = second_choice(0)
    file = corrected(here, lambda n, row: "Nowhere" if n in (1, 2) else choose(n, row))
    report = feed(here, file)
    assert report.refused_file is not None
    handed = Path(report.refused_file)
    table = read_table(handed, schema="corrections").astype("str")
    assert table["correct_bucket"].tolist() == ["Nowhere"] * 2
    assert table["why_refused"].str.contains("no such bucket").all()
    mended = table.assign(correct_bucket=table["predicted_bucket"])
    write_table(mended, handed)
    again = feed(here, handed)
    assert len(again.taken) == 2
    assert not again.refused
    feed(here, corrected(here, choose))
    assert not handed.with_name(f"{file.name.partition('.')[0]}.refused.csv").exists()
    assert not list(handed.parent.glob("*.kept-*"))  # what was mended in it was taken


def test_what_somebody_mended_and_did_not_feed_back_is_kept(proposed: Workspace) -> None:
    here = proposed
    file = corrected(here, lambda n, row: "Nowhere" if n == 1 else "")
    handed = Path(feed(here, file).refused_file or "")
    feed(here, file)  # as djlib left it: written anew without a copy
    assert not list(handed.parent.glob("*.kept-*"))
    table = read_table(handed, schema="corrections").astype("str")
    write_table(table.assign(correct_bucket=table["predicted_bucket"]), handed)
    feed(here, file)
    (kept,) = handed.parent.glob("*.kept-*")
    mended = read_table(kept, schema="corrections")
    assert mended["correct_bucket"].tolist() == table["predicted_bucket"].tolist()
    assert read_table(handed, schema="corrections")["correct_bucket"].tolist() == ["Nowhere"]


@pytest.mark.parametrize("reviewed", [True, False])
def test_rows_a_review_never_came_to_were_not_looked_at(
    proposed: Workspace, reviewed: bool
) -> None:
    here, table = proposed, read_table(proposed.predictions)
    file = corrected(here, lambda n, row: row["predicted_bucket"] if n < 4 else "")
    if reviewed:
        event = {"action": "answer", "file": file.name, "predicted_at": table["predicted_at"][0]}
        append_events(here.events, "reviews", [event])
    looked = feed(here, file, all_seen=True).looked

    assert looked is not None
    assert looked.confirmed == 4
    assert looked.left == (0 if reviewed else len(table) - 4)
