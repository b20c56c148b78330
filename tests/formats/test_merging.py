from __future__ import annotations

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from djlib.formats.collection import Library, Playlist, SourcePlaylist, assemble
from djlib.formats.merging import SOURCE_IDS, merge
from djlib.formats.playlists import choose_buckets

NAMES = st.sampled_from(["One", "Two", "ONE ", "Ónē", ""])
PATHS = st.sampled_from(["", "/m/1.mp3", "/m/2.mp3", "D:/m/1.mp3", "d:\\M\\1.MP3"])
SECONDS = st.sampled_from(["", "200", "201.5", "260"])
ROWS = st.lists(st.tuples(PATHS, NAMES, NAMES, SECONDS), min_size=1, max_size=6)


def library(source: str, rows: list[tuple[str, str, str, str]], name: str = "All") -> Library:
    paths, artists, titles, seconds = map(list, zip(*rows, strict=True))
    columns = {"path": paths, "artist": artists, "title": titles, "duration_s": seconds}
    columns["source_id"] = [str(n) for n in range(len(rows))]
    return assemble(source, columns, [SourcePlaylist((name,), list(range(len(rows))))], [])


def test_one_path_is_one_track_and_the_first_that_knows_a_value_says_it() -> None:
    first = library("A", [("D:/m/1.mp3", "", "One", ""), ("/m/2.mp3", "Bo", "Two", "100")], "X")
    second = library("B", [("d:\\M\\1.MP3", "Ana", "Eins", "200")], "Y")
    merged = merge([first, second])
    one, two = merged.tracks.to_dict("records")
    assert (one["artist"], one["title"], one["duration_s"]) == ("Ana", "One", 200)
    assert one[SOURCE_IDS] == "A: 0; B: 0"
    assert two[SOURCE_IDS] == "A: 1"
    assert one["track_id"] == first.tracks["track_id"][0]
    assert {p.name: len(p.track_ids) for p in merged.playlists} == {"X": 2, "Y": 1}


def test_one_song_is_one_track_within_two_seconds() -> None:
    first = library("A", [("D:/m/1.mp3", "Ana", "One", "200")])
    for seconds, n_tracks in (("201.9", 1), ("203", 2), ("", 1)):
        second = library("B", [("/Users/dj/1.mp3", "ANA", "one", seconds)])
        assert len(merge([first, second]).tracks) == n_tracks


def test_a_song_of_which_a_source_has_two_files_is_left_apart() -> None:
    first = library("A", [("/m/1.mp3", "Ana", "One", "200")])
    second = library("B", [("/n/1.mp3", "Ana", "One", "200"), ("/n/1.wav", "Ana", "One", "200")])
    assert len(merge([first, second]).tracks) == 3
    assert len(merge([second, first]).tracks) == 3


def test_two_audio_files_that_are_there_are_two() -> None:
    files = [library(name, [(f"/{name}/1.mp3", "Ana", "One", "200")]) for name in "AB"]
    assert len(merge(files, [True, True]).tracks) == 2
    assert len(merge(files, [True, False]).tracks) == 1


def test_playlists_of_one_name_are_one() -> None:
    first = library("A", [("/m/1.mp3", "", "One", "")], "Late")
    second = library("B", [("/m/1.mp3", "", "One", ""), ("/m/2.mp3", "", "Two", "")], "Late")
    (late,) = merge([first, second]).playlists
    assert len(late.track_ids) == 2


def test_buckets_that_tables_state_are_united_and_their_ids_stay_apart() -> None:
    tables = [
        Library(
            pd.DataFrame({"track_id": ["1"], "artist": ["Ana"], "title": [title], "bucket": [b]}),
            [],
            [],
            "table",
        )
        for title, b in (("One", "Peak"), ("one", "Late"), ("Other", "Late"))
    ]
    merged = merge(tables).tracks
    assert merged["track_id"].tolist() == ["1", "1-2"]
    assert merged["bucket"].tolist() == ["Peak", "Late"]


_ONE, _ONE_THERE = ("", "One", "One", ""), ("/m/1.mp3", "One", "One", "")


def test_two_tracks_of_one_source_stay_two_where_others_made_them_one() -> None:
    libraries = [
        library(str(n), r) for n, r in enumerate([[_ONE], [_ONE_THERE], [_ONE, _ONE_THERE]])
    ]
    merged = merge(libraries).tracks
    assert merged[SOURCE_IDS].tolist() == ["0: 0; 1: 0; 2: 1", "2: 0"]
    assert merged["track_id"].is_unique


@settings(deadline=None, max_examples=80)
@given(st.lists(ROWS, min_size=2, max_size=3))
@example([[_ONE], [_ONE_THERE], [_ONE, _ONE_THERE]])
def test_nothing_is_lost_and_nothing_doubled(rows: list[list[tuple[str, str, str, str]]]) -> None:
    libraries = [library(str(n), given_rows) for n, given_rows in enumerate(rows)]
    merged = merge(libraries)
    ids = set(merged.tracks["track_id"])
    assert len(ids) == len(merged.tracks)
    assert all(set(playlist.track_ids) <= ids for playlist in merged.playlists)
    assert max(len(one.tracks) for one in libraries) <= len(merged.tracks)
    assert len(merged.tracks) <= sum(len(one.tracks) for one in libraries)
    again = merge([merged, merged])
    assert again.tracks["track_id"].tolist() == merged.tracks["track_id"].tolist()


def test_a_list_is_compared_with_the_library_it_came_from() -> None:
    rows = [(f"/m/{n}.mp3", "Ana", f"Title {n}", "") for n in range(25)]
    whole = library("A", rows, "Everything")
    whole.playlists.append(Playlist(("Late",), (whole.tracks["track_id"][0],)))
    other = library("B", [(f"/n/{n}.mp3", "Bo", f"Title {n}", "") for n in range(100)], "Set")
    merged = merge([whole, other])
    kept = choose_buckets(merged.tracks, merged.playlists).kept
    assert [playlist.name for playlist in kept] == ["Late", "Set"]


def test_a_song_whose_artist_stands_in_the_title_is_the_song_of_another_source() -> None:
    def named(artist: str, title: str) -> tuple[str, str]:
        before, dash, after = title.partition(" - ")
        return (before, after) if dash and not artist else (artist, title)

    first = library("A", [("/m/1.mp3", "", "Ana - One", "200"), ("/m/2.mp3", "", "Two", "")])
    second = library("B", [("D:/m/1.mp3", "Ana", "One", "201"), ("D:/m/3.mp3", "Bo", "Two", "")])
    assert len(merge([first, second]).tracks) == 4
    for libraries in ([first, second], [second, first]):
        merged = merge(libraries, named=named).tracks
        assert len(merged) == 3
        (one,) = merged[merged[SOURCE_IDS].str.contains(";")].to_dict("records")
        assert (one["artist"], one["title"]) == ("Ana", "One")
    alone = merge([first, library("C", [("/m/9.mp3", "", "Bo - Nine", "")])], named=named).tracks
    assert alone["title"].tolist() == ["Ana - One", "Two", "Bo - Nine"]


def test_a_title_made_of_the_file_name_never_beats_a_stated_one() -> None:
    def library(title: str, artist: str = "") -> Library:
        row = {"track_id": "t_1", "path": "/m/01 - track_a.mp3", "artist": artist, "title": title}
        return Library(pd.DataFrame([row]), [], [], title)

    guess, stated = library("01 - track_a"), library("Night Bus", "Orla Fenn")
    for libraries in ([guess, stated], [stated, guess], [guess, guess, stated]):
        assert merge(libraries).tracks["title"].tolist() == ["Night Bus"]
    assert merge([guess, guess]).tracks["title"].tolist() == ["01 - track_a"]
