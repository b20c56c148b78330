from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import FormatError
from djlib.formats.audio.file_patch import Patch, apply_patch, patch_between
from djlib.formats.audio.tag_fields import (
    Beside,
    Field,
    bring_back,
    change_field,
    read_field,
    set_field,
    why_not_writable,
)

from .audio_files import flac, id3_frame, mp3, wav

_MISSING = "mutagen is not installed: pip install .[tags]"
id3 = pytest.importorskip("mutagen.id3", reason=_MISSING)
mpeg = pytest.importorskip("mutagen.mp3", reason=_MISSING)

FIELDS = get_args(Field)
TITLE = id3_frame("TIT2", b"\x00A title")
OWN = id3_frame("TXXX", b"\x01\xff\xfem\x00i\x00n\x00e\x00\x00\x00\xff\xfe8\x00A\x00")
MARKERS = id3_frame("GEOB", b"\x00application/octet-stream\x00\x00Serato Markers2\x00\x01\x01AQ==")
PICTURE = id3_frame("APIC", b"\x00image/png\x00\x03\x00" + bytes(range(256)) * 20)
NOTE = id3_frame("COMM", b"\x00engnote\x00described")
UNKNOWN = id3_frame("XZZZ", b"\x00\x01\x02of a program nobody knows")
VALUES = (
    st.text(
        st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=30
    )
    .map(str.strip)
    .filter(bool)
)


def frames(path: Path) -> dict[str, Any]:
    """The frames of an MP3 as mutagen reads them, without turning them into newer ones."""
    tags = id3.ID3(path, translate=False)
    return {**{key: repr(frame) for key, frame in tags.items()}, "version": tags.version}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("padding", [0, 2000])
def test_all_other_frames_stay_in_their_version(tmp_path: Path, field: Field, padding: int) -> None:
    file = mp3(tmp_path / "a.mp3", TITLE, OWN, MARKERS, PICTURE, NOTE, UNKNOWN, padding=padding)
    before, data = frames(file), file.read_bytes()
    set_field(file, field, ["Sets / Late; Früh 🎧"])
    after = frames(file)
    assert read_field(file, field) == ["Sets / Late; Früh 🎧"]
    ours = {"TIT1"} if field == "grouping" else {"COMM::eng"}
    assert {key: value for key, value in after.items() if key not in ours} == before
    assert UNKNOWN in file.read_bytes()
    assert file.read_bytes().endswith(data[-20 * 417 :])
    set_field(file, field, [])
    assert frames(file) == before


def test_the_old_tag_at_the_end_stays_as_it_is(tmp_path: Path) -> None:
    file = mp3(tmp_path / "a.mp3", TITLE, old_tag=True)
    set_field(file, "comment", ["Late"])
    assert file.read_bytes().endswith(b"TAG" + b"Old title".ljust(125, b"\0"))
    assert read_field(file, "comment") == ["Late"]


def test_the_language_of_a_comment_stays(tmp_path: Path) -> None:
    file = mp3(tmp_path / "a.mp3", TITLE, id3_frame("COMM", b"\x00deu\x00alt"), NOTE)
    set_field(file, "comment", ["Late"])
    assert {"COMM::deu", "COMM:note:eng"} <= set(frames(file))
    assert "COMM::eng" not in frames(file)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", ["bare mp3", "wav", "flac", "empty flac"])
def test_every_kind_takes_the_field_and_goes_back_byte_for_byte(
    tmp_path: Path, kind: str, field: Field
) -> None:
    make = {
        "bare mp3": lambda: mp3(tmp_path / "a.mp3"),
        "wav": lambda: wav(tmp_path / "a.wav"),
        "flac": lambda: flac(tmp_path / "a.flac", "TITLE=Eins", "title=Zwei", "X=1", "X=2"),
        "empty flac": lambda: flac(tmp_path / "a.flac"),
    }
    file = make[kind]()
    before = file.read_bytes()
    kept: list[Patch] = []
    change_field(file, Beside("t").of(file, 1), field, ["Sets / Late"], kept.append)
    assert read_field(file, field) == ["Sets / Late"]
    assert file.read_bytes() != before
    bring_back(file, Beside("t").of(file, 1), kept[0])
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@settings(deadline=None, max_examples=40)
@given(value=VALUES)
def test_any_value_comes_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    folder = tmp_path_factory.mktemp("tags")
    for file in (mp3(folder / "a.mp3", TITLE), flac(folder / "a.flac", "TITLE=x")):
        set_field(file, "grouping", [value])
        assert read_field(file, "grouping") == [value]


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.mp3", b""), ("a.mp3", b"ID3\x03\0\0\0\0\x7f\x7fcut"), ("a.flac", b"fLaC"), ("a.x", b"hi")],
)
def test_what_is_no_whole_audio_file_is_refused_and_left(
    tmp_path: Path, name: str, data: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    for field in FIELDS:
        with pytest.raises(FormatError, match="tags"):
            read_field(file, field)
        with pytest.raises(FormatError):
            change_field(file, Beside("t").of(file, 1), field, ["Late"], lambda patch: None)
    assert file.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_change_of_another_tag_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = mp3(tmp_path / "a.mp3", TITLE)
    before = file.read_bytes()
    save = mpeg.MP3.save

    def careless(self: Any, *args: Any, **options: Any) -> None:
        self.tags.delall("TIT2")
        save(self, *args, **options)

    monkeypatch.setattr(mpeg.MP3, "save", careless)
    with pytest.raises(FormatError, match="its other tags would change"):
        change_field(file, Beside("t").of(file, 1), "grouping", ["Late"], lambda patch: None)
    assert file.read_bytes() == before


def test_a_link_is_followed_and_rights_are_kept(tmp_path: Path) -> None:
    file = mp3(tmp_path / "real.mp3", TITLE)
    file.chmod(0o640)
    link = tmp_path / "sub" / "link.mp3"
    link.parent.mkdir()
    link.symlink_to(file)
    assert (
        Beside("t").of(link, 1).parent == tmp_path
    )  # a copy on another disk cannot take its place
    change_field(link, Beside("t").of(link, 1), "grouping", ["Late"], lambda patch: None)
    assert link.is_symlink()
    assert read_field(file, "grouping") == ["Late"]
    assert file.stat().st_mode & 0o777 == 0o640


def test_the_way_back_is_known_before_the_file_changes(tmp_path: Path) -> None:
    file = mp3(tmp_path / "a.mp3", TITLE)
    before = file.read_bytes()

    def refuse(patch: Patch) -> None:
        assert file.read_bytes() == before
        raise OSError(28, "No space left on device")

    with pytest.raises(FormatError, match="No space left"):
        change_field(file, Beside("t").of(file, 1), "grouping", ["Late"], refuse)
    assert file.read_bytes() == before


def test_files_that_cannot_be_changed_say_why(tmp_path: Path) -> None:
    file = mp3(tmp_path / "a.mp3")
    assert why_not_writable(file) == ""
    file.chmod(0o444)
    assert why_not_writable(file) == "the file is write-protected"
    assert why_not_writable(tmp_path / "b.mp3") == "the file is not there"
    assert why_not_writable(tmp_path) == "the file is not there"


@settings(deadline=None, max_examples=200)
@given(old=st.binary(max_size=60), new=st.binary(max_size=60), around=st.binary(max_size=30))
def test_a_patch_leads_back_and_keeps_little(
    tmp_path_factory: pytest.TempPathFactory, old: bytes, new: bytes, around: bytes
) -> None:
    folder = tmp_path_factory.mktemp("patch")
    (folder / "old").write_bytes(around + old + around)
    (folder / "new").write_bytes(around + new + around)
    patch = patch_between(folder / "old", folder / "new")
    assert len(patch.kept) <= len(old)
    assert apply_patch(patch, folder / "new", folder / "back")
    assert (folder / "back").read_bytes() == around + old + around


def test_a_large_file_with_a_small_change_is_a_small_patch(tmp_path: Path) -> None:
    data = os.urandom(3 << 20)
    (tmp_path / "old").write_bytes(b"old tag" + data)
    (tmp_path / "new").write_bytes(b"a longer new tag" + data)
    patch = patch_between(tmp_path / "old", tmp_path / "new")
    assert len(patch.kept) <= 7
    assert apply_patch(patch, tmp_path / "new", tmp_path / "back")


def test_a_change_at_both_ends_is_a_small_patch(tmp_path: Path) -> None:
    """As in a WAV: the tag stands at the end, the length of all at the beginning."""
    data = os.urandom(3 << 20)
    (tmp_path / "old").write_bytes(b"RIFF0001" + data)
    (tmp_path / "new").write_bytes(b"RIFF0002" + data + b"tag" * 1000)
    patch = patch_between(tmp_path / "old", tmp_path / "new")
    assert len(patch.kept) <= 8192
    assert apply_patch(patch, tmp_path / "new", tmp_path / "back")
    there = patch_between(tmp_path / "new", tmp_path / "old")
    assert len(there.kept) <= 12288
    assert apply_patch(there, tmp_path / "old", tmp_path / "back")
