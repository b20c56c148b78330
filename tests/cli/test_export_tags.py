"""`djlib export --to tags`: files change only when asked, only in one field, and can go back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from djlib.errors import DjlibError
from djlib.formats.audio import tag_fields
from djlib.formats.audio import tag_fields as tag_files
from djlib.settings import Workspace, load_settings
from djlib.tables.io import write_table
from djlib.tables.schema import PREDICTIONS
from djlib.workflows.buckets.export import write_tags as tag_log
from djlib.workflows.buckets.export.write_tags import TagOptions, write_tags
from djlib.workflows.core.progress import NullReporter
from tests.cli.running import Row, as_json, done, edit, files, refused, write_rows
from tests.formats.audio_files import flac, id3_frame, mp3, wav

pytest.importorskip("mutagen", reason="mutagen is not installed: pip install .[tags]")

MUSIC = Path("music")


@pytest.fixture
def tagged(fresh: Path) -> Path:
    """Four audio files with a proposal each."""
    MUSIC.mkdir()
    made = [
        mp3(MUSIC / "0.mp3", id3_frame("TIT2", b"\x00Zero")),
        mp3(MUSIC / "1.mp3"),
        flac(MUSIC / "2.flac", "TITLE=Two", "COMMENT=mine"),
        wav(MUSIC / "3.wav"),
    ]
    paths = [str(path.absolute()) for path in made]
    tracks = pd.DataFrame({"track_id": list("0123"), "title": list("0123"), "path": paths})
    write_table(tracks, "data/tracks.parquet")
    answers = [{"predicted_bucket": b, "confidence": "0.9"} for b in ("Warm", "Late")] * 2
    said = [
        dict.fromkeys(PREDICTIONS.names, "") | answer | {"track_id": str(n), "status": "ok"}
        for n, answer in enumerate(answers)
    ]
    write_rows(Path("data/bucket_predictions.csv"), said)
    return MUSIC


def music() -> dict[str, bytes]:
    return files(MUSIC)


def grouping(name: str) -> list[str]:
    return tag_fields.read_field(MUSIC / name, "grouping")


def test_nothing_is_written_unless_asked(tagged: Path) -> None:
    before = files()
    said = done("export", "--to", "tags").stdout

    assert "grouping: 4 files to change, 0 right already" in said
    assert "Nothing written; --write changes the audio files." in said
    assert files() == before
    assert as_json("export", "--to", "tags", "--write", "--dry-run")["is_dry_run"]
    assert files() == before


def test_each_file_gets_its_bucket_and_goes_back_byte_for_byte(tagged: Path) -> None:
    before = music()
    report = as_json("export", "--to", "tags", "--write")

    assert report["values"] == {"Warm": 2, "Late": 2}
    assert report["written"] == 4
    assert [grouping(name) for name in sorted(before)] == [["Warm"], ["Late"]] * 2
    (entry,) = as_json("history", "list")
    assert (entry["what"], entry["to"], entry["tracks"]) == ("tags", "grouping", 4)
    back = as_json("history", "undo", "1")
    assert len(back["restored"]) == 4
    assert music() == before
    assert "is undone already" in refused("history", "undo", "1", code=2)


def test_a_second_write_changes_nothing_and_a_new_bucket_replaces_the_old(tagged: Path) -> None:
    done("export", "--to", "tags", "--write")
    after = music()
    report = as_json("export", "--to", "tags", "--write")
    assert (report["same"], report["written"], report["entry"]) == (4, 0, None)
    assert music() == after

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = "New|Warm" if row["track_id"] == "0" else ""

    edit(correct)
    assert as_json("export", "--to", "tags", "--write")["written"] == 1
    assert grouping("0.mp3") == ["New; Warm"]
    done("history", "undo", "2")
    assert music() == after


def test_what_somebody_else_wrote_is_left_alone(tagged: Path) -> None:
    before = music()
    report = as_json("export", "--to", "tags", "--tag", "comment", "--write")

    (problem,) = report["problems"]
    assert problem["value"] == str((MUSIC / "2.flac").absolute())
    assert "its comment says 'mine', which djlib did not write" in problem["reason"]
    assert music()["2.flac"] == before["2.flac"]
    done("export", "--to", "tags", "--tag", "comment", "--write", "--replace")
    assert tag_fields.read_field(MUSIC / "2.flac", "comment") == ["Warm"]
    done("history", "undo", "2")
    done("history", "undo", "1")
    assert music() == before


def test_files_that_are_gone_protected_or_damaged_are_reported(tagged: Path) -> None:
    (MUSIC / "0.mp3").unlink()
    (MUSIC / "1.mp3").chmod(0o444)
    (MUSIC / "2.flac").write_bytes(b"fLaC")
    report = as_json("export", "--to", "tags", "--write")
    reasons = {Path(p["value"]).name: p["reason"] for p in report["problems"]}

    assert report["written"] == 1
    assert reasons["0.mp3"] == "the file is not there"
    assert reasons["1.mp3"] == "the file is write-protected"
    assert "its tags cannot be read" in reasons["2.flac"]


def test_only_the_field_goes_back_where_others_wrote_tags_since(tagged: Path) -> None:
    done("export", "--to", "tags", "--write")
    tag_fields.set_field(MUSIC / "0.mp3", "comment", ["cue points"])
    report = as_json("history", "undo", "1")

    assert [Path(path).name for path in report["field_only"]] == ["0.mp3"]
    assert len(report["restored"]) == 4
    assert grouping("0.mp3") == []
    assert tag_fields.read_field(MUSIC / "0.mp3", "comment") == ["cue points"]


def test_a_field_that_was_changed_since_is_left_unless_forced(tagged: Path) -> None:
    done("export", "--to", "tags", "--write")
    tag_fields.set_field(MUSIC / "0.mp3", "grouping", ["mine now"])
    changed = (MUSIC / "0.mp3").read_bytes()
    report = as_json("history", "undo", "1")

    assert len(report["restored"]) == 3
    assert "its grouping was changed since" in report["problems"][0]["reason"]
    assert grouping("0.mp3") == ["mine now"]
    forced = as_json("history", "undo", "1", "--force")
    assert Path(forced["copies"][0]).read_bytes() == changed
    assert grouping("0.mp3") == []


def test_a_dry_undo_changes_no_file(tagged: Path) -> None:
    done("export", "--to", "tags", "--write")
    before = files()

    assert len(as_json("history", "undo", "1", "--dry-run")["restored"]) == 4
    assert files() == before


def test_a_file_that_is_gone_does_not_stop_the_others(tagged: Path) -> None:
    before = music()
    done("export", "--to", "tags", "--write")
    (MUSIC / "1.mp3").unlink()
    report = as_json("history", "undo", "1")

    assert [p["reason"] for p in report["problems"]] == ["the file is not there"]
    assert music() == {name: data for name, data in before.items() if name != "1.mp3"}


def test_a_lost_way_back_is_said_and_the_file_left(tagged: Path) -> None:
    before = music()
    done("export", "--to", "tags", "--write")
    after = music()
    Path("data/history/0001/000001.bytes").write_bytes(b"damaged")
    report = as_json("history", "undo", "1")

    assert "does not lead to the old file" in report["problems"][0]["reason"]
    first = Path(report["problems"][0]["value"]).name
    assert music() == {**before, first: after[first]}


def write_and_die() -> None:
    here = Workspace(Path.cwd())
    options = TagOptions(write=True)
    with pytest.raises(KeyboardInterrupt):
        write_tags(here, load_settings(here.root, {}), options=options, talk=NullReporter())


def _stop(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize(
    ("module", "name"),
    [
        (tag_files, "set_field"),
        (tag_files, "patch_between"),
        (os, "replace"),
        (tag_log, "append_events"),
    ],
)
def test_a_kill_at_any_moment_can_be_undone(
    tagged: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, at: int
) -> None:
    before = music()
    real: Callable[..., Any] = getattr(module, name)
    calls: list[Path] = []

    def killed(*arguments: Any, **options: Any) -> Any:
        if name != "replace" or MUSIC.absolute() in Path(arguments[1]).parents:
            calls.append(MUSIC)
            if len(calls) == at:
                raise KeyboardInterrupt
        return real(*arguments, **options)

    with monkeypatch.context() as changed:
        changed.setattr(module, name, killed)
        write_and_die()
    assert [entry["state"] for entry in as_json("history", "list")] == ["begun"]
    done("history", "undo", "1")
    assert music() == before


def test_a_copy_that_a_killed_run_left_is_cleared_away(
    tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = music()
    with monkeypatch.context() as changed:
        changed.setattr(tag_files, "set_field", _stop)
        changed.setattr(Path, "unlink", lambda self, missing_ok=False: None)
        write_and_die()
    assert set(music()) > set(before)
    done("history", "undo", "1")
    assert music() == before


@pytest.mark.parametrize("n_changed", [1, 20])
def test_kill_9_leaves_whole_files_that_can_go_back(tagged: Path, n_changed: int) -> None:
    paths = [mp3(MUSIC / f"{n}.mp3", id3_frame("TIT2", b"\x00x")).absolute() for n in range(200)]
    ids = [str(n) for n in range(200)]
    write_table(pd.DataFrame({"track_id": ids, "path": map(str, paths)}), "data/tracks.parquet")
    answer = dict.fromkeys(PREDICTIONS.names, "")
    answer |= {"predicted_bucket": "Warm", "confidence": "0.9", "status": "ok"}
    write_rows(Path("data/bucket_predictions.csv"), [answer | {"track_id": n} for n in ids])
    before = music()
    call = [sys.executable, "-m", "cli", "export", "--to", "tags", "--write", "-w", os.getcwd()]
    patches = Path("data/history/0001/patches.jsonl")
    with subprocess.Popen(
        call, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        while run.poll() is None:
            if patches.is_file() and len(patches.read_bytes().splitlines()) >= n_changed:
                run.kill()
            time.sleep(0.001)
    changed = [path for path in paths if tag_fields.read_field(path, "grouping") == ["Warm"]]
    assert n_changed - 1 <= len(changed) < 200
    done("history", "undo", "1")
    assert music() == before


def test_the_plan_is_whole_before_the_first_file_changes(
    tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_files, "set_field", _stop)
    write_and_die()
    lines = Path("data/history/0001/planned.jsonl").read_text().splitlines()
    planned = [json.loads(line) for line in lines]

    assert [(Path(p["path"]).name, p["old"], p["new"]) for p in planned] == [
        ("0.mp3", [], "Warm"),
        ("1.mp3", [], "Late"),
        ("2.flac", [], "Warm"),
        ("3.wav", [], "Late"),
    ]


def test_without_mutagen_it_says_what_to_install(
    tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "djlib.workflows.buckets.export.write_tags.why_no_tags", lambda: "pip install 'djlib[tags]'"
    )
    here = Workspace(Path.cwd())
    with pytest.raises(DjlibError, match="djlib\\[tags\\]"):
        write_tags(here, load_settings(here.root, {}), options=TagOptions(), talk=NullReporter())
