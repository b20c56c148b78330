"""`djlib history`: what was exported is listed, and can be taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from djlib.formats.drafts import NewFile
from tests.cli.running import Row, as_json, djlib, done, edit, files, refused

XML = Path("data/export/djlib_rekordbox.xml")
LISTS = Path("data/export/djlib_playlists")


def entries() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = as_json("history", "list")
    return found


def outside_history() -> dict[str, bytes]:
    return {path: data for path, data in files().items() if not path.startswith("data/history/")}


def correct_one() -> None:
    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = "New" if number == 0 else ""

    edit(correct)


def test_an_export_to_new_files_is_taken_back_whole(answered: Path) -> None:
    before = outside_history()
    done("export", "--to", "m3u8")
    assert LISTS.is_dir()
    report = as_json("history", "undo", "1")

    assert len(report["removed"]) == 2
    assert outside_history() == before
    assert not LISTS.exists()
    assert [e["state"] for e in entries()] == ["undone"]


@pytest.mark.parametrize("to", ["rekordbox", "traktor", "serato", "m3u8", "m3u", "csv"])
def test_what_an_export_replaced_comes_back(answered: Path, to: str) -> None:
    done("export", "--to", to)
    correct_one()
    before = outside_history()
    done("export", "--to", to)
    assert outside_history() != before
    done("history", "undo", "2")

    assert outside_history() == before
    done("history", "undo", "1")
    done("export", "--to", to)  # nothing is in the way


def test_entries_are_listed_newest_first(answered: Path) -> None:
    assert "Nothing was exported yet" in done("history", "list").stdout
    done("export")
    done("export", "--to", "csv")
    done("history", "undo", "2")
    said = done("history", "list").stdout

    assert [(e["id"], e["to"], e["state"]) for e in entries()] == [
        (2, "csv", "undone"),
        (1, "rekordbox", "done"),
    ]
    assert "djlib history undo 1" in said


def test_a_dry_run_and_a_refused_export_leave_no_entry(answered: Path) -> None:
    done("export", "--dry-run")
    refused("export", "--output", answered, code=2)

    assert entries() == []


def test_a_file_that_was_changed_since_is_not_undone(answered: Path) -> None:
    done("export")
    XML.write_text("mine")
    before = outside_history()
    line = refused("history", "undo", "1", code=2)

    assert "was changed since; --force undoes all the same and keeps a copy" in line
    assert outside_history() == before
    report = as_json("history", "undo", "1", "--force")
    assert Path(report["copies"][0]).read_text() == "mine"
    assert not XML.exists()


def test_a_file_that_was_exported_again_is_undone_from_the_newest_on(answered: Path) -> None:
    done("export")
    correct_one()
    done("export")

    assert "was written again by entry 2" in refused("history", "undo", "1", code=2)
    done("history", "undo", "2")
    done("history", "undo", "1")
    assert not XML.exists()
    assert "is undone already" in refused("history", "undo", "1", code=2)


def test_a_file_that_is_gone_comes_back_or_stays_gone(answered: Path) -> None:
    done("export")
    first = XML.read_bytes()
    correct_one()
    done("export")
    XML.unlink()
    done("history", "undo", "2")
    assert XML.read_bytes() == first
    XML.unlink()
    assert "Every file is already as it was." in done("history", "undo", "1").stdout


def test_a_dry_undo_changes_nothing(answered: Path) -> None:
    done("export")
    before = files()
    report = as_json("history", "undo", "1", "--dry-run")

    assert report["removed"] == [str(Path.cwd() / XML)]
    assert files() == before


def test_a_missing_copy_stops_the_undo_before_anything_is_changed(answered: Path) -> None:
    done("export", "--to", "m3u8")
    edit(lambda number, row: row.update(correct_bucket="Sets / Late"))
    done("export", "--to", "m3u8", "--include-sorted")
    kept = sorted(Path("data/history/0002").glob("*-before*"))
    kept[-1].write_text("damaged")
    before = outside_history()

    assert "is missing or damaged" in refused("history", "undo", "2")
    assert outside_history() == before


def test_an_unknown_entry_is_named_with_those_there_are(answered: Path) -> None:
    done("export")

    assert "no entry 7 in the history; there are 1" in refused("history", "undo", "7")
    assert djlib("history", "undo", "x").exit_code == 2


def test_a_damaged_entry_is_left_out_and_its_number_not_used_again(answered: Path) -> None:
    done("export")
    Path("data/history/0001/entry.json").write_text("{")
    done("export", "--to", "csv")

    assert [e["id"] for e in entries()] == [2]


def test_an_export_killed_in_the_middle_can_be_undone(
    answered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("export", "--to", "m3u8")
    edit(lambda number, row: row.update(correct_bucket="New" if number == 0 else ""))
    before = outside_history()
    write, written = NewFile.write, []

    def killed(file: NewFile) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(file.path)
        write(file)

    monkeypatch.setattr(NewFile, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        _call("export", "--to", "m3u8")
    assert outside_history() != before
    assert [e["state"] for e in entries()] == ["begun", "done"]
    assert "killed in the middle" in done("history", "list").stdout
    done("history", "undo", "2")
    assert outside_history() == before


def _call(*arguments: str) -> None:
    from djlib.settings import Workspace, load_settings
    from djlib.workflows.buckets.export.export import ExportOptions, export_buckets
    from djlib.workflows.core.progress import NullReporter

    here = Workspace(Path.cwd())
    export_buckets(
        here,
        load_settings(here.root, {}),
        arguments[2],
        options=ExportOptions(),
        talk=NullReporter(),
    )


def test_the_entry_says_what_was_there_and_what_is_there_now(answered: Path) -> None:
    done("export")
    entry = json.loads(Path("data/history/0001/entry.json").read_text())
    (change,) = entry["changes"]

    assert change["path"] == str(Path.cwd() / XML)
    assert change["before"] is None
    assert len(change["after"]) == 64
    assert entry["facts"]["playlists"] == {"Sets / Late": 2, "Sets / Warm": 2}


def test_one_who_names_nothing_is_told_what_there_is(answered: Path) -> None:
    assert "there is nothing to take back" in refused("history", "undo", code=2)
    done("export", "--to", "m3u8")
    done("export", "--to", "csv")
    line = refused("history", "undo", code=2)
    assert "the newest is 2, csv, of 20" in line
    assert "'djlib history list' shows all" in line
    done("history", "undo", "2")
    assert "the newest is 1, m3u8" in refused("history", "undo", code=2)
    done("history", "undo", "1")
    assert "nothing to take back" in refused("history", "undo", code=2)
