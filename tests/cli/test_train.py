"""`djlib train`: learn what is sorted, say how well, and keep the version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from djlib.evaluation.splits import song_groups
from djlib.settings import Workspace
from djlib.workflows.buckets.models import bucket_models
from tests.cli.running import Row, as_json, djlib, done, files, refused, rows, write_rows
from tests.formats.samples import rekordbox_playlist, rekordbox_xml


def versions() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = as_json("models", "list")
    return listed


def labelled(sizes: dict[str, int]) -> Path:
    """Tracks of as many buckets, each with a tempo of its own."""
    table: list[Row] = []
    for at, (bucket, n) in enumerate(sizes.items()):
        for number in range(n):
            table.append(
                {
                    "track_id": f"{bucket}{number}",
                    "artist": f"Artist {number}",
                    "title": f"{bucket} {number}",
                    "bpm": str(90 + 20 * at + number % 3),
                    "bucket": bucket,
                }
            )
    return write_rows(Path("labelled.csv"), table)


def test_figures_of_both_kinds_are_told_and_written(learned: Path) -> None:
    report = as_json("train")

    written = json.loads(Path("metrics.json").read_text())["training"]
    assert written == report
    for kind in ("stratified", "artist"):
        figures = report["figures"][kind]
        assert 0.4 < figures["accuracy"] <= figures["top3_accuracy"] <= 1
        assert {"macro_f1", "weighted_f1", "log_loss", "calibration_error"} <= set(figures)
        assert set(figures["per_bucket"]) == set(report["buckets"])
        counts = figures["confusion"]["rows_true_columns_predicted"]
        assert np.sum(counts) == figures["n"] == report["tracks"]


def test_a_person_sees_how_good_it_is_and_what_is_served(learned: Path) -> None:
    said = done("train").stdout

    assert "on new tracks" in said
    assert "on tracks of new artists" in said
    assert "calibration error" in said
    assert "By bucket" in said
    assert "95 % interval" in said
    assert "exact McNemar p = 1.000: no difference that can be told from chance" in said
    assert f"Version {versions()[0]['id']} is served from now on." in said


def test_the_version_is_kept_with_what_it_was_made_from(learned: Path) -> None:
    first = versions()[0]["id"]
    report = as_json("train", "--seed", "5")

    newest = versions()[0]
    assert newest["id"] == report["version"]
    assert newest["current"]
    assert newest["parent"] == report["parent"] == first
    assert newest["seed"] == 5
    assert newest["parameters"]["n_estimators"] == 8
    assert newest["source"] == str(learned / "data/tracks.parquet")
    assert newest["metrics"]["artist"]["accuracy"] == report["figures"]["artist"]["accuracy"]
    assert len(newest["data_fingerprint"]) == 16


def test_the_same_seed_gives_the_same_model(learned: Path) -> None:
    one, two = as_json("train"), as_json("train")

    for kind, figures in one["figures"].items():
        for name in ("accuracy", "macro_f1", "log_loss", "calibration_error"):
            assert figures[name] == pytest.approx(two["figures"][kind][name], abs=1e-9)
    assert versions()[0]["data_fingerprint"] == versions()[1]["data_fingerprint"]


def test_rows_kept_aside_are_never_learned_from(learned: Path) -> None:
    report = as_json("train")
    model = bucket_models(Workspace(learned)).load()

    tracks = pd.read_parquet("data/tracks.parquet")
    tracks = tracks[tracks["bucket"] != ""]
    aside = tracks[~tracks["track_id"].isin(model.labelled_["track_id"])]
    assert len(aside) == report["kept_aside"] > 10
    assert len(model.labelled_) == report["tracks"] == len(tracks) - len(aside)
    assert not np.isin(song_groups(aside), song_groups(model.labelled_)).any()


def test_the_same_rows_are_kept_aside_when_the_library_grows(fresh: Path) -> None:
    done("synth", "tracks", "--rows", "150", "--buckets", "3", "--output", "library.csv")
    table = rows(Path("library.csv"))
    write_rows(Path("part.csv"), table[:110])

    def learned_from(source: str) -> set[str]:
        version = as_json("train", source)["version"]
        return set(bucket_models(Workspace(fresh)).load(version).labelled_["track_id"])

    part, whole = learned_from("part.csv"), learned_from("library.csv")
    assert part <= whole


def test_a_training_file_is_the_default_where_nothing_was_scanned(fresh: Path) -> None:
    Path("data").mkdir()
    labelled({"House": 20, "Disco": 20}).rename("data/training.csv")
    report = as_json("train")

    assert report["source"] == str(fresh / "data/training.csv")
    assert set(report["buckets"]) == {"House", "Disco"}


def test_a_library_is_learned_from_without_a_scan(fresh: Path) -> None:
    place = "file://localhost/D:/{}.mp3"
    tracks = [
        {"TrackID": str(n), "Name": f"Song {n}", "Artist": f"Artist {n}"}
        | {"Location": place.format(n), "AverageBpm": "174.00" if n % 2 else "122.00"}
        for n in range(40)
    ]
    lists = rekordbox_playlist("Warm", [str(n) for n in range(0, 40, 2)])
    lists += rekordbox_playlist("Late", [str(n) for n in range(1, 40, 2)])
    report = as_json("train", rekordbox_xml(fresh, tracks, lists))

    assert set(report["buckets"]) == {"Warm", "Late"}
    assert report["figures"]["artist"]["accuracy"] > 0.9


def test_several_buckets_a_track_are_learned_as_labels_are_or_as_asked(fresh: Path) -> None:
    done("synth", "tracks", "--rows", "120", "--buckets", "3", "--output", "library.csv")
    table = rows(Path("library.csv"))
    names = sorted({row["bucket"] for row in table})
    for number, row in enumerate(table):
        second = [names[0]] if number % 3 == 0 else []
        row["buckets"] = "|".join(dict.fromkeys([row["bucket"], *second]))
    write_rows(Path("library.csv"), table)

    assert as_json("train", "library.csv")["is_multi"] is True
    assert as_json("train", "library.csv", "--one")["is_multi"] is False
    for row in table:
        row["buckets"] = ""
    write_rows(Path("library.csv"), table)
    assert as_json("train", "library.csv")["is_multi"] is False
    assert as_json("train", "library.csv", "--several")["is_multi"] is True


def test_a_promotion_can_be_asked_for_or_forbidden(learned: Path) -> None:
    first = versions()[0]["id"]
    said = done("train", "--no-promote").stdout

    assert [v["id"] for v in versions() if v["current"]] == [first]
    assert f"but {first} stays in use" in said
    assert f"djlib models promote {versions()[0]['id']}" in said


def test_a_first_model_that_is_not_to_be_served_leaves_nothing_in_use(fresh: Path) -> None:
    said = done("train", labelled({"House": 10, "Disco": 10}), "--no-promote").stdout

    assert "no version is in use yet" in said
    assert "None" not in said
    assert not any(v["current"] for v in versions())


def test_confidence_is_drawn(learned: Path) -> None:
    pytest.importorskip("matplotlib")
    said = done("train", "--chart", "charts/honest.html")

    assert Path("charts/honest.html").read_bytes().startswith(b"<!doctype")
    assert "Written: charts/honest.html" in said.stderr


def test_a_chart_of_another_kind_is_refused_before_the_work(learned: Path) -> None:
    line = refused("train", "--chart", "honest.jpg", code=2)

    assert "honest.jpg: a chart is one of .png, .svg, .html" in line
    assert len(versions()) == 1


def test_a_target_precision_chooses_the_threshold(learned: Path) -> None:
    loose, strict = (
        as_json("train", "--target-precision", target)["abstention"] for target in ("0.7", "0.9")
    )

    assert loose["precision"] >= 0.7
    assert strict["precision"] is None or strict["precision"] >= 0.9
    assert strict["coverage"] < loose["coverage"] < 1
    assert as_json("train", "--threshold", "0.8")["abstention"]["threshold"] == 0.8


def test_one_bucket_only_is_refused_with_what_to_do(fresh: Path) -> None:
    line = refused("train", labelled({"House": 30}))

    assert "only one bucket ('House')" in line
    assert "label at least two buckets" in line
    assert versions() == []


def test_no_label_at_all_is_refused_with_what_to_do(learned: Path) -> None:
    table = rows(Path("library.csv"))
    for row in table:
        row["bucket"] = row["buckets"] = ""
    before = files()

    line = refused("train", write_rows(Path("mine.csv"), table))
    assert "none of 180 tracks has a bucket; fill the column 'bucket'" in line
    assert {k: v for k, v in files().items() if k != "mine.csv"} == before


def test_two_tracks_a_bucket_are_learned_but_not_measured(fresh: Path) -> None:
    said = done("train", labelled({"House": 2, "Disco": 2, "Dub": 2})).stdout

    assert "Nothing could be measured" in said
    assert "Too few tracks to be measured: Disco (2), Dub (2), House (2)." in said
    assert versions()[0]["current"]
    done("assign-buckets", "labelled.csv")
    assert len(rows()) == 6


def test_nothing_measured_cannot_promise_a_precision_or_draw(fresh: Path) -> None:
    source = labelled({"House": 2, "Disco": 2})

    assert "a target precision needs" in refused("train", source, "--target-precision", "0.9")
    result = djlib("train", source, "--chart", "honest.png")
    assert result.exit_code == 1
    assert "no chart: the buckets are too small" in result.stderr


def test_buckets_too_small_to_measure_are_named_and_learned(fresh: Path) -> None:
    report = as_json("train", labelled({"House": 30, "Disco": 30, "Dub": 2}))

    assert report["too_small"] == {"Dub": 2}
    assert report["buckets"]["Dub"] == 2
    assert set(report["figures"]["stratified"]["per_bucket"]) == {"House", "Disco"}


def test_nothing_to_learn_from_says_what_to_do(fresh: Path) -> None:
    line = refused("train")

    assert "nothing to learn from" in line
    assert "run 'djlib scan LIBRARY' first, or name a file" in line
