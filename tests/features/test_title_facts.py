from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from djlib.features.text import split_artist_title
from djlib.features.title_facts import TitleFacts, fill_from_titles, title_facts


@pytest.mark.parametrize(
    ("title", "name", "bpm", "key"),
    [
        ("One - 128 - 8A", "One", 128, "8A"),
        ("8A - 128 - Ana - One", "Ana - One", 128, "8A"),
        ("One - 8A - 128", "One", 128, "8A"),
        ("One (Extended Mix) [8A 128]", "One (Extended Mix)", 128, "8A"),
        ("One (127.5 bpm)", "One", 127.5, ""),
        ("One 2 - 127,5BPM", "One 2", 127.5, ""),
        ("One - 12A - 7", "One - 12A - 7", None, ""),
        ("One - 12A - Energy 7", "One - 12A - Energy 7", None, ""),
        ("One - 5A 7", "One", None, "5A"),
        ("One - F#m - 120", "One", 120, "F#m"),
        ("11d - One", "One", None, "11d"),
        ("[Am | 98] One", "[Am | 98] One", None, ""),
        ("One - Am", "One - Am", None, ""),
        ("One - 99", "One - 99", None, ""),
        ("Summer of 69", "Summer of 69", None, ""),
        ("One (1999) - 13A", "One (1999) - 13A", None, ""),
        ("120 - 8A", "120 - 8A", None, ""),
        ("8A", "8A", None, ""),
        ("", "", None, ""),
        ("A - B - C", "A - B - C", None, ""),
    ],
)
def test_tempo_and_key_are_read_from_either_end(
    title: str, name: str, bpm: float | None, key: str
) -> None:
    assert title_facts(title) == TitleFacts(name, bpm, key)


@given(st.text(max_size=60))
def test_any_title_is_read_and_a_name_is_left(title: str) -> None:
    facts = title_facts(title)
    assert facts.title in title
    assert bool(facts.title) == bool(title)


def test_only_what_is_missing_is_filled() -> None:
    tracks = pd.DataFrame(
        {
            "title": ["One - 128 - 8A", "Two - 130 - 9A", "Three - 99"],
            "bpm": [125.0, float("nan"), float("nan")],
            "key": ["", "Am", ""],
        }
    )
    filled, n_filled = fill_from_titles(tracks)
    assert filled["bpm"].tolist()[:2] == [125, 130]
    assert filled["key"].tolist() == ["8A", "Am", ""]
    assert n_filled == 2
    assert filled["title"].tolist() == tracks["title"].tolist()


def test_artist_and_title_are_split_without_them() -> None:
    assert split_artist_title("", "8A - 128 - Ana - One") == ("Ana", "One")
    assert split_artist_title("", "Ana - One - 128 - 8A") == ("Ana", "One")
    assert split_artist_title("", "One - 8A") == ("", "One - 8A")
