"""What rekordbox's and Traktor's writers promise alike: all that goes in comes out again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import UsageError
from djlib.formats.collection import Library, Playlist
from djlib.formats.dj import rekordbox, traktor
from djlib.formats.dj.rekordbox import write_rekordbox
from djlib.formats.dj.traktor import write_traktor
from djlib.formats.format import Format
from djlib.formats.locations import path_key

from .samples import is_known, table
from .writing import NAMES, PATHS, as_read, in_xml

TEXTS = ("title", "artist", "album", "genres", "label", "comment")


@dataclass(frozen=True)
class Kind:
    """A format that is read and written; whether its paths are free of what XML cannot hold."""

    write: Callable[..., list[Any]]
    read: Callable[[Path], Library]
    format: Format
    holds_all_paths: bool

    def holds(self, path: str) -> bool:
        return self.holds_all_paths or in_xml(path) == path


KINDS = {
    "rekordbox": Kind(write_rekordbox, rekordbox.read, rekordbox.FORMAT, True),
    "traktor": Kind(write_traktor, traktor.read, traktor.FORMAT, False),
}
each = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
MEMBERS = st.lists(st.integers(0, 3), max_size=4, unique=True)
LISTS = st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=3), MEMBERS), max_size=4)


@each
@settings(deadline=None, max_examples=60)
@given(data=st.data(), lists=LISTS)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory,
    kind: Kind,
    data: st.DataObject,
    lists: list[tuple[list[str], list[int]]],
) -> None:
    paths = data.draw(st.lists(PATHS, min_size=4, max_size=4, unique_by=path_key))
    tracks = tracks_of(paths, data.draw(st.lists(NAMES, min_size=6, max_size=6)))
    ids = tracks["track_id"].tolist()
    playlists = [Playlist(tuple(path), tuple(ids[n] for n in rows)) for path, rows in lists]
    file = tmp_path_factory.mktemp("export") / "djlib.xml"
    problems = kind.write(file, tracks, playlists)
    left_out = [p.value for p in problems if p.outcome == "row left out"]
    held = [path for path in paths if kind.holds(path)]
    assert len(left_out) == len(paths) - len(held)
    assert is_known(kind.format, file)

    again = kind.read(file)
    assert not [p for p in again.problems if p.outcome not in ("note", "repaired")]
    assert again.tracks["path"].tolist() == held
    expected = tracks[tracks["path"].isin(held)].reset_index(drop=True)
    for name in TEXTS:
        texts = again.tracks[name].tolist()
        assert texts == [in_xml(text) for text in expected[name]]
    for name in ("bpm", "year", "duration_s", "rating", "play_count", "date_added", "key"):
        assert again.tracks[name].tolist() == expected[name].tolist()
    assert members_of(again) == wanted(playlists, tracks, held)


def tracks_of(paths: list[str], texts: list[str]) -> pd.DataFrame:
    """Tracks with each field filled; texts go round so that no two tracks are alike."""
    n_rows = len(paths)
    columns: dict[str, list[object]] = {"path": [*paths]}
    for place, name in enumerate(TEXTS):
        columns[name] = [texts[(row + place) % len(texts)] for row in range(n_rows)]
    return table(
        **columns,
        bpm=[126.25] * n_rows,
        year=[2010.0] * n_rows,
        duration_s=[321.0] * n_rows,
        rating=[4.0] * n_rows,
        play_count=[2.0] * n_rows,
        date_added=["2011-03-29"] * n_rows,
        key=["Am"] * n_rows,
    )


def members_of(library: Library) -> dict[tuple[str, ...], set[str]]:
    paths = library.tracks.set_index("track_id")["path"]
    return {p.path: {paths[member] for member in p.track_ids} for p in library.playlists}


def wanted(
    playlists: list[Playlist], tracks: pd.DataFrame, held: list[str]
) -> dict[tuple[str, ...], set[str]]:
    """Files of each playlist as they should come back; those of one name are one."""
    paths = tracks.set_index("track_id")["path"]
    found: dict[tuple[str, ...], set[str]] = {}
    for playlist in playlists:
        name = ("djlib", *map(as_read, playlist.path))
        files = {paths[member] for member in playlist.track_ids}
        found.setdefault(name, set()).update(files.intersection(held))
    return found


@each
def test_a_file_that_djlib_did_not_write_is_never_replaced(kind: Kind, tmp_path: Path) -> None:
    file = tmp_path / "x.xml"
    for content in (b"", b"notes", b"<DJ_PLAYLISTS/>", b"<NML/>", b"\xff\xfe\x00"):
        file.write_bytes(content)
        with pytest.raises(UsageError, match="not written by djlib"):
            kind.write(file, table(path=["/a.mp3"]), [])
        assert file.read_bytes() == content


@each
def test_signs_that_cannot_be_written_are_told(kind: Kind, tmp_path: Path) -> None:
    tracks = table(path=["/a.mp3"], title=["One\x07"], comment=["fine"], genres=["\ufffe"])
    problems = kind.write(tmp_path / "x.xml", tracks, [Playlist(("A\x00",), ("t_0",))])
    assert [(p.column, p.outcome) for p in problems] == [
        ("title", "note"),
        ("genres", "note"),
        ("playlist", "note"),
    ]


@each
def test_folders_may_be_nested_as_deep_as_anybody_likes(kind: Kind, tmp_path: Path) -> None:
    path = ("Sets",) * 300
    kind.write(tmp_path / "x.xml", table(path=["/a.mp3"]), [Playlist(path, ("t_0",))])
    assert kind.read(tmp_path / "x.xml").playlists[0].path == ("djlib", *path)
