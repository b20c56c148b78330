"""What djlib writes, read by libraries of others; skipped where they are not installed.

They are no dependencies: `pip install pyrekordbox traktor-nml-utils serato-tools` for these.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.formats.collection import Playlist
from djlib.formats.dj.rekordbox import write_rekordbox
from djlib.formats.dj.serato import write_serato
from djlib.formats.dj.traktor import write_traktor

from .samples import table

NAMES = [
    "Plain",
    "#1 + 100% [live] & more",
    "שלום 🎧",
    'a "quote" <b>',
    "e\u0301" * 60,
    "Über/Fall",
]
LISTS = [Playlist(("Sets", "Late"), ("t_2", "t_0")), Playlist(("New / Old", "A & B"), ("t_1",))]


def library(folder: str) -> pd.DataFrame:
    """Tracks of hostile names in one folder, each field filled but for the last."""
    n_rows = len(NAMES)
    return table(
        title=NAMES,
        artist=NAMES[::-1],
        path=[f"{folder}{name.replace('/', ':')}.mp3" for name in NAMES],
        album=["LP"] * n_rows,
        genres=["House; Techno"] * n_rows,
        bpm=[*[126.5] * (n_rows - 1), np.nan],
        key=["Am"] * n_rows,
        year=[2010.0] * n_rows,
        duration_s=[321.5] * n_rows,
        rating=[4.0] * n_rows,
        play_count=[2.0] * n_rows,
        date_added=["2011-03-29"] * n_rows,
    )


@pytest.mark.filterwarnings("ignore")
def test_pyrekordbox_reads_the_xml(tmp_path: Path) -> None:
    rbxml = pytest.importorskip("pyrekordbox.rbxml", reason="pyrekordbox is not installed")
    file, tracks = tmp_path / "x.xml", library("D:/Music/")
    assert write_rekordbox(file, tracks, LISTS) == []
    read = rbxml.RekordboxXml(str(file))
    assert [track["Name"] for track in read.get_tracks()] == NAMES
    assert [track["AverageBpm"] for track in read.get_tracks()][:-1] == [126.5] * 5
    found = [track["Location"].replace("\\", "/") for track in read.get_tracks()]
    assert found == tracks["path"].tolist()
    late = read.get_playlist("djlib", "Sets", "Late")
    assert [read.get_track(TrackID=key)["Name"] for key in late.get_tracks()] == [
        NAMES[2],
        NAMES[0],
    ]
    assert read.get_playlist("djlib", "New / Old", "A & B").get_tracks() == [2]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("folder", ["D:/Music/", "/Users/dj/", "/Volumes/USB/Sets/"])
def test_traktor_nml_utils_reads_the_nml(tmp_path: Path, folder: str) -> None:
    nml_utils = pytest.importorskip(
        "traktor_nml_utils", reason="traktor-nml-utils is not installed"
    )
    file, tracks = tmp_path / "x.nml", library(folder)
    assert write_traktor(file, tracks, LISTS) == []
    read = nml_utils.TraktorCollection(path=file).nml
    entries = read.collection.entry
    assert [entry.title for entry in entries] == NAMES
    assert [entry.tempo.bpm for entry in entries if entry.tempo] == [126.5] * 5
    assert {entry.musical_key.value_attribute for entry in entries} == {21}
    assert {entry.info.ranking for entry in entries} == {204}
    keys = [f"{e.location.volume}{e.location.dir}{e.location.file}" for e in entries]
    root = read.playlists.node
    assert (root.name, [node.name for node in root.subnodes.node]) == ("$ROOT", ["djlib"])
    folders = {node.name: node for node in root.subnodes.node[0].subnodes.node}
    late = folders["Sets"].subnodes.node[0]
    assert late.name == "Late"
    assert [e.primarykey.key for e in late.playlist.entry] == [keys[2], keys[0]]
    assert len(late.playlist.uuid) == 32


@pytest.mark.filterwarnings("ignore")
def test_serato_tools_reads_the_crates(tmp_path: Path) -> None:
    crates = pytest.importorskip("serato_tools.crate", reason="serato-tools is not installed")
    files, problems = write_serato(tmp_path, library("/Users/dj/"), LISTS)
    assert problems == []
    read = crates.Crate(str(files[0]))
    paths = [name.replace("/", ":") for name in (NAMES[2], NAMES[0])]
    assert read.tracks() == [f"Users/dj/{name}.mp3" for name in paths]
    assert read._dump() == files[0].read_bytes()
