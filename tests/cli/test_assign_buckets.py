"""`djlib assign-buckets`: a bucket for every track, in a file that loses nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cli.assign_buckets import script
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.tables.io import read_table
from tests.cli.running import (
    PREDICTIONS,
    Row,
    as_json,
    done,
    edit,
    files,
    refused,
    rows,
    write_rows,
)

ROOT = Path(__file__).parents[2]
LOW = Path("logs/low_confidence.csv")
COLUMNS = [
    "track_id",
    "artist",
    "title",
    "predicted_bucket",
    "confidence",
    "second_bucket",
    "second_probability",
    "third_bucket",
    "third_probability",
    "status",
    "reason",
    "model_version",
    "predicted_at",
    "correct_bucket",
]


def unsorted(library: str = "library.csv") -> list[Row]:
    return [row for row in rows(Path(library)) if not row["bucket"]]


def test_every_unsorted_track_gets_a_row_of_the_documented_format(learned: Path) -> None:
    done("assign-buckets")

    given, asked = rows(), unsorted()
    assert list(given[0]) == COLUMNS
    assert [r["track_id"] for r in given] == [r["track_id"] for r in asked]
    assert [r["title"] for r in given] == [r["title"] for r in asked]
    assert {r["predicted_bucket"] for r in given} <= {
        r["bucket"] for r in rows(Path("library.csv"))
    }
    assert {r["status"] for r in given} == {"ok", "unsure"}
    assert all(r["reason"] for r in given)
    assert all(r["correct_bucket"] == "" for r in given)
    for row in given:
        assert 0 <= float(row["third_probability"]) <= float(row["second_probability"])
        assert float(row["second_probability"]) <= float(row["confidence"]) <= 1
        assert len({row[c] for c in ("predicted_bucket", "second_bucket", "third_bucket")}) == 3
        assert (row["status"] == "ok") == (float(row["confidence"]) >= 0.5)
        assert len(row["confidence"]) <= len("0.1234")


def test_what_is_not_ok_stands_in_the_log_of_low_confidence(learned: Path) -> None:
    done("assign-buckets", "--threshold", "0.6")

    assert rows(LOW) == [r for r in rows() if r["status"] != "ok"]
    assert 0 < len(rows(LOW)) < len(rows())


def test_missing_tempo_and_key_make_unsure_and_nothing_at_all_makes_missing_data(
    learned: Path,
) -> None:
    table = [
        {"track_id": "1", "genres": "", "bpm": "", "key": ""},
        {"track_id": "2", "genres": "House", "bpm": "0.00", "key": ""},
        {"track_id": "3", "genres": "House", "bpm": "124", "key": "nonsense"},
    ]
    done("assign-buckets", write_rows(Path("gaps.csv"), table))

    nothing, no_tempo, some = rows()
    assert nothing["status"] == "missing_data"
    assert nothing["reason"] == "no tempo, key or genre to go by"
    assert no_tempo["status"] == "unsure"
    assert "tempo and key missing" in no_tempo["reason"]
    assert some["status"] in ("ok", "unsure")
    assert [r["track_id"] for r in rows(LOW)][:2] == ["1", "2"]


def test_one_row_on_which_the_model_fails_stops_nothing(
    learned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = SimpleMLBucketAssigner.predict_batch
    bad = unsorted()[7]["track_id"]

    def fail(self: Any, tracks: pd.DataFrame, top: int = 3) -> pd.DataFrame:
        if bad in set(tracks["track_id"]):
            raise ValueError("boom")
        return answer(self, tracks, top)

    monkeypatch.setattr(SimpleMLBucketAssigner, "predict_batch", fail)
    done("assign-buckets")

    assert [r["track_id"] for r in rows() if r["status"] == "error"] == [bad]
    (failed,) = [r for r in rows() if r["status"] == "error"]
    assert failed["predicted_bucket"]
    assert failed["reason"].startswith("the model failed on this track; ")
    assert failed["second_bucket"] == ""
    assert bad in {r["track_id"] for r in rows(LOW)}


def test_a_failing_row_fits_into_parquet_too(
    learned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = SimpleMLBucketAssigner.predict_batch
    bad = unsorted()[0]["track_id"]

    def fail(self: Any, tracks: pd.DataFrame, top: int = 3) -> pd.DataFrame:
        if bad in set(tracks["track_id"]):
            raise ValueError("boom")
        return answer(self, tracks, top)

    monkeypatch.setattr(SimpleMLBucketAssigner, "predict_batch", fail)
    monkeypatch.setenv("DJLIB_BATCH_ROWS", "1")
    few = write_rows(Path("few.csv"), unsorted()[:3])
    done("assign-buckets", few, "--output", "given.parquet")

    assert pd.read_parquet("given.parquet")["status"].tolist()[0] == "error"
    assert len(pd.read_parquet("given.parquet")) == 3


def test_batches_give_what_one_pass_gives(learned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("assign-buckets", "library.csv", "--output", "whole.csv")
    monkeypatch.setenv("DJLIB_BATCH_ROWS", "61")
    done("assign-buckets", "library.csv", "--output", "parts.csv")

    whole, parts = rows(Path("whole.csv")), rows(Path("parts.csv"))
    for row in [*whole, *parts]:
        del row["predicted_at"]
    assert len(whole) == 180
    assert parts == whole


def test_parquet_comes_in_and_goes_out(learned: Path) -> None:
    pd.read_csv("library.csv", dtype="str").to_parquet("library.parquet")
    done("assign-buckets", "library.parquet", "--output", "given.parquet")
    done("assign-buckets", "library.csv", "--output", "given.csv")

    given, plain = pd.read_parquet("given.parquet"), rows(Path("given.csv"))
    assert list(given.columns) == COLUMNS
    assert given["predicted_bucket"].tolist() == [r["predicted_bucket"] for r in plain]
    assert given["confidence"].tolist() == [float(r["confidence"]) for r in plain]


def test_batches_without_an_unsorted_track_fit_into_parquet(
    learned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = sorted(rows(Path("library.csv")), key=lambda row: row["bucket"] == "")
    write_rows(Path("sorted_first.csv"), table)
    monkeypatch.setenv("DJLIB_BATCH_ROWS", "20")
    done("assign-buckets", "sorted_first.csv", "--rows", "unsorted", "--output", "given.parquet")

    assert len(pd.read_parquet("given.parquet")) == len(unsorted())


def test_a_named_table_is_answered_whole_and_the_library_only_where_unsorted(
    learned: Path,
) -> None:
    assert as_json("assign-buckets", "library.csv")["rows"] == 180
    assert as_json("assign-buckets")["rows"] == len(unsorted())
    assert as_json("assign-buckets", "data/tracks.parquet")["rows"] == len(unsorted())
    assert as_json("assign-buckets", "--rows", "all")["rows"] == 180
    assert as_json("assign-buckets", "library.csv", "--rows", "unsorted")["rows"] == len(unsorted())


def test_an_empty_table_gives_an_empty_answer(learned: Path) -> None:
    Path("none.csv").write_text("track_id,artist,title,genres,bpm,key\n")
    said = done("assign-buckets", "none.csv")

    assert "none.csv holds no tracks: nothing to assign." in said.stdout
    assert rows() == []
    assert PREDICTIONS.read_text().strip() == ",".join(COLUMNS)


def test_a_library_that_is_sorted_already_has_nothing_to_assign(learned: Path) -> None:
    write_rows(Path("sorted.csv"), [r for r in rows(Path("library.csv")) if r["bucket"]])
    done("scan", "sorted.csv")
    said = done("assign-buckets", "--debug")

    assert "tracks are sorted already: nothing to assign." in said.stdout
    assert "--rows all" in said.stdout
    assert "feedback" not in said.stdout


def test_a_first_run_trains_itself_from_the_file_it_is_given(fresh: Path) -> None:
    done("synth", "tracks", "--rows", "150", "--buckets", "3", "--output", "mine.csv")
    said = done("assign-buckets", "mine.csv")

    assert "No model yet: learning from what is already sorted" in said.stderr
    assert len(rows()) == 150
    assert len(as_json("models", "list")) == 1


def test_a_first_run_without_any_label_says_what_to_do(fresh: Path) -> None:
    table = [{"track_id": str(i), "bpm": "120", "genres": "House"} for i in range(20)]
    line = refused("assign-buckets", write_rows(Path("bare.csv"), table))

    assert "no model yet, and none can be learned" in line
    assert "fill the column 'bucket'" in line
    assert not PREDICTIONS.exists()


def test_nothing_to_assign_says_what_to_do(learned: Path) -> None:
    Path("data/tracks.parquet").unlink()
    assert "run 'djlib scan LIBRARY' first, or name a file" in refused("assign-buckets")


def test_a_dry_run_says_and_writes_nothing(learned: Path) -> None:
    before = files()
    said = done("assign-buckets", "--dry-run", "--debug")

    assert "tracks, sure of" in said.stdout
    assert "Written" not in said.stdout
    assert files() == before


def test_a_dry_run_trains_no_model(fresh: Path) -> None:
    done("synth", "tracks", "--rows", "60", "--buckets", "2", "--output", "mine.csv")
    before = files()

    assert "train" in refused("assign-buckets", "mine.csv", "--dry-run")
    assert files() == before


def test_output_goes_where_it_is_asked_for(learned: Path) -> None:
    report = as_json("assign-buckets", "--output", "elsewhere/given.csv")

    assert report["written"][0] == "elsewhere/given.csv"
    assert len(rows(Path("elsewhere/given.csv"))) == report["rows"]
    assert not PREDICTIONS.exists()


def test_a_path_with_spaces_can_be_copied_from_the_advice(learned: Path) -> None:
    said = done("assign-buckets", "--output", "to night.csv").stdout

    assert 'djlib feedback "to night.csv"' in said


def test_output_is_never_the_file_the_tracks_are_in(learned: Path) -> None:
    before = Path("library.csv").read_bytes()
    line = refused("assign-buckets", "library.csv", "--output", "./library.csv", code=2)

    assert "is the file the tracks are in" in line
    assert Path("library.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["given.pdf", "given", "data"])
def test_output_that_is_no_table_is_wrong_usage(learned: Path, name: str) -> None:
    assert name in refused("assign-buckets", "--output", name, code=2)


def test_corrections_that_were_never_fed_back_are_not_overwritten(learned: Path) -> None:
    done("assign-buckets")

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["second_bucket"] if number == 3 else ""

    edit(correct)
    edited = PREDICTIONS.read_bytes()
    report = as_json("assign-buckets")

    assert Path(report["kept"]).read_bytes() == edited
    assert len(as_json("feedback", report["kept"], "--dry-run")["taken"]) == 1
    assert as_json("assign-buckets")["kept"] is None


def test_corrections_that_were_fed_back_need_no_copy(learned: Path) -> None:
    done("assign-buckets")

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["second_bucket"] if number == 3 else ""

    edit(correct)
    done("feedback", PREDICTIONS)

    assert as_json("assign-buckets")["kept"] is None
    assert list(Path("data").glob("*kept*")) == []


def test_another_file_where_predictions_go_is_kept_under_another_name(learned: Path) -> None:
    Path("mine.csv").write_text("artist,title\nRobyn,Be Mine\n")
    report = as_json("assign-buckets", "--output", "mine.csv")

    assert Path(report["kept"]).read_text() == "artist,title\nRobyn,Be Mine\n"
    assert rows(Path("mine.csv"))[0]["model_version"]


def test_corrected_tracks_are_not_proposed_again(learned: Path) -> None:
    done("assign-buckets")
    corrected = rows()[2]["track_id"]

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["predicted_bucket"] if number == 2 else ""

    edit(correct)
    done("feedback", PREDICTIONS)
    report = as_json("assign-buckets")

    assert corrected not in {r["track_id"] for r in rows()}
    assert report["rows"] == len(unsorted()) - 1


def test_feedback_comes_first_where_it_is_given(learned: Path) -> None:
    done("assign-buckets")
    was = rows()[0]["model_version"]

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["second_bucket"] if number < 4 else ""

    edit(correct)
    said = done("assign-buckets", "--feedback", PREDICTIONS, "--json")

    report = json.loads(said.stdout)
    assert "4 corrections taken" in said.stderr
    assert report["model_version"] != was
    assert report["rows"] == len(unsorted()) - 4


def test_threshold_and_target_precision_decide_what_is_ok(learned: Path) -> None:
    def share(*options: str) -> float:
        report = as_json("assign-buckets", "--dry-run", *options)
        return float(report["statuses"].get("ok", 0) / report["rows"])

    assert share("--threshold", "0") == 1
    assert share("--threshold", "1") < share("--threshold", "0.7") < share("--threshold", "0.3")
    strict = as_json("assign-buckets", "--dry-run", "--target-precision", "0.9")["abstention"]
    assert strict["target"] == 0.9
    assert strict["precision"] is None or strict["precision"] >= 0.9
    assert "threshold must be from 0 to 1" in refused("assign-buckets", "--threshold", "2", code=2)


def test_an_answer_that_would_be_invalid_replaces_nothing(
    learned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("assign-buckets")
    before = files()
    answer = SimpleMLBucketAssigner.predict_batch

    def absurd(self: Any, tracks: pd.DataFrame, top: int = 3) -> pd.DataFrame:
        return answer(self, tracks, top).assign(probability_1=1.5)

    monkeypatch.setattr(SimpleMLBucketAssigner, "predict_batch", absurd)
    line = refused("assign-buckets")

    assert (
        "predictions not written, the old file stays: they hold a confidence outside 0 to 1" in line
    )
    assert files() == before


def test_debug_takes_every_prediction_apart(learned: Path) -> None:
    report = as_json("assign-buckets", "--debug")

    file = Path(report["written"][-1])
    explained = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [e["track_id"] for e in explained] == [r["track_id"] for r in rows()]
    assert len(report["explanations"]) == len(explained)
    sorted_ids = {r["track_id"] for r in rows(Path("library.csv")) if r["bucket"]}
    for one in explained:
        assert one["base"] + sum(one["contributions"].values()) == pytest.approx(one["votes"])
        assert set(one["contributions"]) == {"bpm", "key", "genres"}
        assert {near["track_id"] for near in one["nearest"]} <= sorted_ids
        assert len(one["nearest"]) == 3
    no_key = {r["track_id"] for r in unsorted() if not r["key"]}
    assert {e["track_id"] for e in explained if "key" in e["missing"]} == no_key


def test_debug_shows_fields_neighbours_and_gaps_to_a_person(learned: Path) -> None:
    said = done("assign-buckets", "--debug").stdout

    assert "What speaks for " in said
    assert "share of the votes" in said
    assert "Most like it among your sorted tracks" in said
    assert "(missing)" in said


def test_a_file_for_spreadsheets_comes_back_through_feedback(learned: Path) -> None:
    table = unsorted()
    table[0] |= {"track_id": "odd", "artist": "=cmd|'/C calc'!A0", "title": "-"}
    table[1] |= {"track_id": "+44", "title": "@home"}
    done("assign-buckets", write_rows(Path("odd.csv"), table), "--for-spreadsheet")

    assert PREDICTIONS.read_bytes().startswith(b"\xef\xbb\xbf")
    assert rows()[0]["artist"] == "'=cmd|'/C calc'!A0"
    assert rows()[1]["track_id"] == "'+44"

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["second_bucket"] if number < 2 else ""

    edit(correct)
    report = as_json("feedback", PREDICTIONS)

    assert [t["track_id"] for t in report["taken"]] == [table[0]["track_id"], "+44"]


def test_the_working_file_is_defused_and_read_back_exactly(learned: Path) -> None:
    table = unsorted()
    table[0] |= {"artist": "=1+1", "title": "NA"}
    done("assign-buckets", write_rows(Path("odd.csv"), table))

    assert (rows()[0]["artist"], rows()[0]["title"]) == ("'=1+1", "NA")
    assert read_table(PREDICTIONS, schema="predictions")["artist"].iloc[0] == "=1+1"


def test_a_table_of_several_buckets_a_track_is_answered_with_several(fresh: Path) -> None:
    done("synth", "tracks", "--rows", "150", "--buckets", "3", "--output", "mine.csv")
    table = rows(Path("mine.csv"))
    names = sorted({r["bucket"] for r in table})
    for number, row in enumerate(table):
        both = row["bucket"] == names[0] or number % 9 == 0
        row["buckets"] = "|".join(
            dict.fromkeys([row["bucket"], names[1]] if both else [row["bucket"]])
        )
    write_rows(Path("mine.csv"), table)
    done("assign-buckets", "mine.csv")

    answers = [r["predicted_bucket"].split("|") for r in rows()]
    assert any(len(answer) > 1 for answer in answers)
    assert {b for answer in answers for b in answer} <= set(names)


def test_the_script_works_from_another_folder(learned: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = subprocess.run(
        [
            sys.executable,
            str(ROOT / "cli" / "assign_buckets.py"),
            str(learned / "library.csv"),
            *("--workspace", str(learned), "--json"),
        ],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(ran.stdout)["rows"] == 180
    assert list(elsewhere.iterdir()) == []
    assert len(rows()) == 180


def test_the_script_ends_as_the_command_does(
    learned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["assign_buckets", "nowhere.csv"])
    with pytest.raises(SystemExit) as ended:
        script()

    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("djlib: nowhere.csv does not exist")
