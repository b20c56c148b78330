from __future__ import annotations

import re

import numpy as np
import pytest

from djlib.formats.collection import Library, SourcePlaylist, assemble, track_id


def library(columns: dict[str, list[str]], *playlists: SourcePlaylist) -> Library:
    return assemble("sample", columns, list(playlists), [], list(range(2, 20)))


def test_ids_are_a_letter_and_twelve_hex_digits() -> None:
    assert re.fullmatch(r"t_[0-9a-f]{12}", track_id("/Users/a.mp3"))


def test_ids_do_not_depend_on_how_accents_are_composed() -> None:
    assert track_id("/Users/e\u0301.mp3") == track_id("/Users/\u00e9.mp3")


def test_ids_without_a_path_come_from_artist_title_and_seconds() -> None:
    assert track_id("", "Ana", "One", 200.4) == track_id("", "ana ", "ONE", 200.0)
    assert track_id("", "Ana", "One", 200.0) != track_id("", "Ana", "One", 300.0)
    assert track_id("", "Ana", "One", np.nan) != track_id("", "Bo", "One", np.nan)


def test_entries_of_one_file_become_one_row_with_the_playlists_of_both() -> None:
    read = library(
        {"title": ["One", "Again", "Two"], "path": ["D:/1.mp3", "d:/1.MP3", "D:/2.mp3"]},
        SourcePlaylist(("A",), [0]),
        SourcePlaylist(("B",), [1, 2, 1]),
    )
    one, two = read.tracks["track_id"]
    assert read.tracks["title"].tolist() == ["One", "Two"]
    assert [p.track_ids for p in read.playlists] == [(one,), (one, two)]
    assert [(p.line, p.outcome) for p in read.problems] == [(3, "note")]


def test_an_entry_without_file_artist_or_title_is_left_out_and_reported() -> None:
    read = library({"artist": ["", "Ana"], "title": ["", "One"]}, SourcePlaylist(("A",), [0, 1]))
    assert read.tracks["title"].tolist() == ["One"]
    assert len(read.playlists[0].track_ids) == 1
    assert [(p.line, p.outcome) for p in read.problems] == [(2, "row left out")]


def test_the_sign_that_joins_buckets_is_replaced_in_names() -> None:
    read = library({"title": ["One"]}, SourcePlaylist((" Techno|House ",), [0]))
    assert read.playlists[0].name == "Techno¦House"
    assert read.problems[0].outcome == "note"


def test_two_playlists_of_one_full_name_become_one() -> None:
    read = library(
        {"title": ["One", "Two"]}, SourcePlaylist(("A",), [0]), SourcePlaylist(("A",), [1, 0])
    )
    assert [p.track_ids for p in read.playlists] == [tuple(read.tracks["track_id"])]
    assert "second playlist" in read.problems[0].reason


def test_a_playlist_without_a_name_gets_one() -> None:
    read = library({"title": ["One"]}, SourcePlaylist(("Sets", "  "), [0]))
    assert read.playlists[0].name == "Sets / (no name)"


def test_numbers_are_numbers_and_zero_is_not_known() -> None:
    columns = {"title": ["One"], "bpm": ["0.00"], "year": ["0"], "rating": ["204"]}
    track = library(columns).tracks.iloc[0]
    assert np.isnan(track["bpm"])
    assert np.isnan(track["year"])
    assert track["rating"] == 4


def test_without_lines_a_problem_names_the_file() -> None:
    read = assemble("sample", {"path": ["/a.mp3"], "bpm": ["fast"]}, [], [])
    assert read.problems[0].line is None
    assert "/a.mp3" in read.problems[0].reason


def test_no_rows_give_an_empty_table_with_every_column() -> None:
    read = library({"title": []})
    assert len(read.tracks) == 0
    assert {"track_id", "bpm", "path"} <= set(read.tracks.columns)


@pytest.mark.parametrize("n_missing", [1, 3])
def test_missing_members_are_counted(n_missing: int) -> None:
    read = library({"title": ["One"]}, SourcePlaylist(("A",), [0], n_missing))
    assert read.problems[0].reason.startswith(f"{n_missing} of its tracks")
