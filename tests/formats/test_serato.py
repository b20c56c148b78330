from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import FormatError
from djlib.formats.dj.serato import FORMAT, read
from djlib.formats.dj.serato_chunks import chunk_records, fields
from djlib.formats.library import read_library

from .samples import is_known

VERSION = "1.0/Serato ScratchLive Crate"
ONE = {"pfil": "Users/dj/Music/One.mp3", "tsng": "One", "tart": "Ána", "tbpm": "126.00"}
TWO = {"pfil": "Users/dj/Music/Two.mp3", "tkey": "C#m", "tlen": "06:22.93", "tadd": "1580992490"}


def chunk(tag: str, data: bytes | str) -> bytes:
    data = data.encode("utf-16-be") if isinstance(data, str) else data
    return tag.encode() + struct.pack(">I", len(data)) + data


def database(*tracks: dict[str, str]) -> bytes:
    rows = (chunk("otrk", b"".join(chunk(*field) for field in track.items())) for track in tracks)
    return chunk("vrsn", VERSION) + chunk("osrt", b"") + b"".join(rows)


def crate(*files: str) -> bytes:
    return database(*({"ptrk": file} for file in files))


def library(folder: Path, tracks: list[dict[str, str]], crates: dict[str, bytes]) -> Path:
    place = folder / "_Serato_"
    for name in ("Subcrates", "SmartCrates"):
        (place / name).mkdir(parents=True)
    (place / "database V2").write_bytes(database(*tracks))
    for name, data in crates.items():
        kind = "SmartCrates" if name.endswith(".scrate") else "Subcrates"
        (place / kind / name).write_bytes(data)
    return folder


def test_crates_point_into_the_database(tmp_path: Path) -> None:
    crates = {
        "Club%%Late.crate": crate(TWO["pfil"], ONE["pfil"]),
        "Fast.scrate": crate(ONE["pfil"]),
        "New.CRATE": crate("Users/dj/Music/Three.mp3"),
    }
    read_back = read_library(library(tmp_path, [ONE, TWO], crates))
    tracks = read_back.tracks
    assert read_back.source == "Serato library"
    assert tracks["path"].tolist() == [f"/Users/dj/Music/{n}.mp3" for n in ("One", "Two", "Three")]
    assert tracks["title"].tolist() == ["One", "Two", "Three"]
    assert tracks["artist"].tolist() == ["Ána", "", ""]
    assert tracks["duration_s"].tolist()[1] == 382.93
    assert tracks["date_added"].tolist()[1] == "2020-02-06"
    assert [(p.path, p.kind, len(p.track_ids)) for p in read_back.playlists] == [
        (("Fast",), "smart", 1),
        (("Club", "Late"), "playlist", 2),
        (("New",), "playlist", 1),
    ]
    assert not read_back.problems


def test_paths_count_from_the_volume_that_holds_the_folder(tmp_path: Path) -> None:
    (tmp_path / "Music").mkdir()
    (tmp_path / "Music/One.mp3").touch()
    place = library(tmp_path, [{"pfil": "Music/One.mp3"}, {"pfil": "Music/Gone.mp3"}], {})
    expected = [f"{tmp_path.as_posix()}/Music/{name}.mp3" for name in ("One", "Gone")]
    assert read(place).tracks["path"].tolist() == expected


def test_one_crate_is_read_with_what_the_database_says_of_its_tracks(tmp_path: Path) -> None:
    place = library(tmp_path, [ONE, TWO], {"Late.crate": crate(ONE["pfil"])})
    found = read_library(place / "_Serato_/Subcrates/Late.crate")
    assert found.tracks["artist"].tolist() == ["Ána"]
    assert found.playlists[0].path == ("Late",)
    alone = tmp_path / "Loose.crate"
    alone.write_bytes(crate("D:/Music/x.mp3"))
    assert read_library(alone).tracks["path"].tolist() == ["D:/Music/x.mp3"]
    assert len(read_library(place / "_Serato_/database V2").tracks) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty or only zeroes"),
        (bytes(64), "it is empty or only zeroes"),
        (b"PK\x03\x04 and more", "it begins with b'PK"),
        (b"vrsn" + struct.pack("<I", 56) + VERSION.encode("utf-16-be"), "damaged from byte 0"),
    ],
)
def test_a_crate_that_is_none_is_said_and_the_others_are_read(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    crates = {"Bad.crate": data, "Good.crate": crate(ONE["pfil"])}
    place = library(tmp_path, [ONE], crates)
    found = read(place)
    assert [p.path for p in found.playlists] == [("Good",)]
    (problem,) = found.problems
    assert (problem.column, problem.value) == ("crate", "Bad.crate")
    assert reason in problem.reason
    with pytest.raises(FormatError, match=reason):
        read(place / "_Serato_/Subcrates/Bad.crate")


def test_what_stands_before_the_damage_is_read(tmp_path: Path) -> None:
    whole = crate(ONE["pfil"], TWO["pfil"])
    place = library(tmp_path, [ONE, TWO], {"Cut.crate": whole[:-4]})
    file = place / "_Serato_/database V2"
    file.write_bytes(database(ONE, {"tsng": "no file"}, TWO)[:-4])
    found = read(place)
    assert found.tracks["title"].tolist() == ["One"]
    reasons = " | ".join(p.reason for p in found.problems)
    assert "it names no file" in reasons
    assert "its other records were read" in reasons
    assert [len(p.track_ids) for p in found.playlists] == [1]


def test_a_length_no_record_has_is_damage_not_memory(tmp_path: Path) -> None:
    file = tmp_path / "big.crate"
    with file.open("wb") as out:
        out.write(chunk("vrsn", VERSION) + b"otrk" + struct.pack(">I", 1 << 30))
        out.truncate(1 << 31)  # a sparse file: nothing of it is on the disk
    with pytest.raises(FormatError, match="damaged from byte"):
        list(chunk_records(file, b"otrk"))


def test_it_is_known_by_folder_name_and_content(tmp_path: Path) -> None:
    place = library(tmp_path, [ONE], {"A.crate": crate()})
    assert is_known(FORMAT, place)
    assert is_known(FORMAT, place / "_Serato_")
    assert is_known(FORMAT, (place / "_Serato_/database V2").rename(tmp_path / "backup"))
    assert not is_known(FORMAT, place / "_Serato_/Subcrates")


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    place = library(tmp_path_factory.mktemp("s"), [ONE], {"X.crate": b"vrsn" + data})
    (place / "_Serato_/database V2").write_bytes(database(ONE) + data)
    assert "One" in read(place).tracks["title"].tolist()


def test_fields_must_fill_their_record() -> None:
    with pytest.raises(FormatError, match="longer than the record"):
        fields(chunk("ttyp", "x")[:-1])
    with pytest.raises(FormatError, match="do not fill"):
        fields(chunk("ttyp", "x") + b"abc")
