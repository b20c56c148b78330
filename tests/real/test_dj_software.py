"""Real exports of rekordbox and Traktor, read in place, and the crates drawn from them by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from djlib.formats.collection import Library, Playlist
from djlib.formats.dj.m3u import write_m3u8
from djlib.formats.dj.rekordbox import write_rekordbox
from djlib.formats.library import read_library
from djlib.formats.locations import decode_location, encode_location
from djlib.formats.playlists import attach_buckets, choose_buckets

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_REKORDBOX = ["rekordbox_5.4_windows.xml", "rekordbox_5.8_mac.xml"]
_TRAKTOR = ["traktor_v15.nml", "traktor_v19.nml"]
_CRATES = {
    "rekordbox_5.4_windows.xml": "library_a.csv",
    "traktor_v19.nml": "library_b.csv",
    "traktor_v15.nml": "library_c.csv",
    "rekordbox_5.8_mac.xml": "library_d.csv",
}

pytestmark = pytest.mark.skipif(not _DATA.is_dir(), reason=f"no real data at {_DATA}")


@cache
def library(name: str) -> Library:
    return read_library(_DATA / "dj_software" / name)


@pytest.mark.parametrize(
    ("name", "n_tracks", "n_playlists"),
    [
        ("rekordbox_5.4_windows.xml", 3369, 29),
        ("rekordbox_5.8_mac.xml", 1720, 35),
        ("traktor_v15.nml", 2557, 59),
        ("traktor_v19.nml", 2028, 49),
    ],
)
def test_every_track_and_playlist_is_read(name: str, n_tracks: int, n_playlists: int) -> None:
    read = library(name)
    assert len(read.tracks) == n_tracks
    assert read.tracks["track_id"].is_unique
    assert read.tracks["path"].ne("").all()
    assert sum(playlist.kind == "playlist" for playlist in read.playlists) == n_playlists
    met = [p for p in read.problems if p.column != "tracks"]  # two were cut off by their givers
    assert {p.outcome for p in met} <= {"value ignored"}


@pytest.mark.parametrize("name", _REKORDBOX)
def test_every_location_is_decoded_and_encoded_to_the_byte(name: str) -> None:
    locations = library(name).tracks["location"]
    assert [encode_location(decode_location(written)) for written in locations] == list(locations)
    assert library(name).tracks["path"].tolist() == list(map(decode_location, locations))


@pytest.mark.parametrize("name", _TRAKTOR)
def test_every_playlist_key_of_traktor_finds_its_track(name: str) -> None:
    assert not [p for p in library(name).problems if p.column == "playlist"]


def test_traktors_own_keys_have_names() -> None:
    keys = library("traktor_v19.nml").tracks["key"]
    assert keys.str.fullmatch(r"[A-G]b?m?").mean() > 0.95


@pytest.mark.parametrize("name", _CRATES)
def test_buckets_are_those_a_person_drew_from_the_same_library(name: str) -> None:
    """The crates hold a part of each library: larger playlists only, tracks with a bucket only."""
    read = library(name)
    choice = choose_buckets(read.tracks, read.playlists)
    drawn = pd.read_csv(_DATA / "crates" / _CRATES[name], dtype=str, keep_default_na=False)
    names = {part.strip() for cell in drawn["buckets"] for part in cell.split("|")}
    assert names <= {playlist.name for playlist in choice.kept}

    drawn_from = [playlist for playlist in choice.kept if playlist.name in names]
    both = _same_songs(drawn, attach_buckets(read.tracks, drawn_from))
    assert len(both) > 0.75 * len(drawn)
    assert (both["bucket"] == both["bucket_drawn"].str.strip()).mean() > 0.97


def _same_songs(drawn: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    song = ["artist", "title"]
    sides = [side.drop_duplicates(song, keep=False) for side in (drawn, tracks)]
    return sides[0].merge(sides[1], on=song, suffixes=("_drawn", ""))


def test_lists_that_are_nobodys_taste_are_left_out() -> None:
    left_out = {
        name: choose_buckets(library(name).tracks, library(name).playlists).left_out
        for name in _CRATES
    }
    windows = left_out["rekordbox_5.4_windows.xml"]
    assert [name for name in windows if name.startswith("HISTORY")] == list(windows)[1:]
    mac = left_out["rekordbox_5.8_mac.xml"]
    assert len(mac) == 5
    assert all("bpm" in name and "tempo" in reason for name, reason in mac.items())
    assert set(left_out["traktor_v19.nml"]) == {"aTeste", "_LOOPS", "_RECORDINGS"}
    assert len(left_out["traktor_v15.nml"]) == 7


def test_half_of_one_library_has_several_buckets_but_most_of_them_are_tempi() -> None:
    read = library("rekordbox_5.8_mac.xml")
    shares = []
    for everything in (True, False):
        choice = choose_buckets(read.tracks, read.playlists, everything=everything)
        buckets = attach_buckets(read.tracks, choice.kept)["buckets"]
        shares.append(buckets.str.contains("|", regex=False).mean())
    assert shares[0] > 0.5
    assert 0.05 < shares[1] < 0.2


@pytest.mark.parametrize("name", _CRATES)
def test_a_library_survives_its_export_to_rekordbox(name: str, tmp_path: Path) -> None:
    read = library(name)
    assert write_rekordbox(tmp_path / "out.xml", read.tracks, read.playlists) == []
    again = read_library(tmp_path / "out.xml")
    for column in ("track_id", "path", "artist", "title", "key", "date_added"):
        assert again.tracks[column].tolist() == read.tracks[column].tolist()
    assert sorted(map(_below_own_folder, again.playlists)) == sorted(
        (playlist.path, playlist.track_ids) for playlist in read.playlists
    )


def _below_own_folder(playlist: Playlist) -> tuple[tuple[str, ...], tuple[str, ...]]:
    assert playlist.path[0] == "djlib"
    return playlist.path[1:], playlist.track_ids


@pytest.mark.parametrize("name", _CRATES)
def test_a_library_survives_its_export_to_playlist_files(name: str, tmp_path: Path) -> None:
    read = library(name)
    files, problems = write_m3u8(tmp_path, read.tracks, read.playlists)
    assert problems == []
    paths = read.tracks.set_index("track_id")["path"]
    for file, playlist in zip(files, read.playlists, strict=True):
        lines = file.read_bytes().decode().split("\n")
        expected = paths[list(playlist.track_ids)].tolist()
        assert [line for line in lines if line and not line.startswith("#")] == expected
