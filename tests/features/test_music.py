from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.features.music import Key, fold_bpm, parse_key

EVERY_KEY = [Key(position, is_minor) for position in range(12) for is_minor in (False, True)]


@pytest.mark.parametrize("key", EVERY_KEY, ids=lambda key: key.name)
@pytest.mark.parametrize("notation", ["name", "camelot", "open_key"])
def test_every_key_comes_back_from_every_notation(key: Key, notation: str) -> None:
    written = getattr(key, notation)
    assert parse_key(written) == key
    assert parse_key(f"  {written} ") == key
    assert parse_key(f"{written} - 6") == key


@pytest.mark.parametrize("key", EVERY_KEY, ids=lambda key: key.name)
def test_every_key_is_read_as_people_write_it(key: Key) -> None:
    root = key.name.removesuffix("m")
    for mode in ("min", " minor", "moll", "m") if key.is_minor else ("maj", " major", " dur", ""):
        assert parse_key(root + mode) == key
        assert parse_key((root + mode).replace("#", "♯").replace("b", "♭")) == key
    spelled = root.replace("#", " sharp").replace("b", "-Flat")
    assert parse_key(f"{spelled} {'Minor' if key.is_minor else 'Major'}") == key
    assert parse_key(key.camelot.zfill(3).lower()) == key


def test_the_names_of_all_keys_differ() -> None:
    for notation in ("name", "camelot", "open_key"):
        assert len({getattr(key, notation) for key in EVERY_KEY}) == 24


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("8A - 6", "Am"),
        ("8A-6", "Am"),
        ("08A", "Am"),
        ("8 a", "Am"),
        ("Emin", "Em"),
        ("e", "Em"),
        ("ebm", "Ebm"),
        ("AM", "A"),
        ("H", "B"),
        ("Cb", "B"),
        ("B#", "C"),
        ("E#m", "Fm"),
        ("G#m", "Abm"),
        ("F##", "G"),
        ("Gb", "F#"),
        ("1A - A-Flat Minor", "Abm"),
        ("Am/C", "Am"),
        ("12m", "Dm"),
        ("8B (C)", "C"),
    ],
)
def test_notations_met_in_libraries(written: str, name: str) -> None:
    found = parse_key(written)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text", ["", " ", "off", "All", "0A", "13A", "8C", "8", "Z", "Am7", "house", "128", "-", "null"]
)
def test_text_that_names_no_key(text: str) -> None:
    assert parse_key(text) is None


def test_a_minor_key_lies_where_its_relative_major_does() -> None:
    for minor, major in (("Am", "C"), ("Em", "G"), ("Ebm", "Gb"), ("5A", "5B"), ("7m", "7d")):
        low, high = parse_key(minor), parse_key(major)
        assert low is not None
        assert high is not None
        assert low.position == high.position


def test_a_fifth_up_is_one_step_on_the_circle() -> None:
    circle = ["C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F"]
    assert [parse_key(name) for name in circle] == [Key(p, False) for p in range(12)]


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=200)
def test_any_text_is_a_key_or_none(text: str) -> None:
    found = parse_key(text)
    assert found is None or parse_key(found.name) == found


@pytest.mark.parametrize("sign", ["-", " ", "#", "♭", "8A "])
def test_a_damaged_cell_of_megabytes_is_no_delay(sign: str) -> None:
    started = time.perf_counter()
    parse_key(sign * 3_000_000 + "x")
    assert time.perf_counter() - started < 2


@given(bpm=st.floats(20, 1000), octave=st.integers(-2, 2))
@settings(deadline=None, max_examples=200)
def test_tempi_an_octave_apart_fold_to_one(bpm: float, octave: int) -> None:
    folded = fold_bpm(np.array([bpm, bpm * 2.0**octave]))
    assert folded[0] == folded[1]
    assert 80 <= folded[0] < 160
    assert fold_bpm(folded).tolist() == folded.tolist()


def test_the_ends_of_the_octave() -> None:
    assert fold_bpm(np.array([80.0, 159.99, 160.0, 320.0])).tolist() == [80.0, 159.99, 80.0, 80.0]
    assert fold_bpm(np.array([100.0]), low=60.0).tolist() == [100.0]


def test_a_missing_tempo_stays_missing() -> None:
    assert np.isnan(fold_bpm(np.array([np.nan, 120.0]))).tolist() == [True, False]
