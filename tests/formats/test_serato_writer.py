from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import UsageError
from djlib.formats.collection import Playlist
from djlib.formats.dj.serato import FORMAT, read, write_serato
from djlib.formats.dj.serato_chunks import chunk_records, fields, text
from djlib.formats.drafts import safe_name
from djlib.formats.locations import path_key
from djlib.formats.playlists import choose_buckets

from .samples import is_known, table
from .writing import NAMES, PATHS


def locations(crate: Path) -> list[str]:
    return [text(fields(data)[b"ptrk"]) for _, data in chunk_records(crate, b"otrk")]


@settings(deadline=None, max_examples=60)
@given(
    paths=st.lists(PATHS, min_size=1, max_size=5, unique=True),
    names=st.one_of(st.lists(NAMES, min_size=1, max_size=3), st.lists(NAMES, max_size=40)),
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str], names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("serato")
    tracks = table(path=paths)
    playlist = Playlist(tuple(names), tuple(tracks["track_id"]))
    files, problems = write_serato(folder, tracks, [playlist])
    usable = [p for p in paths if "\0" not in p and not p.startswith("//")]
    assert len(problems) == len(paths) - len(usable)
    drives = ("/Volumes/USB #1/", "/Volumes/Backup/", "/Volumes/Macintosh HD 2/", "D:/", "/")
    whole = {p: next(drive for drive in drives if p.startswith(drive)) for p in usable}
    expected = {
        drive: [p.removeprefix(drive) for p in usable if whole[p] == drive] for drive in drives
    }
    written = [locations(file) for file in files]
    assert sorted(filter(None, written)) == sorted(filter(None, expected.values()))
    for file in files:
        assert is_known(FORMAT, file)
        assert len(file.name.encode()) < 255
        assert not set(file.name) & set('<>:"/\\|?*\n\r\0')
        (again,) = read(file.parents[2]).playlists
        assert again.path[0] == "djlib"
        assert len(again.path) == min(len(names) + 1, 16)
        assert len(again.track_ids) == len(set(map(path_key, locations(file))))


def test_each_drive_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    paths = ["D:\\Music\\b.mp3", "/Users/dj/a.mp3", "/Volumes/USB/c.mp3", "d:/d.mp3"]
    tracks = table(path=paths)
    files, problems = write_serato(tmp_path, tracks, [Playlist(("A",), tuple(tracks["track_id"]))])
    assert problems == []
    found = {file.relative_to(tmp_path).parts[0]: locations(file) for file in files}
    assert found == {
        "root": ["Users/dj/a.mp3"],
        "Volumes_USB": ["c.mp3"],
        "D_": ["Music/b.mp3", "d.mp3"],
    }


def test_what_is_on_another_drive_than_the_library_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "_Serato_").mkdir()
    tracks = table(path=["/Users/dj/a.mp3", "D:/b.mp3"])
    (file,), (problem,) = write_serato(tmp_path, tracks, [Playlist(("A",), ("t_0", "t_1"))])
    assert file.parent == tmp_path / "_Serato_/Subcrates"
    assert locations(file) == ["Users/dj/a.mp3"]
    assert (problem.value, problem.reason[:11]) == ("Title 1", "it is on D:")


def test_crates_stand_inside_each_other_and_hold_what_serato_expects(tmp_path: Path) -> None:
    tracks = table(path=["/Users/dj/Ána.mp3", "/Music/b.mp3"])
    playlists = [Playlist(("Sets", "Late"), ("t_1", "t_0")), Playlist(("Sets",), ("t_0",))]
    files, problems = write_serato(tmp_path, tracks, playlists)
    assert problems == []
    crates = tmp_path / "_Serato_/Subcrates"
    assert files == [crates / "djlib%%Sets%%Late.crate", crates / "djlib%%Sets.crate"]
    assert locations(files[0]) == ["Music/b.mp3", "Users/dj/Ána.mp3"]
    start = files[0].read_bytes()
    assert start.startswith(b"vrsn\0\0\0\x38" + "1.0/Serato ScratchLive Crate".encode("utf-16-be"))
    assert [p.path for p in read(tmp_path).playlists] == [
        ("djlib", "Sets", "Late"),
        ("djlib", "Sets"),
    ]


def test_the_folder_may_be_named_itself(tmp_path: Path) -> None:
    files, _ = write_serato(tmp_path / "_Serato_", table(path=["/a.mp3"]), [Playlist(("A",), ())])
    assert files == [tmp_path / "_Serato_/Subcrates/djlib%%A.crate"]


def test_names_that_would_be_one_file_get_numbers(tmp_path: Path) -> None:
    playlists = [Playlist((name,), ()) for name in ("a%%b", "a%b", "A%B", "x" * 300, "x" * 299)]
    files, _ = write_serato(tmp_path, table(path=["/a.mp3"]), playlists)
    assert len({file.name.casefold() for file in files}) == 5
    assert [len(p.path) for p in read(tmp_path).playlists] == [2] * 5
    assert files[0].name == f"djlib%%{safe_name('a%b')}.crate"


def test_tracks_that_no_crate_can_hold_are_reported_once(tmp_path: Path) -> None:
    tracks = table(path=["", "music/x.mp3", r"\\nas\a.mp3", "/a\x00.mp3", "/ok.mp3"])
    members = tuple(tracks["track_id"])
    playlists = [Playlist(("A",), members), Playlist(("B",), (*members, "t_9"))]
    files, problems = write_serato(tmp_path, tracks, playlists)
    assert [p.value for p in problems] == [*(f"Title {n}" for n in range(4)), "B"]
    assert locations(files[0]) == ["ok.mp3"]


def test_a_crate_that_is_there_stops_everything(tmp_path: Path) -> None:
    crates = tmp_path / "_Serato_/Subcrates"
    crates.mkdir(parents=True)
    (crates / "djlib%%B.crate").write_bytes(b"mine")
    playlists = [Playlist(("A",), ("t_0",)), Playlist(("B",), ("t_0",))]
    with pytest.raises(UsageError, match="not written by djlib, or was changed since"):
        write_serato(tmp_path, table(path=["/a.mp3"]), playlists)
    assert [file.name for file in crates.iterdir()] == ["djlib%%B.crate"]


def test_what_djlib_wrote_never_becomes_a_label(tmp_path: Path) -> None:
    write_serato(tmp_path, table(path=["/a.mp3"]), [Playlist(("A",), ("t_0",))])
    library = read(tmp_path)
    assert choose_buckets(library.tracks, library.playlists, include=["*"]).kept == []
