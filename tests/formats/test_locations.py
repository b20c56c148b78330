from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import InputError
from djlib.formats.locations import decode_location, encode_location, is_windows_path, path_key

LEFT_RAW = string.ascii_letters + string.digits + "/:-.()_,+!;#$@="
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
HOSTILE = st.one_of(
    TEXT, st.sampled_from(["#1", "a+b", "100%", "%41", '"q"', "é", "é", "שלום", "🎧"])
)
FOLDERS = st.lists(HOSTILE, min_size=1, max_size=4).map("/".join)
POSIX = FOLDERS.map(lambda inside: "/Users/" + inside)
WINDOWS = FOLDERS.map(lambda inside: "D:/" + inside.replace("\\", ""))


@settings(deadline=None, max_examples=200)
@given(st.one_of(POSIX, WINDOWS))
def test_a_path_survives_the_notation(path: str) -> None:
    assert decode_location(encode_location(path)) == path


@settings(deadline=None, max_examples=100)
@given(st.one_of(POSIX, WINDOWS))
def test_the_notation_is_ascii_with_lower_case_hex_and_the_measured_raw_signs(path: str) -> None:
    location = encode_location(path)
    rest = location.removeprefix("file://localhost")
    while "%" in rest:
        before, _, after = rest.partition("%")
        assert after[:2] == after[:2].lower()
        rest = before + after[2:]
    assert set(rest) <= set(LEFT_RAW)


def test_every_raw_sign_stays_raw() -> None:
    assert encode_location("/" + LEFT_RAW) == "file://localhost/" + LEFT_RAW


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("file://localhost/Users/a/Track%20#1.mp3", "/Users/a/Track #1.mp3"),
        ("file://localhost/Volumes/USB/a+b.mp3", "/Volumes/USB/a+b.mp3"),
        ("file://localhost/D:/Music/x%25y.mp3", "D:/Music/x%y.mp3"),
        ("file://localhost//nas/music/a.mp3", "//nas/music/a.mp3"),
        ("file://nas/music/a.mp3", "//nas/music/a.mp3"),
        ("file:///Users/a.mp3", "/Users/a.mp3"),
        ("file://localhost/Users/o%cc%84.mp3", "/Users/o\u0304.mp3"),
    ],
)
def test_locations_of_every_system_are_understood(location: str, path: str) -> None:
    assert decode_location(location) == path


def test_windows_paths_are_written_with_forward_slashes() -> None:
    assert encode_location(r"C:\a\b.mp3") == "file://localhost/C:/a/b.mp3"
    assert encode_location(r"\\nas\music\b.mp3") == "file://localhost//nas/music/b.mp3"


@pytest.mark.parametrize("location", ["soundcloud:tracks:1", "", "http://x/y.mp3", "a.mp3"])
def test_what_is_no_file_is_refused(location: str) -> None:
    with pytest.raises(InputError, match="is not a file"):
        decode_location(location)


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(InputError, match="not UTF-8"):
        decode_location("file://localhost/Users/%e9.mp3")


@pytest.mark.parametrize("path", ["a.mp3", "", "C:a.mp3"])
def test_relative_paths_cannot_be_written(path: str) -> None:
    with pytest.raises(InputError, match="not absolute"):
        encode_location(path)


def test_case_is_one_on_windows_only() -> None:
    assert path_key("D:/A.mp3") == path_key("d:\\a.MP3")
    assert path_key("/A.mp3") != path_key("/a.mp3")


def test_composed_and_decomposed_accents_are_one() -> None:
    assert path_key("/e\u0301.mp3") == path_key("/\u00e9.mp3")


def test_a_posix_path_may_hold_a_backslash() -> None:
    assert not is_windows_path("/Users/a\\b.mp3")
    assert decode_location(encode_location("/Users/a\\b.mp3")) == "/Users/a\\b.mp3"
