from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import DisjointSet

from djlib.features.same_song import (
    Recording,
    groups_of_several,
    is_same_recording,
    is_same_song,
    same_songs,
    song_version,
)


def made(artist: str, title: str, seconds: float = float("nan")) -> Recording:
    return Recording(song_version(artist, title), seconds)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Robyn", "Be Mine"), ("ROBYN", "Be Mine!")),
        (("Robyn", "Be Mine"), ("Robyn & Kleerup", "Be Mine")),
        (("Björk", "Jóga"), ("Bjork", "Joga (Live)")),
        (("Rhythim Is Rhythim", "Strings Of Life"), ("Rhythim is Rhythim", "Strings Of Lfe")),
        (("Kleerup feat. Robyn", "With Every Heartbeat"), ("Kleerup", "With Every Heartbeat")),
    ],
)
def test_spellings_of_a_song_are_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert is_same_song(made(*one), made(*other))
    assert same_songs([made(*one), made("Nobody", "Else"), made(*other)]) == [[0, 2]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Robyn", "Be Mine"), ("Ofra Haza", "Be Mine")),
        (("Robyn", "Be Mine"), ("Robyn", "Hang With Me")),
        (("Ana", "Part 1"), ("Ana", "Part 2")),
        (("Ana", "Untitled A1"), ("Ana", "Untitled B1")),
        (("Ana", "Track I"), ("Ana", "Track II")),
        (("", "Intro"), ("", "Intro")),
    ],
)
def test_other_songs_are_not_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not is_same_song(made(*one), made(*other))
    assert same_songs([made(*one), made(*other)]) == []


def test_without_an_artist_the_length_decides() -> None:
    titles = [made("", "Rhythm of the Knight", n) for n in (200, 320, 321, float("nan"))]
    assert same_songs(titles) == [[1, 2]]
    assert is_same_song(
        made("", "Rhythm of the Knight", 320), made("DJ", "Rhythm of the Knight", 321)
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Go", 215.0), ("Go (Original Mix)", 217.0), True),
        (("Go", 215.0), ("Go", 219.0), False),
        (("Go", 215.0), ("Go", float("nan")), True),
        (("Go (Extended Mix)", 400.0), ("Go (Radio Edit)", 400.0), False),
        (("Go (Dub)", 400.0), ("Go (Dub Mix)", 400.0), True),
        (("Go (Orbital Remix)", 400.0), ("Go (Orbtal Rmx)", 400.0), True),
        (("Go (Orbital Remix)", 400.0), ("Go (Aphex Twin Remix)", 400.0), False),
        (("Go (Orbital Remix)", 400.0), ("Go", 400.0), False),
        (("Go (Orbital Remix) [Extended]", 400.0), ("Go (Orbital Remix)", 400.0), False),
    ],
)
def test_versions_are_told_apart(
    one: tuple[str, float], other: tuple[str, float], same: bool
) -> None:
    first, second = (made("Moby", title, seconds) for title, seconds in (one, other))
    assert is_same_song(first, second)
    assert is_same_recording(first, second) == is_same_recording(second, first) == same


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_copies_with_a_typo_are_found_among_many(seed: int) -> None:
    rng = random.Random(seed)
    letters = "abcdefghijklmnoprstuvw"
    words = ["".join(rng.choices(letters, k=rng.randint(5, 9))) for _ in range(400)]
    songs = [(" ".join(rng.sample(words, 2)), " ".join(rng.sample(words, 3))) for _ in range(150)]
    copies = []
    for artist, title in songs[:20]:
        place = rng.randrange(len(title))
        copies.append((artist, f"{title[:place]}{title[place + 1 :]}"))
    rows = [made(*song) for song in songs + copies]
    groups = {tuple(group) for group in same_songs(rows)}
    assert groups == {(n, 150 + n) for n in range(20)}


def test_an_unusual_library_is_compared_too() -> None:
    assert same_songs([]) == []
    assert same_songs([made("", ""), made("", "")]) == []
    one_word = [made("Ana", f"Love {word}") for word in ("alpha", "beta", "gamma")] * 2
    assert same_songs(one_word) == [[0, 3], [1, 4], [2, 5]]


@given(pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_sets_are_what_is_joined(pairs: list[tuple[int, int]]) -> None:
    sets = DisjointSet(range(10))
    for pair in pairs:
        sets.merge(*pair)
    reached = {n: {n} for n in range(10)}
    for one, other in pairs * 10:
        reached[one] |= reached[other]
        reached[other] |= reached[one]
    for _ in range(10):
        for n in range(10):
            reached[n] = set().union(*(reached[m] for m in reached[n]))
    expected = sorted({tuple(sorted(group)) for group in reached.values() if len(group) > 1})
    assert sorted(map(tuple, groups_of_several(sets))) == expected
