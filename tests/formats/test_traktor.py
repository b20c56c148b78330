from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from djlib.errors import FormatError
from djlib.formats.dj.traktor import FORMAT, MUSICAL_KEYS, read
from djlib.formats.dj.traktor_places import decode_volume

from .samples import is_known, nml, nml_entry, nml_playlist

KEY = "Macintosh HD/:Users/:dj/:Music/:{}.mp3"


def test_elements_become_columns(tmp_path: Path) -> None:
    inner = (
        '<ALBUM TRACK="1" TITLE="LP"></ALBUM>'
        '<INFO GENRE="House" LABEL="4AD" COMMENT="8A" KEY="5A" PLAYCOUNT="2" PLAYTIME="321"'
        ' IMPORT_DATE="2011/3/29" RELEASE_DATE="2010/1/1" RANKING="204"></INFO>'
        '<TEMPO BPM="126.000000" BPM_QUALITY="100"></TEMPO><MUSICAL_KEY VALUE="21"></MUSICAL_KEY>'
    )
    row = read(nml(tmp_path, nml_entry(inner=inner))).tracks.iloc[0].to_dict()
    assert row.pop("track_id").startswith("t_")
    assert row == {
        "artist": "Ana",
        "title": "One",
        "album": "LP",
        "label": "4AD",
        "genres": "House",
        "bpm": 126,
        "key": "Am",
        "year": 2010,
        "duration_s": 321,
        "date_added": "2011-03-29",
        "path": "/Users/dj/Music/One.mp3",
        "location": KEY.format("One"),
        "source_id": KEY.format("One"),
        "comment": "8A",
        "rating": 4,
        "play_count": 2,
    }


def test_an_entry_may_lack_everything_but_its_file(tmp_path: Path) -> None:
    place = 'DIR="/:" FILE="a.mp3" VOLUME="C:"'
    row = read(nml(tmp_path, f"<ENTRY><LOCATION {place}/></ENTRY>", version=15)).tracks.iloc[0]
    assert row["path"] == "C:/a.mp3"
    assert (row["artist"], row["title"], row["key"]) == ("", "", "")
    assert np.isnan(row["bpm"])


def test_an_entry_without_a_file_is_left_out_and_reported(tmp_path: Path) -> None:
    library = read(nml(tmp_path, '<ENTRY TITLE="Lost"></ENTRY>\n' + nml_entry()))
    assert library.tracks["title"].tolist() == ["One"]
    problem = library.problems[0]
    assert (problem.value, problem.line, problem.outcome) == ("Lost", 4, "row left out")


@pytest.mark.parametrize(
    ("value", "name"), [("0", "C"), ("10", "Bb"), ("12", "Cm"), ("17", "Fm"), ("23", "Bm")]
)
def test_musical_keys_have_names(tmp_path: Path, value: str, name: str) -> None:
    inner = f'<MUSICAL_KEY VALUE="{value}"></MUSICAL_KEY>'
    assert read(nml(tmp_path, nml_entry(inner=inner))).tracks.loc[0, "key"] == name
    assert len(set(MUSICAL_KEYS)) == 24


@pytest.mark.parametrize("value", ["24", "-1", "", "x"])
def test_the_tag_speaks_where_traktor_has_no_key(tmp_path: Path, value: str) -> None:
    inner = f'<INFO KEY="8m"></INFO><MUSICAL_KEY VALUE="{value}"></MUSICAL_KEY>'
    assert read(nml(tmp_path, nml_entry(inner=inner))).tracks.loc[0, "key"] == "8m"


@pytest.mark.parametrize(
    ("volume", "folder", "path"),
    [
        ("C:", "/:Music/:", "C:/Music/a.mp3"),
        ("Macintosh HD", "/:Users/:dj/:", "/Users/dj/a.mp3"),
        ("Renamed disk", "/:Users/:dj/:", "/Users/dj/a.mp3"),
        ("Macintosh SSD", "/:Library/:", "/Library/a.mp3"),
        ("USB", "/:Sets/:", "/Volumes/USB/Sets/a.mp3"),
        ("USB", "/:A//B/:", "/Volumes/USB/A:B/a.mp3"),
        ("//nas/music", "/:x/:", "//nas/music/x/a.mp3"),
    ],
)
def test_volumes_of_every_system_give_paths(volume: str, folder: str, path: str) -> None:
    assert decode_volume(volume, folder, "a.mp3") == path


def test_playlists_stand_in_their_folders(tmp_path: Path) -> None:
    inner = nml_playlist("Late", [KEY.format("Two"), KEY.format("gone")])
    nodes = (
        f'<NODE TYPE="FOLDER" NAME="Sets"><SUBNODES COUNT="1">{inner}</SUBNODES></NODE>'
        + nml_playlist("All", [KEY.format("One"), KEY.format("Two")])
        + '<NODE TYPE="SMARTLIST" NAME="Hora"><SMARTLIST UUID="0">'
        '<SEARCH_EXPRESSION VERSION="1" QUERY=\'$GENRE % "Hora"\'/></SMARTLIST></NODE>'
    )
    library = read(nml(tmp_path, nml_entry("One") + nml_entry("Two"), nodes))
    one, two = library.tracks["track_id"]
    found = [(p.path, p.track_ids, p.kind) for p in library.playlists]
    assert found == [
        (("Sets", "Late"), (two,), "playlist"),
        (("All",), (one, two), "playlist"),
        (("Hora",), (), "smart"),
    ]
    assert [p.value for p in library.problems] == ["Sets / Late"]


def test_entries_of_playlists_are_no_tracks(tmp_path: Path) -> None:
    nodes = nml_playlist("All", [KEY.format("One")])
    assert len(read(nml(tmp_path, nml_entry(), nodes)).tracks) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no element found"),
        ("<NML VERSION='19'><HEAD/></NML>", "no <COLLECTION>"),
        ("<DJ_PLAYLISTS/>", "outermost element is <DJ_PLAYLISTS>"),
        ("<NML><COLLECTION><ENTRY TITLE='x'></COLLECTION>", "line 1, column"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><NML/>', "declares the XML entity"),
    ],
)
def test_what_is_no_collection_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "collection.nml"
    file.write_text(text)
    with pytest.raises(FormatError, match=message):
        read(file)


def test_the_file_is_known_by_its_content(tmp_path: Path) -> None:
    assert is_known(FORMAT, nml(tmp_path, "").rename(tmp_path / "library.xml"))
