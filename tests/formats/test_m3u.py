from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from djlib.errors import FormatError, UsageError
from djlib.formats.collection import UNNAMED, Playlist
from djlib.formats.dj.m3u import FORMAT, draft_m3u, read, write_m3u8
from djlib.formats.drafts import safe_name
from djlib.formats.locations import path_key
from djlib.formats.options import WriteOptions
from djlib.formats.playlists import choose_buckets
from djlib.tables.cells import plain_name

from .samples import is_known, table
from .writing import ANY_TEXT, NAMES

ON_ONE_LINE = ANY_TEXT.filter(lambda text: not set(text) & set("\r\n\x00"))
PATHS = st.one_of(
    ON_ONE_LINE.map(lambda name: f"/Users/dj/{name}.mp3"),
    ON_ONE_LINE.map(lambda name: f"D:\\Music\\{name}.mp3"),
    ON_ONE_LINE.map(lambda name: f"D:/Music/{name}.mp3"),
    ON_ONE_LINE.map(lambda name: f"\\\\nas\\music\\{name}.mp3"),
)


def one_line(text: str) -> str:
    return re.sub("[\r\n\0]+", " ", text)


@settings(deadline=None, max_examples=60)
@given(
    paths=st.lists(PATHS, min_size=1, max_size=5, unique=True), names=st.lists(NAMES, max_size=3)
)
def test_paths_survive_byte_for_byte_and_names_come_back(
    tmp_path_factory: pytest.TempPathFactory, paths: list[str], names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("m3u")
    tracks = table(path=paths, title=[f"T{n}" for n in range(len(paths))])
    playlist = Playlist(("x", *names), tuple(tracks["track_id"]))
    files, problems = write_m3u8(folder, tracks, [playlist])
    assert problems == []
    assert files[0].parent.relative_to(folder).parts == ("x", *map(safe_name, names))[:-1]
    assert [line for line in files[0].read_bytes().split(b"\n") if line[:1] not in (b"#", b"")] == [
        path.encode() for path in paths
    ]
    library = read(files[0])
    written = dict(zip(paths, tracks["title"], strict=True))
    for path, title in zip(library.tracks["path"], library.tracks["title"], strict=True):
        assert written[path] == title


@settings(deadline=None, max_examples=60)
@given(names=st.lists(NAMES, min_size=1, max_size=6))
def test_every_playlist_gets_a_file_of_its_own_on_every_system(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("m3u")
    files, _ = write_m3u8(folder, table(path=["/a.mp3"]), [Playlist((n,), ()) for n in names])
    assert len({file.name.casefold() for file in files}) == len(names)
    for file, name in zip(files, names, strict=True):
        assert file.is_file()
        assert file.parent == folder
        assert len(file.name.encode()) < 200
        assert not set(file.name) & set('<>:"/\\|?*\n\r\0')
        shown = plain_name(one_line(name).replace("|", "¦")) or UNNAMED
        assert read(file).playlists[0].path == ("djlib", shown)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Techno", "Techno"),
        ("a/b\\c:d", "a_b_c_d"),
        ("COM1", "COM1_"),
        ("Lpt9.m3u8", "Lpt9_.m3u8"),
        ("console", "console"),
        ("trailing. .", "trailing"),
        ("", UNNAMED),
        ("..", UNNAMED),
        ("x" * 300, "x" * 150),
    ],
)
def test_names_become_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_the_file_is_utf8_without_a_mark_and_tells_lengths_and_names(tmp_path: Path) -> None:
    tracks = table(
        artist=["Ána", "", ""],
        title=["One\nTwo", "Só", ""],
        path=["/a.mp3", "/b.mp3", "/c.mp3"],
        duration_s=[200.6, float("nan"), 0.0],
    )
    files, _ = write_m3u8(tmp_path, tracks, [Playlist(("Late",), ("t_1", "t_0", "t_2"))])
    assert files == [tmp_path / "Late.m3u8"]
    assert files[0].read_bytes().decode() == (
        "#EXTM3U\n# written by djlib\n#PLAYLIST:Late\n"
        "#EXTINF:-1,Só\n/b.mp3\n#EXTINF:201,Ána - One Two\n/a.mp3\n#EXTINF:0,\n/c.mp3\n"
    )


def test_playlists_stand_in_folders_and_clashes_get_numbers(tmp_path: Path) -> None:
    playlists = [
        Playlist(("A/B", "x"), ()),
        Playlist(("A:B", "x"), ()),
        Playlist(("A/B", "X"), ()),
        Playlist(("A/B",), ()),
    ]
    files, _ = write_m3u8(tmp_path, table(path=["/a.mp3"]), playlists)
    assert [file.relative_to(tmp_path).as_posix() for file in files] == [
        "A_B/x.m3u8",
        "A_B (2)/x.m3u8",
        "A_B/X (2).m3u8",
        "A_B.m3u8",
    ]


def test_tracks_that_no_playlist_file_can_hold_are_reported_once(tmp_path: Path) -> None:
    tracks = table(title=["One", "Two", "Three"], path=["", "/a\nb.mp3", "/c.mp3"])
    members = ("t_0", "t_1", "t_2", "t_7")
    playlists = [Playlist(("A",), members), Playlist(("B",), members)]
    files, problems = write_m3u8(tmp_path, tracks, playlists)
    assert sorted(p.value for p in problems) == ["A", "B", "One", "Two"]
    assert read(files[0]).tracks["path"].tolist() == ["/c.mp3"]


def test_a_file_that_djlib_did_not_write_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "B.m3u8").write_text("#EXTM3U\n/mine.mp3\n")
    playlists = [Playlist(("A",), ("t_0",)), Playlist(("B",), ("t_0",))]
    with pytest.raises(UsageError, match="not written by djlib"):
        write_m3u8(tmp_path, table(path=["/a.mp3"]), playlists)
    assert not (tmp_path / "A.m3u8").exists()
    assert (tmp_path / "B.m3u8").read_text() == "#EXTM3U\n/mine.mp3\n"


def test_what_djlib_wrote_never_becomes_a_label(tmp_path: Path) -> None:
    tracks = table(path=["/a.mp3"])
    files, _ = write_m3u8(tmp_path, tracks, [Playlist(("A",), ("t_0",))])
    library = read(files[0])
    assert choose_buckets(library.tracks, library.playlists, include=["*"]).kept == []


def test_an_own_file_is_replaced(tmp_path: Path) -> None:
    playlist = Playlist(("A",), ("t_0",))
    write_m3u8(tmp_path, table(path=["/a.mp3"]), [playlist])
    files, _ = write_m3u8(tmp_path, table(path=["/b.mp3"]), [playlist])
    assert read(files[0]).tracks["path"].tolist() == ["/b.mp3"]


@settings(deadline=None, max_examples=60)
@given(
    names=st.lists(ON_ONE_LINE, min_size=1, max_size=5, unique=True),
    options=st.builds(WriteOptions, relative=st.booleans(), bom=st.booleans()),
)
@example(
    names=["#1", " x", "http://y", "C:\\z", "a\\b", "D:z"], options=WriteOptions(relative=True)
)
def test_relative_paths_and_byte_order_marks_are_read_again(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], options: WriteOptions
) -> None:
    folder = tmp_path_factory.mktemp("m3u")
    paths = list(dict.fromkeys(os.path.normpath(f"{folder}/sets/{n}.mp3") for n in names))
    tracks = table(path=paths)
    (file,), _ = write_m3u8(folder, tracks, [Playlist(("sets", "A"), ("t_0",))], options)
    data = file.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf#EXTM3U" if options.bom else b"#EXTM3U")
    assert (str(folder).encode() in data) != options.relative
    assert read(file).tracks["path"].tolist() == paths[:1]
    assert read(file).playlists[0].path == ("djlib", "A")


def test_slashes_are_turned_in_windows_paths_only(tmp_path: Path) -> None:
    tracks = table(path=["D:\\Music\\a.mp3", "/Users/dj/a\\b.mp3"])
    options = WriteOptions(forward_slash=True, relative=True)
    (file,), _ = write_m3u8(tmp_path, tracks, [Playlist(("A",), ("t_0", "t_1"))], options)
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "D:/Music/a.mp3"
    assert lines[1].endswith("/Users/dj/a\\b.mp3")


@settings(deadline=None, max_examples=60)
@given(names=st.lists(ON_ONE_LINE, min_size=1, max_size=5, unique=True))
@example(names=["BeyoncÃ©", "Ólafur", "–"])
def test_old_players_get_windows_1252_and_what_it_lacks_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("m3u")
    paths = [f"/m/{name}.mp3" for name in names]
    tracks = table(path=paths, title=[f"T{n}" for n in range(len(paths))])
    made = draft_m3u(folder, tracks, [Playlist(("A",), tuple(tracks["track_id"]))], WriteOptions())
    (file,) = made.write()
    assert file.name == "A.m3u"
    sayable = [path for path in paths if path == path.encode("cp1252", "ignore").decode("cp1252")]
    assert len(made.problems) == len(paths) - len(sayable)
    known = read(file).tracks["path"].tolist() if sayable else []
    assert len(known) == len(set(map(path_key, sayable)))
    assert set(known) <= set(sayable)


def test_relative_paths_are_meant_from_the_folder_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sets" / "late.m3u"
    file.parent.mkdir()
    file.write_bytes(
        b"\xef\xbb\xbf#EXTM3U\r\n#EXTINF:200,Ana - One\r\n../music/1.mp3\r\n\r\n# note\r\n"
        b"..\\music\\2.mp3\r\n#EXTINF:-1 tvg-id=1,Just a title\r\nC:\\x.mp3\r\n"
        b"file://localhost/D:/y%20z.mp3\r\nhttp://radio/live\r\n"
    )
    library = read(file)
    columns = ["path", "artist", "title"]
    assert library.tracks[columns].to_numpy().tolist() == [
        [str(tmp_path / "music" / "1.mp3"), "Ana", "One"],
        [str(tmp_path / "music" / "2.mp3"), "", "2"],
        ["C:\\x.mp3", "", "Just a title"],
        ["D:/y z.mp3", "", "y z"],
    ]
    assert library.tracks.loc[0, "duration_s"] == 200
    assert library.tracks["duration_s"].isna().sum() == 3
    assert [(p.line, p.reason) for p in library.problems] == [(10, "a stream, not a file")]
    assert library.playlists[0].path == ("late",)


def test_old_files_are_windows_1252(tmp_path: Path) -> None:
    file = tmp_path / "old.m3u"
    file.write_bytes("/música – café.mp3\n".encode("cp1252"))
    assert read(file).tracks["path"].tolist() == ["/música – café.mp3"]


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "empty"), (b" \n", "empty"), (b"/\x81\x8d.mp3", "neither UTF-8")]
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "x.m3u8"
    file.write_bytes(content)
    with pytest.raises(FormatError, match=message):
        read(file)


def test_the_file_is_known_by_name_or_first_line(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes(b"\xef\xbb\xbf#EXTM3U\n")
    assert is_known(FORMAT, file)
    file.write_bytes(b"track_id,artist\n")
    assert not is_known(FORMAT, file)
    assert not is_known(FORMAT, tmp_path)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1251", "Группа - Песня"), ("cp932", "音楽 - 朝の表"), ("cp1252", "Früh - Café für Ärzte")],
)
def test_old_code_pages_are_guessed_and_that_is_said(
    tmp_path: Path, encoding: str, name: str
) -> None:
    file = tmp_path / "late.m3u"
    file.write_bytes(f"D:\\Musik\\{name}.mp3\r\n".encode(encoding))
    library = read(file)
    assert library.tracks["title"].tolist() == [name]
    assert f"not UTF-8, read as {encoding}" in str(library.problems[0])


def test_what_virtualdj_writes_unescaped_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "late.m3u"
    told = "<time>08:47</time><artist>A < B</artist><title>I <3 Dub & <b></title>"
    file.write_text(f"#EXTM3U\n#EXTVDJ:{told}\nD:\\b.mp3\n#EXTVDJ:<title>cut\nD:\\c.mp3\n")
    tracks = read(file).tracks
    assert tracks[["artist", "title"]].values.tolist() == [["A < B", "I <3 Dub & <b>"], ["", "c"]]


def test_a_file_spelled_in_another_case_is_found_on_disk(tmp_path: Path) -> None:
    (tmp_path / "Folder").mkdir()
    (tmp_path / "Folder/Track1.wav").touch()
    (tmp_path / "late.m3u8").write_text("Folder/track1.wav\nFolder/gone.wav\n")
    paths = read(tmp_path / "late.m3u8").tracks["path"]
    assert [Path(path).name for path in paths] == ["Track1.wav", "gone.wav"]


def test_of_two_files_that_differ_in_case_none_is_guessed(tmp_path: Path) -> None:
    for name in ("a.wav", "A.wav"):
        (tmp_path / name).touch()
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system takes both names for one")
    (tmp_path / "late.m3u8").write_text("A.wav\na.wav\n")
    assert [Path(p).name for p in read(tmp_path / "late.m3u8").tracks["path"]] == ["A.wav", "a.wav"]
