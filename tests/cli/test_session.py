"""Where a command works and what it is told: workspace, settings, logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli._session import Stderr, report_failure
from tests.cli.running import as_json, djlib, done, edit, refused


@pytest.fixture
def library(fresh: Path) -> Path:
    done("synth", "tracks", "--rows", "60", "--buckets", "2", "--output", "library.csv")
    return fresh / "library.csv"


def threshold(*options: str) -> float:
    return float(as_json("assign-buckets", "--dry-run", *options)["abstention"]["threshold"])


def test_the_workspace_is_here_without_another_word(library: Path, tmp_path: Path) -> None:
    (library.parent / "djlib.toml").unlink()
    done("scan", library)

    assert (library.parent / "data/tracks.parquet").is_file()


def test_the_workspace_is_the_nearest_folder_upward_with_settings(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = library.parent / "sets" / "2026"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    done("scan", library)

    assert (library.parent / "data/tracks.parquet").is_file()
    assert list(below.iterdir()) == []


def test_the_environment_names_the_workspace(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJLIB_HOME", str(tmp_path / "home"))
    done("scan", library)

    assert (tmp_path / "home/data/tracks.parquet").is_file()
    assert not (library.parent / "data").exists()


def test_the_option_names_the_workspace_before_the_environment(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJLIB_HOME", str(tmp_path / "home"))
    done("scan", library, "--workspace", tmp_path / "asked for")

    assert (tmp_path / "asked for/data/tracks.parquet").is_file()
    assert not (tmp_path / "home").exists()


def test_a_file_is_no_workspace(library: Path) -> None:
    assert "is a file; name a folder" in refused("scan", library, "-w", library, code=2)


def test_what_a_model_was_trained_with_stays_in_force(learned: Path) -> None:
    done("train", "--threshold", "0.35")
    assert threshold() == 0.35
    assert threshold("--threshold", "0.5") == 0.5

    done("train", "--target-precision", "0.8")
    chosen = as_json("assign-buckets")["abstention"]
    assert chosen["target"] == 0.8
    edit(lambda n, row: row.update(correct_bucket=row["second_bucket"] if n < 2 else ""))
    report = as_json("feedback", "data/bucket_predictions.csv")
    assert report["training"]["abstention"]["target"] == 0.8


def test_settings_come_from_file_then_environment_then_flags(
    learned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert threshold() == 0.5
    (learned / "djlib.toml").write_text("[buckets]\nthreshold = 0.3\n")
    assert threshold() == 0.3
    monkeypatch.setenv("DJLIB_BUCKETS_THRESHOLD", "0.4")
    assert threshold() == 0.4
    assert threshold("--threshold", "0.6") == 0.6


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("treshold = 1", "djlib.toml: unknown setting 'treshold'"),
        ("[buckets]\ntrees = 'many'", "trees must be a number, not 'many'"),
        ("[buckets]\nfolds = 1", "folds must be from 2 to 50, not 1"),
        ("buckets = 3", "buckets is a section, not 3"),
        ("[buckets\ntrees = 3", "djlib.toml: not valid TOML"),
        ("\x00\xff", "djlib.toml: not valid TOML"),
    ],
)
def test_settings_that_mean_nothing_are_wrong_usage(
    learned: Path, settings: str, said: str
) -> None:
    (learned / "djlib.toml").write_bytes(settings.encode("latin-1"))

    assert said in refused("models", "list", code=2)


def test_an_unknown_setting_in_the_environment_is_wrong_usage(
    learned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJLIB_TREES", "20")

    assert "environment: unknown setting 'trees'" in refused("train", code=2)


@pytest.mark.parametrize("wait", ["-1", "1e9", "soon"])
def test_a_wait_that_means_nothing_is_wrong_usage(learned: Path, wait: str) -> None:
    assert djlib("train", "--wait", wait).exit_code == 2


def test_the_story_of_each_run_is_logged_once_there_is_a_place_for_it(learned: Path) -> None:
    done("assign-buckets")
    done("train")

    assert "is now current" in (learned / "logs/djlib.log").read_text()


def test_signs_that_steer_a_terminal_do_not_reach_it(capsys: pytest.CaptureFixture[str]) -> None:
    report_failure(ValueError("Slow \x1b[31mdown\x07"))
    Stderr().say("\x1b]0;title\x07 done")
    said = capsys.readouterr().err
    assert "Slow" in said
    assert not {"\x1b", "\x07"} & set(said)
