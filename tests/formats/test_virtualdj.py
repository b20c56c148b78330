from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import FormatError
from djlib.formats.dj.virtualdj import FORMAT, read
from djlib.formats.library import read_library

from .samples import is_known

DATABASE = """<?xml version="1.0" encoding="UTF-8"?>
<VirtualDJ_Database Version="2024">
 <Song FilePath="D:\\Music\\One.mp3" FileSize="5000">
  <Tags Flag="1" Title="One" Author="Ana &amp; Bo" Genre="House" Year="2018" Stars="4" Key="8A" />
  <Infos SongLength="200.5" FirstSeen="1580992490" PlayCount="7" />
  <Comment>bright
 morning</Comment>
  <Scan Version="801" Bpm="0.468750" Key="Am" />
  <Poi Pos="1.5" Type="cue" Num="1" Name="Drop" />
 </Song>
 <Song Flag="1" FilePath="D:\\Music\\Two.mp3"><Poi Pos="0" Type="beatgrid" /></Song>
 <Song FilePath="D:\\Music\\Old.mp3"><Display Author="Cy" Title="Old" /><BPM Bpm="20671" /></Song>
 <Song FilePath="netsearch://td1"><Tags Author="Di" Title="Streamed" Bpm="0.5"/></Song>
</VirtualDJ_Database>
"""
LIST = """<?xml version="1.0" encoding="UTF-8"?>
<VirtualFolder noDuplicates="no">
 <song path="d:\\music\\one.MP3" size="5000" songlength="200.5" title="One" idx="0" />
 <song path="E:\\New.mp3" bpm="128" artist="Eve" title="New" idx="1" />
</VirtualFolder>
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "database.xml").write_text(DATABASE)
    (tmp_path / "Folders/Club").mkdir(parents=True)
    (tmp_path / "Folders/Club/Late.vdjfolder").write_text(LIST)
    (tmp_path / "MyLists/Sets.subfolders").mkdir(parents=True)
    (tmp_path / "MyLists/Sets.vdjfolder").write_text("<VirtualFolder />")
    (tmp_path / "MyLists/Sets.subfolders/Early.vdjfolder").write_text(LIST)
    (tmp_path / "Folders/Fast.vdjfolder").write_text('<FilterFolder filter="bpm&gt;130" />')
    (tmp_path / "Playlists").mkdir()
    told = "#EXTVDJ:<filesize>9</filesize><artist>Fay</artist><title>Six</title>"
    (tmp_path / "Playlists/Set.m3u").write_text(f"#EXTM3U\n{told}\nD:\\Music\\Six.mp3\n")
    return tmp_path


def test_songs_are_read_with_measured_tempo_and_key(folder: Path) -> None:
    tracks = read_library(folder / "database.xml").tracks.set_index("title")
    one = tracks.loc["One"]
    assert (one["artist"], one["bpm"], one["key"], one["year"]) == ("Ana & Bo", 128, "Am", 2018)
    assert (one["rating"], one["play_count"], one["date_added"]) == (4, 7, "2020-02-06")
    assert one["comment"] == "bright\n morning"
    assert tracks.loc["Two"]["path"] == "D:\\Music\\Two.mp3"
    assert tracks.loc["Old"]["bpm"] == 128.005
    assert tracks.loc["Streamed"]["path"] == ""
    assert tracks.loc["Six"]["artist"] == "Fay"


def test_lists_beside_the_database_are_playlists(folder: Path) -> None:
    library = read_library(folder)
    assert {p.path: len(p.track_ids) for p in library.playlists} == {
        ("Club", "Late"): 2,
        ("Sets",): 0,
        ("Sets", "Early"): 2,
        ("Set",): 1,
    }
    assert library.source == "VirtualDJ database"
    assert len(library.tracks) == 6


def test_one_list_is_a_library_of_one_playlist(folder: Path) -> None:
    library = read_library(folder / "Folders/Club/Late.vdjfolder")
    assert library.playlists[0].path == ("Late",)
    assert library.tracks["bpm"].tolist()[1] == 128


def test_a_broken_list_is_a_problem_and_a_broken_database_the_end(folder: Path) -> None:
    (folder / "Folders/Bad.vdjfolder").write_text(LIST[:150])
    (problem,) = read(folder).problems
    assert (problem.column, problem.value) == ("playlist", "Bad.vdjfolder")
    (folder / "database.xml").write_text(DATABASE[:300])
    with pytest.raises(FormatError, match="broken XML at line"):
        read(folder)


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><VirtualDJ_Database><Song FilePath="&a;"/>'
    (tmp_path / "database.xml").write_text(bomb + "</VirtualDJ_Database>")
    with pytest.raises(FormatError, match="declares the XML entity"):
        read(tmp_path / "database.xml")


def test_it_is_known_by_its_root(folder: Path) -> None:
    assert is_known(FORMAT, folder)
    assert is_known(FORMAT, (folder / "database.xml").rename(folder / "backup.bak"))
    assert not is_known(FORMAT, folder)


def test_a_version_in_a_field_of_its_own_is_part_of_the_title(tmp_path: Path) -> None:
    titles = [("One", "Dub"), ("Two (dub mix)", "Dub Mix"), ("", "x")]
    songs = "".join(
        f'<Song FilePath="/m/{n}.mp3" FileSize="1" Flag="33554432">'
        f'<Tags Author="Ana" Title="{title}" Remix="{remix}" TrackNumber="3" Grouping="7" '
        'User1="#x" Bpm="0.508475" Flag="1"/><Infos SongLength="265.178396" Bitrate="258" '
        'LastPlay="1591112715" Cover="16386"/><Scan Version="801" Bpm="0.508481" AltBpm="0.381361" '
        'Volume="1.657463" Key="A#m" Flag="32768"/><Poi Pos="16.5" Type="beatgrid" Bpm="118.0"/>'
        "<Comment/><CustomMix>5A8A|1</CustomMix><LockedCues>1</LockedCues></Song>"
        for n, (title, remix) in enumerate(titles)
    )
    (tmp_path / "database.xml").write_text(f"<VirtualDJ_Database>{songs}</VirtualDJ_Database>")
    tracks = read(tmp_path).tracks
    assert tracks["title"].tolist() == ["One (Dub)", "Two (dub mix)", "2"]
    assert tracks["bpm"].round(1).tolist() == [118.0] * 3
    assert tracks["comment"].tolist() == [""] * 3
