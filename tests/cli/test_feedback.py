"""The loop: propose, correct in a spreadsheet, feed back, see what it did."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import djlib.workflows.buckets.before_after as before_after
from djlib.errors import InputError
from djlib.evaluation.significance import Comparison
from djlib.settings import Workspace
from djlib.workflows.buckets.models import bucket_models
from tests.cli.running import (
    PREDICTIONS,
    Row,
    as_json,
    djlib,
    done,
    edit,
    refused,
    rows,
    write_rows,
)

pytestmark = pytest.mark.slow

LOG = Path("data/events/corrections.jsonl")


@pytest.fixture
def proposed(learned: Path) -> list[Row]:
    """The rows of a predictions file nobody has corrected yet."""
    done("assign-buckets")
    return rows()


def second_choice(*numbers: int) -> Callable[[int, Row], None]:
    """Correct these rows to their second choice."""

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["second_bucket"] if number in numbers else ""

    return correct


def damaged(table: list[Row], *, encoding: str = "cp1252", delimiter: str = ";") -> bytes:
    """A table as Excel saves it: other delimiter, encoding and line ends, empty cells around."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([*table[0], "", ""])
    writer.writerows([*row.values(), "", ""] for row in table)
    writer.writerows([[""] * (len(table[0]) + 2)] * 3)
    return text.getvalue().encode(encoding, "replace")


def logged() -> list[dict[str, Any]]:
    return [json.loads(line) for line in LOG.read_text().splitlines()]


def in_use() -> str:
    (version,) = [v["id"] for v in as_json("models", "list") if v["current"]]
    return str(version)


def test_corrections_are_taken_logged_and_learned_from(proposed: list[Row]) -> None:
    before = in_use()
    edit(second_choice(0, 1, 2))
    report = as_json("feedback", PREDICTIONS)

    taken = {t["track_id"]: t["buckets"] for t in report["taken"]}
    assert taken == {r["track_id"]: [r["second_bucket"]] for r in proposed[:3]}
    assert (report["unanswered"], report["refused"], report["confirmed"]) == (
        len(proposed) - 3,
        0,
        0,
    )
    assert report["training"]["corrections"] == 3
    assert report["training"]["parent"] == before
    assert in_use() == report["training"]["version"]
    model = bucket_models(Workspace(Path.cwd())).load()
    learned = dict(zip(model.labelled_["track_id"], model.labelled_["buckets"], strict=True))
    assert {t: [learned[t]] for t in taken} == taken
    assert [e["predicted_bucket"] for e in logged()] == [
        r["predicted_bucket"] for r in proposed[:3]
    ]
    assert {e["model_version"] for e in logged()} == {before}
    assert all(e["track"]["bpm"] is not None or e["track"]["genres"] for e in logged())


def test_a_person_sees_what_was_taken_and_before_and_after(proposed: list[Row]) -> None:
    edit(second_choice(0, 1))
    said = done("feedback", PREDICTIONS).stdout

    assert "2 corrections taken" in said
    assert f"{proposed[0]['artist']} - {proposed[0]['title']}"[:40] in said
    assert "0 of them agree with the prediction; 0 were known already" in said
    assert "tracks kept aside:" in said
    assert "95 % interval" in said
    assert "exact McNemar p" in said
    assert f"Version {in_use()} is served from now on." in said
    assert "djlib models rollback" in said


def test_before_and_after_are_measured_on_the_same_frozen_rows(proposed: list[Row]) -> None:
    edit(second_choice(0, 1))
    first = as_json("feedback", PREDICTIONS)["training"]
    edit(second_choice(3, 4))
    second = as_json("feedback", PREDICTIONS)["training"]

    assert first["comparison"]["n"] == second["comparison"]["n"] == first["kept_aside"]
    assert second["comparison"]["before"] == first["comparison"]["after"]


def test_agreeing_counts_as_confirmed(proposed: list[Row]) -> None:
    def agree(number: int, row: Row) -> None:
        row["correct_bucket"] = row["predicted_bucket"] if number < 2 else ""

    edit(agree)
    assert as_json("feedback", PREDICTIONS)["confirmed"] == 2


def test_feeding_the_same_file_twice_learns_nothing_new(proposed: list[Row]) -> None:
    edit(second_choice(0, 1))
    done("feedback", PREDICTIONS)
    before, was_logged = in_use(), LOG.read_bytes()
    report = as_json("feedback", PREDICTIONS)
    said = done("feedback", PREDICTIONS).stdout

    assert (report["taken"], report["known"], report["training"]) == ([], 2, None)
    assert "Nothing new to learn: the model stays as it is." in said
    assert "track  was  is" not in said
    assert in_use() == before
    assert LOG.read_bytes() == was_logged


def test_the_last_word_on_a_track_wins(proposed: list[Row]) -> None:
    track = proposed[0]["track_id"]
    edit(second_choice(0))
    done("feedback", PREDICTIONS)
    third = [{"track_id": track, "correct_bucket": proposed[0]["third_bucket"]}]
    report = as_json("feedback", write_rows(Path("again.csv"), third))

    assert report["taken"][0]["buckets"] == [proposed[0]["third_bucket"]]
    assert report["training"]["corrections"] == 1


def test_a_file_that_a_spreadsheet_damaged_is_read_all_the_same(proposed: list[Row]) -> None:
    edit(second_choice(0, 1, 5))
    table = rows()
    table[1]["artist"] = "Mó & Ünal"
    PREDICTIONS.write_bytes(damaged(table))
    report = as_json("feedback", PREDICTIONS)

    assert [t["track_id"] for t in report["taken"]] == [table[n]["track_id"] for n in (0, 1, 5)]
    assert report["refused"] == 0
    assert any("Windows-1252" in p["reason"] for p in report["problems"])


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ";"), ("utf-8-sig", ","), ("utf-16", "\t")]
)
def test_whatever_a_spreadsheet_saves_as_comes_back(
    proposed: list[Row], encoding: str, delimiter: str
) -> None:
    edit(second_choice(0, 1))
    PREDICTIONS.write_bytes(damaged(rows(), encoding=encoding, delimiter=delimiter))

    assert len(as_json("feedback", PREDICTIONS, "--dry-run")["taken"]) == 2


def test_ids_that_lost_their_zeros_are_found_again(learned: Path) -> None:
    table = [r for r in rows(Path("library.csv")) if not r["bucket"]][:6]
    for number, row in enumerate(table):
        row["track_id"] = f"00{number + 1}"
    done("assign-buckets", write_rows(Path("mine.csv"), table))

    def damage(number: int, row: Row) -> None:
        row["track_id"] = row["track_id"].lstrip("0")
        row["correct_bucket"] = row["second_bucket"] if number < 2 else ""

    edit(damage)
    report = as_json("feedback", PREDICTIONS)

    assert [t["track_id"] for t in report["taken"]] == ["001", "002"]
    assert "a spreadsheet changed the id '001'" in report["problems"][0]["reason"]


def test_what_is_refused_is_said_with_its_line_and_reason(proposed: list[Row]) -> None:
    bucket = proposed[0]["second_bucket"]
    wrong = [
        (proposed[0]["track_id"], "01-May", "turned this bucket's name into a date"),
        (proposed[1]["track_id"], "#NAME?", "a spreadsheet's error, not a bucket"),
        (proposed[2]["track_id"], bucket + "x", f"no such bucket; did you mean {bucket!r}?"),
        ("t999999", bucket, "no such track"),
        (proposed[3]["track_id"], f"{bucket}|Peak time", "several buckets, but this model"),
    ]
    table = [{"track_id": t, "correct_bucket": b} for t, b, _ in wrong]
    table.append({"track_id": proposed[4]["track_id"], "correct_bucket": f" {bucket.upper()} "})
    report = as_json("feedback", write_rows(Path("wrong.csv"), table))

    assert [t["buckets"] for t in report["taken"]] == [[bucket]]
    assert report["refused"] == len(wrong)
    refusals = [p for p in report["problems"] if p["outcome"] == "row left out"]
    assert [p["line"] for p in refusals] == [2, 3, 4, 5, 6]
    for problem, (_, _, reason) in zip(refusals, wrong, strict=True):
        assert reason in problem["reason"]


def test_a_person_sees_lines_and_reasons(proposed: list[Row]) -> None:
    table = [{"track_id": proposed[0]["track_id"], "correct_bucket": "Nowhere"}]
    said = done("feedback", write_rows(Path("wrong.csv"), table)).stdout

    assert "0 corrections taken" in said
    assert "1 row refused." in said
    assert "line 2, correct_bucket 'Nowhere': no such bucket" in said
    assert "--new-bucket makes it one" in said
    assert "Nothing new to learn" in said


def test_a_new_bucket_is_made_where_it_is_asked_for(proposed: list[Row]) -> None:
    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = "Sunrise" if number < 3 else ""

    edit(correct)
    assert as_json("feedback", PREDICTIONS)["refused"] == 3
    report = as_json("feedback", PREDICTIONS, "--new-bucket")
    assert report["training"]["buckets"]["Sunrise"] == 3
    edit(second_choice())
    more = [{"track_id": proposed[5]["track_id"], "correct_bucket": "sunrise"}]
    later = as_json("feedback", write_rows(Path("more.csv"), more))
    assert later["taken"][0]["buckets"] == ["Sunrise"]


def test_a_dry_run_says_what_would_be_taken_and_changes_nothing(proposed: list[Row]) -> None:
    edit(second_choice(0))
    before = in_use()
    report = as_json("feedback", PREDICTIONS, "--dry-run")

    assert len(report["taken"]) == 1
    assert report["training"] is None
    assert in_use() == before
    assert not LOG.exists()


def worse(*arguments: Any, **options: Any) -> Comparison:
    return Comparison(40, 0.8, 0.5, -0.3, -0.4, -0.2, 0, 12, 0.001)


def test_a_worse_model_is_kept_but_not_served(
    proposed: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = in_use()
    edit(second_choice(0))
    monkeypatch.setattr(before_after, "compare_paired", worse)
    said = done("feedback", PREDICTIONS).stdout

    assert "worse than before" in said
    assert f"but {before} stays in use" in said
    assert in_use() == before
    assert len(as_json("models", "list")) == 2
    assert len(logged()) == 1


def test_a_worse_model_is_served_where_it_is_asked_for(
    proposed: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(second_choice(0))
    monkeypatch.setattr(before_after, "compare_paired", worse)
    report = as_json("feedback", PREDICTIONS, "--promote")

    assert in_use() == report["training"]["version"]


def test_a_model_can_be_kept_from_being_served(proposed: list[Row]) -> None:
    before = in_use()
    edit(second_choice(0))
    done("feedback", PREDICTIONS, "--no-promote")

    assert in_use() == before


def test_a_library_of_wrong_corrections_makes_a_worse_model_that_is_not_served(
    fresh: Path,
) -> None:
    """No trick: the comparison itself must notice."""
    table: list[Row] = []
    for number in range(160):
        kind = number % 2
        table.append(
            {
                "track_id": f"s{number}",
                "artist": f"Artist {number}",
                "title": f"Song {number}",
                "bpm": str(120 + 50 * kind),
                "bucket": ("Warm", "Late")[kind],
            }
        )
    write_rows(Path("library.csv"), table)
    done("scan", "library.csv")
    first = as_json("train")["version"]
    done("assign-buckets", "--rows", "all")

    def swap(number: int, row: Row) -> None:
        row["correct_bucket"] = {"Warm": "Late", "Late": "Warm"}[row["predicted_bucket"]]

    model = bucket_models(Workspace(fresh)).load()
    seen = set(model.labelled_["track_id"])
    edit(lambda n, row: swap(n, row) if row["track_id"] in seen else None)
    report = as_json("feedback", PREDICTIONS)

    assert report["training"]["comparison"]["verdict"] == "worse"
    assert report["training"]["promoted"] is False
    assert in_use() == first


def test_corrections_survive_a_failed_training_and_are_learned_the_next_time(
    proposed: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(second_choice(0, 1))

    def fail(*arguments: Any, **options: Any) -> None:
        raise InputError("no luck")

    with monkeypatch.context() as failing:
        failing.setattr("djlib.workflows.buckets.feedback.learn", fail)
        line = refused("feedback", PREDICTIONS)
    assert "no luck; your corrections are kept: 'djlib train' learns from them" in line
    assert len(logged()) == 2

    assert as_json("train")["corrections"] == 2


def test_feeding_again_after_a_training_that_was_cut_off_trains(
    proposed: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(second_choice(0, 1))

    def die(*arguments: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as failing:
        failing.setattr("djlib.workflows.buckets.feedback.learn", die)
        assert djlib("feedback", PREDICTIONS).exit_code == 130
    report = as_json("feedback", PREDICTIONS)

    assert (report["taken"], report["known"]) == ([], 2)
    assert report["training"]["corrections"] == 2
    assert as_json("feedback", PREDICTIONS)["training"] is None


def test_every_training_replays_the_log(proposed: list[Row]) -> None:
    edit(second_choice(0))
    done("feedback", PREDICTIONS)
    done("scan", "library.csv")

    report = as_json("train")
    assert report["corrections"] == 1
    model = bucket_models(Workspace(Path.cwd())).load()
    learned = dict(zip(model.labelled_["track_id"], model.labelled_["buckets"], strict=True))
    assert learned[proposed[0]["track_id"]] == proposed[0]["second_bucket"]


def test_corrected_tracks_stay_learned_when_they_leave_the_library(proposed: list[Row]) -> None:
    edit(second_choice(0))
    done("feedback", PREDICTIONS)
    gone = proposed[0]["track_id"]
    left = [r for r in rows(Path("library.csv")) if r["track_id"] != gone]
    done("scan", write_rows(Path("left.csv"), left))

    assert as_json("train")["corrections"] == 1


def test_tracks_of_another_file_are_known_once_they_were_answered_for(learned: Path) -> None:
    done("synth", "tracks", "--rows", "20", "--buckets", "4", "--seed", "9", "-o", "new.csv")
    table = rows(Path("new.csv"))
    for row in table:
        row["track_id"] = "n" + row["track_id"]
    done("assign-buckets", write_rows(Path("new.csv"), table))
    edit(second_choice(0, 1))
    Path("new.csv").rename("moved.csv")
    assert "no such track" in str(as_json("feedback", PREDICTIONS)["problems"])
    Path("moved.csv").rename("new.csv")

    report = as_json("feedback", PREDICTIONS)
    assert [t["track_id"] for t in report["taken"]] == [table[0]["track_id"], table[1]["track_id"]]


def numbered(table: list[Row]) -> list[Row]:
    return [{**row, "track_id": str(number)} for number, row in enumerate(table)]


def test_a_table_that_numbers_other_songs_alike_does_not_poison_the_library(fresh: Path) -> None:
    done("synth", "tracks", "-n", "80", "--buckets", "2", "--seed", "1", "-o", "one.csv")
    done("synth", "tracks", "-n", "20", "--buckets", "2", "--seed", "2", "-o", "two.csv")
    library = numbered(rows(Path("one.csv")))
    done("scan", write_rows(Path("one.csv"), library))
    done("train")
    done("assign-buckets", write_rows(Path("two.csv"), numbered(rows(Path("two.csv")))))
    edit(second_choice(0, 1, 2))
    report = as_json("feedback", PREDICTIONS)

    assert report["taken"] == []
    assert report["refused"] == 3
    assert "two songs have this id" in report["problems"][0]["reason"]
    assert library[0]["title"] in report["problems"][0]["reason"]
    left_out = as_json("export", "--to", "m3u8", "--include-unsure")["problems"]
    assert sum("two songs have this id" in p["reason"] for p in left_out) >= 18


def test_corrections_of_a_library_do_not_count_for_another_with_the_same_ids(fresh: Path) -> None:
    done("synth", "tracks", "-n", "80", "--buckets", "2", "--seed", "1", "-o", "one.csv")
    done("synth", "tracks", "-n", "80", "--buckets", "2", "--seed", "2", "-o", "two.csv")
    one, two = numbered(rows(Path("one.csv"))), numbered(rows(Path("two.csv")))
    done("scan", write_rows(Path("one.csv"), one))
    done("assign-buckets", "--rows", "all")
    edit(second_choice(0, 1))
    done("feedback", PREDICTIONS)
    done("scan", write_rows(Path("two.csv"), two))
    report = as_json("train")

    model = bucket_models(Workspace(fresh)).load()
    learned = dict(zip(model.labelled_["track_id"], model.labelled_["buckets"], strict=True))
    assert report["corrections"] == 2
    assert learned["0 (corrected before)"] == rows()[0]["second_bucket"]
    assert learned.get("0", two[0]["bucket"]) == two[0]["bucket"]
    assert as_json("assign-buckets", "--rows", "unsorted")["rows"] == 0


def test_feedback_in_several_buckets_where_tracks_sit_in_several(fresh: Path) -> None:
    done("synth", "tracks", "--rows", "120", "--buckets", "3", "--output", "library.csv")
    table = rows(Path("library.csv"))
    names = sorted({row["bucket"] for row in table})
    for number, row in enumerate(table):
        second = [names[0]] if number % 3 == 0 else []
        row["buckets"] = "|".join(dict.fromkeys([row["bucket"], *second]))
    for row in table[-10:]:
        row["bucket"] = row["buckets"] = ""
    done("scan", write_rows(Path("library.csv"), table))
    done("train")
    done("assign-buckets")

    def both(number: int, row: Row) -> None:
        row["correct_bucket"] = f"{names[2]}| {names[1]}" if number == 0 else ""

    edit(both)
    assert as_json("feedback", PREDICTIONS)["taken"][0]["buckets"] == [names[2], names[1]]


def test_a_file_without_the_columns_is_refused_with_what_it_needs(learned: Path) -> None:
    line = refused("feedback", "library.csv")

    assert "no column 'correct_bucket'" in line
    assert "found 'track_id', 'artist'" in line


@pytest.mark.parametrize(("name", "said"), [("nowhere.csv", "does not exist"), ("data", "folder")])
def test_what_is_no_file_is_refused(learned: Path, name: str, said: str) -> None:
    result = djlib("feedback", name)

    assert result.exit_code in (1, 2)
    assert said in result.stderr


@pytest.mark.parametrize("name", ["edited.xlsx", "edited.ods"])
def test_a_sheet_that_was_not_saved_as_csv_is_met_with_what_to_do(learned: Path, name: str) -> None:
    Path(name).write_bytes(b"PK\x03\x04")

    assert "save it as CSV" in refused("feedback", name, code=2)


def test_feedback_before_any_model_says_what_to_do(fresh: Path) -> None:
    table = [{"track_id": "1", "correct_bucket": "House"}]

    assert "'djlib train'" in refused("feedback", write_rows(Path("said.csv"), table)).replace(
        "`", "'"
    )
