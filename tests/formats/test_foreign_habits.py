"""Files as other DJs have them: other systems, other versions, other programs' habits."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import FormatError
from djlib.formats.library import read_library
from djlib.formats.records.listings import read_listings

from .audio_files import wav
from .samples import nml, nml_entry, nml_playlist, rekordbox_playlist, rekordbox_xml
from .test_serato import crate, library


def located(folder: Path, *locations: str, nodes: str = "") -> Path:
    tracks = [
        {"TrackID": str(n), "Name": f"Song {n}", "Artist": "Ana", "Location": location}
        for n, location in enumerate(locations)
    ]
    return rekordbox_xml(folder, tracks, nodes)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("file://localhost/C:/Music/a.mp3", "C:/Music/a.mp3"),
        ("file://localhost/C:\\Music\\a.mp3", "C:\\Music\\a.mp3"),
        ("file://localhost/C:%5cMusic%5ca.mp3", "C:\\Music\\a.mp3"),
        ("file://localhost/c%3a/a.mp3", "c:/a.mp3"),
        ("FILE://LOCALHOST/C:/a.mp3", "C:/a.mp3"),
        ("file:///C:/a.mp3", "C:/a.mp3"),
        ("file://C:/a.mp3", "C:/a.mp3"),
        ("file:///Volumes/USB%20Stick/a.mp3", "/Volumes/USB Stick/a.mp3"),
        ("file://NAS/share/a.mp3", "//NAS/share/a.mp3"),
        ("C:/a 100%.mp3", "C:/a 100%.mp3"),
        ("\\\\nas\\share\\a.mp3", "\\\\nas\\share\\a.mp3"),
        ("/Users/dj/a%20b.mp3", "/Users/dj/a%20b.mp3"),
    ],
)
def test_rekordbox_locations_of_every_spelling(tmp_path: Path, location: str, path: str) -> None:
    found = read_library(located(tmp_path, location))
    assert found.tracks["path"].tolist() == [path]
    assert not found.problems


@pytest.mark.parametrize(
    "location",
    ["spotify:track:1", "file://localhostsoundcloud:tracks:2", "file://localhost/tidal:tracks:3"],
)
def test_streamed_tracks_are_tracks_without_a_file(tmp_path: Path, location: str) -> None:
    lists = rekordbox_playlist("Late", ["0"])
    found = read_library(located(tmp_path, location, nodes=lists))
    assert found.tracks["path"].tolist() == [""]
    assert len(found.playlists[0].track_ids) == 1
    assert "streamed" in found.problems[0].reason


@pytest.mark.parametrize(
    ("encoding", "declared", "mark"),
    [
        ("utf-8", "UTF-8", b"\xef\xbb\xbf"),
        ("utf-16", "UTF-16", b""),
        ("cp1252", "windows-1252", b""),
    ]
    + [("latin-1", "ISO-8859-1", b""), ("utf-8", "UTF-8", b"\r\n ")],
)
def test_xml_in_every_encoding_and_with_blank_lines_above(
    tmp_path: Path, encoding: str, declared: str, mark: bytes
) -> None:
    file = located(tmp_path, "file://localhost/C:/a.mp3")
    text = file.read_text().replace("Song 0", "Café").replace("UTF-8", declared)
    file.write_bytes(mark + text.encode(encoding))
    assert read_library(file).tracks["title"].tolist() == ["Café"]


def test_an_entry_that_stands_twice_and_a_disk_that_is_gone(tmp_path: Path) -> None:
    key = "Macintosh HD/:Users/:dj/:Music/:One.mp3"
    entries = nml_entry("One") * 2
    entries += nml_entry("Two", 'DIR="/:Old/:" FILE="2.mp3" VOLUME="Old disk" VOLUMEID="9f"')
    entries += nml_entry("Streamed", 'DIR="" FILE="" VOLUME="" VOLUMEID=""')
    smart = (
        '<NODE TYPE="SMARTLIST" NAME="Hora"><SMARTLIST UUID="1"><SEARCH_EXPRESSION VERSION="1" '
        'QUERY="$GENRE % &quot;Hora&quot;"></SEARCH_EXPRESSION></SMARTLIST></NODE>'
    )
    nodes = nml_playlist("P", [key, key, "Old disk/:Old/:2.mp3", "Gone/:x.mp3"]) + smart
    found = read_library(nml(tmp_path, entries, nodes, version=20))
    assert found.tracks["title"].tolist() == ["One", "Two", "Streamed"]
    assert found.tracks["path"].tolist()[1:] == ["/Volumes/Old disk/Old/2.mp3", ""]
    assert [(p.name, p.kind, len(p.track_ids)) for p in found.playlists] == [
        ("P", "playlist", 2),
        ("Hora", "smart", 0),
    ]
    assert [p.outcome for p in found.problems] == ["note", "note"]


def test_crates_of_every_name(tmp_path: Path) -> None:
    names = ("Été 🎧%%שלום", "No parent%%Child%%Grandchild", "100%", "%%", "Rules")
    files = {f"{name}.crate": crate("Users/dj/Música/Ñandú.mp3") for name in names[:-1]}
    files["Rules.scrate"] = crate("Users/dj/Música/Ñandú.mp3")
    found = read_library(library(tmp_path, [], files))
    assert {(p.name, p.kind) for p in found.playlists} == {
        ("Été 🎧 / שלום", "playlist"),
        ("No parent / Child / Grandchild", "playlist"),
        ("100%", "playlist"),
        ("(no name) / (no name)", "playlist"),
        ("Rules", "smart"),
    }
    assert found.tracks["path"].tolist() == ["/Users/dj/Música/Ñandú.mp3"]
    assert all(len(p.track_ids) == 1 for p in found.playlists)


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("\ufeff#EXTM3U\r\n#EXTINF:12,Ana, Bo - One, Two\r\n/1.mp3\r\n", ("Ana, Bo", "One, Two")),
        ("#EXTM3U\r#EXTINF:12,Ana - One\r/1.mp3\r", ("Ana", "One")),
        ('#EXTINF:12 tvg-id="a, b" x="y",Ana - One\n/1.mp3\n', ("Ana", "One")),
        ("#EXTINF:12,Ana – One\n/1.mp3\n", ("Ana", "One")),
        ("#EXTINF:12,Ana – One - Live\n/1.mp3\n", ("Ana – One", "Live")),
        ("#EXTINF:12,Ana - One\n  /1.mp3\n", ("Ana", "One")),
        ("#EXTINF:12,Ana - One\nfile:/1.mp3\n", ("Ana", "One")),
        ("#EXTINF:12,Ana - One\nfile:///%31.mp3\n", ("Ana", "One")),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_playlist_files_of_every_player(
    tmp_path: Path, content: str, row: tuple[str, str], encoding: str
) -> None:
    file = tmp_path / "list.m3u"
    marked = content if encoding == "utf-8" else content.removeprefix("\ufeff")
    file.write_bytes(marked.encode(encoding))
    (track,) = read_library(file).tracks.to_dict("records")
    assert (track["artist"], track["title"]) == row
    assert (track["path"], track["duration_s"]) == ("/1.mp3", 12)


@pytest.mark.parametrize(
    "content",
    [
        "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id\nX,Ana,One,L,LP,5,1999,11\n",
        'release_id;Released;Title;Artist;Label;Format\n11;1999;"One";Ana;L;LP\n',
        "\ufeffrelease_id\tArtist\tTitle\tLabel\tReleased\n11\tAna\tOne\tL\t1999\n",
        '"Released","Artist","Title","Label","release_id"\r\n"1999","Ana","One","L","11"\r\n',
    ],
)
def test_discogs_exports_in_any_order_and_with_any_separator(tmp_path: Path, content: str) -> None:
    file = tmp_path / "collection.csv"
    file.write_text(content, encoding="utf-8")
    (row,) = read_listings(file)[0].to_dict("records")
    wanted = ("listing_id", "artist", "title", "label", "year")
    assert [row[name] for name in wanted] == ["r11", "Ana", "One", "L", 1999]


def test_a_file_that_was_cut_off_is_noted(tmp_path: Path) -> None:
    file = rekordbox_xml(tmp_path)
    file.write_text(file.read_text().replace('Entries="', 'Entries="9', 1))
    notes = [str(p) for p in read_library(file).problems if p.column == "tracks"]
    assert len(notes) == 1
    assert "was it cut off" in notes[0]
    collection = nml(tmp_path, nml_entry())
    collection.write_text(collection.read_text().replace('ENTRIES="1"', 'ENTRIES="120"', 1))
    notes = [str(p) for p in read_library(collection).problems]
    assert notes == [
        "tracks '120': the file says 120, and holds 1: was it cut off or edited? (note)"
    ]


def test_two_tracks_of_one_id_are_named_and_the_first_has_its_playlists(tmp_path: Path) -> None:
    tracks = [{"TrackID": "1", "Name": name, "Artist": "Ana"} for name in "AB"]
    library = read_library(rekordbox_xml(tmp_path, tracks, rekordbox_playlist("Late", ["1"])))
    assert "TrackID '1': 2 tracks have it" in str(library.problems[0])
    assert library.playlists[0].track_ids == (library.tracks["track_id"].iloc[0],)


def test_a_file_of_zeros_is_called_damaged(tmp_path: Path) -> None:
    file = tmp_path / "lib.xml"
    file.write_bytes(bytes(5000))
    with pytest.raises(FormatError, match="only zero bytes: it is damaged") as error:
        read_library(file)
    assert "x00" not in str(error.value)


def test_recycle_bins_hold_no_tracks(tmp_path: Path) -> None:
    for folder in ("Techno", "$RECYCLE.BIN/S-1", "System Volume Information", ".Trashes"):
        (tmp_path / folder).mkdir(parents=True)
        wav(tmp_path / folder / "one.wav")
    library = read_library(tmp_path, folder_names_as_playlists=True)
    assert [playlist.path for playlist in library.playlists] == [("Techno",)]
    assert len(library.tracks) == 1
