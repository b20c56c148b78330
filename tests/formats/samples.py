"""Small library files, built by functions for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import pandas as pd

from djlib.formats.format import Format, head_of

TRACKS = [
    {
        "TrackID": "98567750",
        "Name": "One",
        "Artist": "Ana",
        "Location": "file://localhost/D:/1.mp3",
    },
    {"TrackID": "2", "Name": "Two", "Artist": "Bo", "Location": "file://localhost/D:/2.mp3"},
    {"TrackID": "3", "Name": "Three", "Artist": "Cy", "Location": "file://localhost/D:/3.mp3"},
]


def rekordbox_xml(
    folder: Path,
    tracks: list[dict[str, str]] | None = None,
    nodes: str = "",
    name: str = "export.xml",
) -> Path:
    """A rekordbox export with these TRACK attributes and these nodes under its ROOT."""
    rows = "".join(
        f"<TRACK {' '.join(f'{key}={quoteattr(value)}' for key, value in track.items())}>"
        '<TEMPO Inizio="0.1" Bpm="128.00" Metro="4/4" Battito="1"/></TRACK>\n'
        for track in (TRACKS if tracks is None else tracks)
    )
    file = folder / name
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<DJ_PLAYLISTS Version="1.0.0">\n'
        '<PRODUCT Name="rekordbox" Version="5.8.4" Company="Pioneer DJ"/>\n'
        f'<COLLECTION Entries="{rows.count("<TRACK ")}">\n{rows}</COLLECTION>\n'
        f'<PLAYLISTS><NODE Type="0" Name="ROOT" Count="9">{nodes}</NODE></PLAYLISTS>\n'
        "</DJ_PLAYLISTS>\n",
        encoding="utf-8",
    )
    return file


def rekordbox_playlist(name: str, keys: list[str], key_type: str = "0") -> str:
    """A playlist node; the count it states is wrong."""
    entries = "".join(f"<TRACK Key={quoteattr(key)}/>" for key in keys)
    return (
        f'<NODE Name={quoteattr(name)} Type="1" KeyType="{key_type}" Entries="0">{entries}</NODE>'
    )


def nml(folder: Path, entries: str, nodes: str = "", version: int = 19) -> Path:
    """A Traktor collection with these entries and these nodes under its $ROOT."""
    file = folder / "collection.nml"
    file.write_text(
        f'<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n<NML VERSION="{version}">'
        '<HEAD COMPANY="www.native-instruments.com" PROGRAM="Traktor"></HEAD>\n'
        f'<MUSICFOLDERS></MUSICFOLDERS>\n<COLLECTION ENTRIES="{entries.count("<ENTRY")}">'
        f"{entries}</COLLECTION>\n"
        '<SETS ENTRIES="0"></SETS>\n<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT">'
        f'<SUBNODES COUNT="3">{nodes}</SUBNODES></NODE></PLAYLISTS></NML>\n',
        encoding="utf-8",
    )
    return file


def nml_entry(title: str = "One", place: str = "", inner: str = "", artist: str = "Ana") -> str:
    """One ENTRY; `place` replaces the attributes of its LOCATION."""
    place = place or f'DIR="/:Users/:dj/:Music/:" FILE="{title}.mp3" VOLUME="Macintosh HD"'
    return (
        f'<ENTRY TITLE="{title}" ARTIST="{artist}"><LOCATION {place}></LOCATION>{inner}</ENTRY>\n'
    )


def nml_playlist(name: str, keys: list[str]) -> str:
    """A playlist node with primary keys."""
    entries = "".join(
        f'<ENTRY><PRIMARYKEY TYPE="TRACK" KEY={quoteattr(key)}></PRIMARYKEY></ENTRY>'
        for key in keys
    )
    return (
        f'<NODE TYPE="PLAYLIST" NAME="{name}"><PLAYLIST ENTRIES="0" TYPE="LIST">{entries}'
        "</PLAYLIST></NODE>"
    )


def table(**columns: list[object]) -> pd.DataFrame:
    """Tracks t_0, t_1, ... with these columns and empty artist and title where not given."""
    n_rows = len(next(iter(columns.values())))
    filled = {
        "track_id": [f"t_{row}" for row in range(n_rows)],
        "artist": [""] * n_rows,
        "title": [f"Title {row}" for row in range(n_rows)],
    }
    return pd.DataFrame({**filled, **columns})


def is_known(known: Format, path: Path) -> bool:
    """Whether a format claims a path, asked as `read_library` asks."""
    return known.sniff(path, head_of(path))
