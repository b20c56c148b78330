"""The hybrid through the commands: what real libraries hold, and what a machine may lack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import PREDICTIONS, Row, as_json, djlib, done, refused, rows, write_rows
from tests.features.test_track_columns import missing as missing


@pytest.fixture
def hybrid(fresh: Path) -> Path:
    """A workspace whose settings ask for the hybrid, without sentences."""
    (fresh / "djlib.toml").write_text('[buckets]\nmodel = "hybrid"\nengine = "none"\nfolds = 2\n')
    return fresh


def library(n: int = 24, **changes: Any) -> Path:
    """Tracks in two buckets of a sound each; a change is a cell, or one a row number."""
    table: list[Row] = []
    for i in range(n):
        row = {
            "track_id": f"t{i}",
            "artist": f"Artist {i % 9}",
            "title": f"Song {i}",
            "genres": ("House", "Disco")[i % 2],
            "bpm": ("122", "112")[i % 2],
            "bucket": ("Late", "Warm")[i % 2],
        }
        made = {k: v(i) if callable(v) else v for k, v in changes.items()}
        table.append({k: v for k, v in (row | made).items() if v is not None})
    return write_rows(Path("mine.csv"), table)


def answered(source: Path) -> dict[str, Row]:
    done("assign-buckets", source)
    return {row["track_id"]: row for row in rows(PREDICTIONS)}


@pytest.mark.parametrize(
    "changes",
    [
        {"artist": None},
        {"title": lambda i: ("שלום", "🎧🔥", "e\u0301tude", "long " * 4000)[i % 4]},
        {
            "bpm": lambda i: ("128,00", "fast", "", "1e400")[i % 4],
            "date_added": lambda i: ("2021-03-04", "soon", "9999-99-99", "")[i % 4],
        },
        {"artist": "", "title": "", "genres": "", "bpm": ""},
    ],
    ids=["no artist", "odd titles", "odd numbers", "nothing known"],
)
def test_odd_libraries_are_learned_and_answered(hybrid: Path, changes: dict[str, Any]) -> None:
    source = library(**changes)
    report = as_json("train", source)

    assert report["left_out"] == ""
    found = answered(source)
    assert len(found) == 24
    assert {row["predicted_bucket"] for row in found.values()} <= {"Late", "Warm"}


@pytest.mark.parametrize(
    ("n", "bucket", "told"),
    [
        (5, lambda i: "ab"[i % 2], "Too few tracks to be measured: b (2)"),
        (6, lambda i: f"b{i}", "Nothing could be measured"),
        (24, lambda i: "alone" if i == 7 else "ab"[i % 2], "be measured: alone (1)"),
    ],
    ids=["5 tracks, 2 buckets", "a track a bucket", "one lonely track"],
)
def test_small_buckets_are_learned_and_told(hybrid: Path, n: int, bucket: Any, told: str) -> None:
    source = library(n, bucket=bucket)
    said = done("train", source).stdout

    assert "is served from now on" in said
    assert told in " ".join(said.split())
    assert len(answered(source)) == n


def test_one_bucket_for_all_is_refused_in_a_line(hybrid: Path) -> None:
    assert "only one bucket ('Late')" in refused("train", library(bucket="Late"))


def test_an_empty_table_is_answered_with_an_empty_one(hybrid: Path) -> None:
    done("train", library())
    Path("none.csv").write_text("track_id,artist,title\n")
    assert "none.csv" in djlib("assign-buckets", "none.csv").output


def test_without_the_sentence_model_it_works_says_so_once_and_the_version_remembers(
    hybrid: Path, missing: None
) -> None:
    source = library()
    result = djlib("train", source, "--engine", "torch")

    assert result.exit_code == 0
    assert result.stderr.count("works without the sentence model") == 1
    assert "The model works without the sentence model: names and genres" in result.stdout
    assert "pip install" in result.stdout
    (metadata,) = Path("models").rglob("metadata.json")
    remembered = json.loads(metadata.read_text())["left_out"]
    assert remembered.startswith("works without the sentence model")
    assert len(answered(source)) == 24
