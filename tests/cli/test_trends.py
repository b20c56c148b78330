from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib import read_table, write_table
from tests.cli.running import as_json, done, files, refused

LIBRARY = Path("library.csv")


@pytest.fixture
def moving(fresh: Path) -> Path:
    """A library of 600 tracks over 20 months in which one bucket takes over."""
    rng = np.random.default_rng(0)
    n = 600
    days = pd.to_datetime(np.sort(rng.integers(0, 600, n)), unit="D", origin="2021-01-01")
    late = rng.random(n) < np.linspace(0, 1, n)
    table = {
        "track_id": [f"t{number}" for number in range(n)],
        "artist": [f"Artist {a}" for a in rng.integers(0, 90, n)],
        "title": "Song",
        "genres": np.where(late, "Techno", "House"),
        "bpm": np.where(late, 132.0, 122.0) + rng.normal(0, 2, n),
        "date_added": days.strftime("%Y-%m-%d"),
        "bucket": np.where(rng.random(n) < 0.2, "", np.where(late, "Peak", "Warm up")),
    }
    write_table(pd.DataFrame(table), LIBRARY)
    return fresh


def test_a_person_sees_what_rises_falls_and_drifts(moving: Path) -> None:
    said = done("trends", LIBRARY).stdout
    assert "600 tracks added from 2021-01 to 2022-08, by month" in said
    lines = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    assert "rises (p < 0.01)" in lines["Peak"]
    assert "falls" in lines["Warm"]
    assert "drifted" in lines["genre"]
    assert "techno" in lines["genre"]
    assert "sort or correct some" in said


def test_json_has_everything_and_nothing_is_written(moving: Path) -> None:
    before = files()
    report = as_json("trends", LIBRARY, "--by", "quarter", "--since", "2022-01-01")
    assert (report["unit"], report["periods"][0], report["since"][:4]) == (
        "quarter", "2021 Q1", "2022",
    )  # fmt: skip
    assert sum(report["added"]) == report["dated"] == 600
    assert report["sorted_tracks"] < 600
    assert {b["name"]: b["direction"] for b in report["buckets"]} == {
        "Peak": "rises", "Warm up": "falls",
    }  # fmt: skip
    assert report["confidence"] is None
    assert files() == before


def test_the_scanned_library_is_the_default_and_confidence_is_compared(learned: Path) -> None:
    done("assign-buckets", "--rows", "all")
    report = as_json("trends")
    assert report["source"].endswith("tracks.parquet")
    assert report["confidence"]["n_since"] >= 30


@pytest.mark.parametrize("suffix", ["png", "svg", "html"])
def test_a_chart_is_drawn(moving: Path, suffix: str) -> None:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    chart = Path(f"out/trends.{suffix}")
    assert as_json("trends", LIBRARY, "--chart", chart)["written"] == str(chart)
    start = {"png": b"\x89PNG", "svg": b"<?xml", "html": b"<!doctype html>"}[suffix]
    assert chart.read_bytes().startswith(start)


def test_any_name_of_a_bucket_can_be_drawn(moving: Path) -> None:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    table = read_table(LIBRARY)
    names = np.array(["夜に駆ける", "$x_^ \\frac", "Sets / " + "x" * 90, "\U0001f3a7"])
    write_table(table.assign(bucket=names[np.arange(len(table)) % 4]), LIBRARY)
    assert "Written" in done("trends", LIBRARY, "--chart", "names.svg").stdout


def test_a_library_without_buckets_shows_genres(moving: Path) -> None:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    write_table(read_table(LIBRARY).assign(bucket=""), LIBRARY)
    assert "No dated track is sorted" in done("trends", LIBRARY, "--chart", "g.png").stdout


@pytest.mark.parametrize(
    ("date", "message"),
    [
        ("", "no track says when it was added (it is empty or missing)"),
        ("last week", "'last week' is no date it can read"),
        ("2020-05-05", "all 600 dated tracks were added on 2020-05-05"),
    ],
)
def test_missing_or_equal_dates_are_one_line_with_advice(
    moving: Path, date: str, message: str
) -> None:
    write_table(read_table(LIBRARY).assign(date_added=date), LIBRARY)
    said = refused("trends", LIBRARY)
    assert message in said
    assert "rekordbox and Traktor" in said


@pytest.mark.parametrize("since", ["soon", "1999-01-01", "2050-01-01"])
def test_a_day_outside_the_library_is_wrong_usage(moving: Path, since: str) -> None:
    assert "--since" in refused("trends", LIBRARY, "--since", since, code=2)


def test_another_chart_is_refused_before_any_work(moving: Path) -> None:
    assert "a chart is one of" in refused("trends", LIBRARY, "--chart", "x.jpg", code=2)


def test_nothing_scanned_is_one_line(fresh: Path) -> None:
    assert "djlib scan" in refused("trends")
