"""Situations that public bug reports and strangers met, each as a person would come to it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import PREDICTIONS, djlib, done, edit, refused, rows

CASES = Path(__file__).parents[3] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the folder of cases is not here")

QUICK = '[buckets]\nengine = "none"\nmodel = "simple_ml"\n[keepers]\nengine = "none"\n'


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh folder to work in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "djlib.toml").write_text(QUICK)
    return tmp_path


def given(at: Path, number: str) -> Path:
    """Copy the files of a case here; gives the first of them."""
    (case,) = CASES.glob(f"{number}-*")
    names = [p for p in sorted(case.iterdir()) if p.name not in ("expected.txt", "djlib.toml")]
    for source in names:
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, at / source.name)
    return Path(names[0].name) if names else at


def table(name: str) -> pd.DataFrame:
    return pd.read_parquet(f"data/{name}.parquet")


@pytest.mark.parametrize(
    ("number", "deadlines"),
    [
        ("01", ["2027-01-15"] * 3),
        ("03", ["2027-01-15"] * 2),
        ("05", ["2027-03-15"] * 2),
        ("07", ["2030-05-31"] * 3),
        ("08", ["2027-01-13", "2027-01-31", "2027-01-15", "2027-01-15", ""]),
    ],
)
def test_deadlines(at: Path, number: str, deadlines: list[str]) -> None:
    said = done("scan", given(at, number)).stdout
    assert table("opportunities")["deadline"].tolist() == deadlines
    assert ("'4.64E+04': not understood" in said) == ("" in deadlines)


def test_calls_of_odd_files(at: Path) -> None:
    done("scan", given(at, "10"))
    urls = table("opportunities")["url"].tolist()
    assert urls == ["https://k.example.org/13", "https://k.example.org/14"]


def test_one_broken_line(at: Path) -> None:
    assert "line 2" in done("scan", given(at, "12")).stdout
    assert len(table("opportunities")) == 2


def test_a_key_in_an_address_is_kept(at: Path) -> None:
    (case,) = CASES.glob("14-*")
    (at / "djlib.toml").write_text((case / "djlib.toml").read_text())
    result = djlib("jobs", "run", "search")
    assert result.exit_code != 0
    assert "APIKEY11" not in result.stdout + result.stderr
    assert not [
        p for p in at.rglob("*")
        if p.is_file() and p.name != "djlib.toml" and b"APIKEY11" in p.read_bytes()
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "column", "values"),
    [
        ("16", "price", [1000.0, 2500.0, 1299.0, 12.5]),
        ("17", "label", ["Loft; Kiln"]),
        ("19", "price", [12.5]),
        ("19", "condition", ["VG+"]),
        ("19", "title", ["Night Bus"]),
    ],
)
def test_listings(at: Path, number: str, column: str, values: list[object]) -> None:
    done("scan", given(at, number))
    assert table("listings")[column].tolist() == values


def test_no_brackets_in_a_batch(at: Path) -> None:
    done("scan", given(at, "17"))
    done("select-batch")
    assert "[" not in rows(Path("data/batch.csv"))[0]["genres"]


@pytest.mark.parametrize(
    ("number", "column", "values"),
    [
        ("21", "year", [2019.0] * 3),
        ("23", "duration_s", [192.447, 217.0]),
        ("25", "date_added", ["2024-01-30", "2024-01-31", "2024-02-02", "2024-02-02"]),
        ("26", "bucket", ["Früh", "Früh", "Late", "Late"]),
        ("35", "title", ["Früh"]),
        ("35", "artist", ["Ørla"]),
        ("39", "title", ["Hollow", "I <3 Dub"]),
        ("39", "artist", ["Fenn & Kirr", "A < B"]),
        ("41", "title", ["Night Bus"]),
        ("41", "artist", ["Orla Fenn"]),
        ("37", "bucket", ["late", "late"]),
    ],
)
def test_tracks(at: Path, number: str, column: str, values: list[object]) -> None:
    done("scan", given(at, number))
    assert table("tracks")[column].tolist() == values


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("30", "TrackID '1': 2 tracks have it"),
        ("31", "the file says 900, and holds 5"),
        ("32", "the file says 120, and holds 3"),
    ],
)
def test_what_a_library_file_lacks_is_said(at: Path, number: str, words: str) -> None:
    assert words in done("scan", given(at, number)).stdout


def test_no_tracks_of_a_recycle_bin(at: Path) -> None:
    done("scan", given(at, "33"), "--folders-as-buckets")
    assert sorted(table("tracks")["bucket"]) == ["House", "Techno"]


def test_old_code_pages(at: Path) -> None:
    given(at, "36")
    said = done("scan", "cyrillic.m3u", "japanese.m3u").stdout
    assert said.count("not UTF-8, read as") == 2
    titles = table("tracks")["title"].tolist()
    assert titles == ["Группа - Песня", "Друг - Ночь", "夜の歌", "朝の表"]


def test_a_file_of_zeros(at: Path) -> None:
    said = refused("scan", given(at, "40"))
    assert "only zero bytes" in said
    assert "\\x00" not in said


def test_an_answer_in_the_wrong_column(at: Path) -> None:
    given(at, "28")
    done("scan", "labelled.csv")
    done("train")
    done("assign-buckets", "new.csv")
    buckets = sorted({row["bucket"] for row in rows(Path("labelled.csv")) if row["bucket"]})

    def write(number: int, row: dict[str, str]) -> None:
        if number == 0:
            row["predicted_bucket"] = next(b for b in buckets if b != row["predicted_bucket"])

    edit(write)
    said = done("feedback", PREDICTIONS, "--all-seen").stdout
    assert "write yours into 'correct_bucket'" in said


def test_one_song_in_two_buckets_is_no_library(at: Path) -> None:
    done("scan", given(at, "29"))
    assert "all 60 sorted tracks are one song" in refused("train")


def test_a_bucket_of_one_song_is_learned(at: Path) -> None:
    done("scan", given(at, "43"))
    assert "Learned 3 buckets" in done("train").stdout
    done("assign-buckets")
    assert rows()[-1]["predicted_bucket"] == "Sunrise"
