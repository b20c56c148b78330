from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.features.text import (
    fold,
    genre_tokens,
    lead_artist,
    song_key,
    split_artist_title,
    strip_promo,
)

GENRES = ["House", "Deep-House", "DnB", "Drum & Bass", "R & B", "Hip-Hop", "Électro", "-", "NA"]
# "&" begins escapes such as "&amp;amp;", which lose one layer at each reading
WILD = st.text(st.characters(exclude_characters="&", exclude_categories=("Cs",)), max_size=12)


@given(
    words=st.lists(st.one_of(st.sampled_from(GENRES), WILD), max_size=6),
    separator=st.sampled_from([";", ", ", "/", " / ", "|", " - ", "\\"]),
)
@settings(deadline=None, max_examples=200)
def test_genres_read_again_are_the_same(words: list[str], separator: str) -> None:
    tokens = genre_tokens(separator.join(words))
    assert genre_tokens("; ".join(tokens)) == tokens
    assert len(set(tokens)) == len(tokens)
    assert "" not in tokens


@pytest.mark.parametrize(
    ("cell", "tokens"),
    [
        ("House;Techno", ("house", "techno")),
        ("House, Techno / Dub|Ambient", ("house", "techno", "dub", "ambient")),
        ("house; HOUSE ;House", ("house",)),
        ("House - Deep", ("house", "deep")),
        ("House -  - House", ("house",)),
        ("D&B", ("drum & bass",)),
        ("Drum &amp; Bass", ("drum & bass",)),
        ("Drum'n'Bass", ("drum & bass",)),
        ("hip-hop", ("hip hop",)),
        ("Ｈｏｕｓｅ", ("house",)),
        ("House www.site.net", ("house",)),
        (" ;, / ", ()),
        ("", ()),
        ("NA", ("na",)),
        ("null", ("null",)),
    ],
)
def test_genre_cells_met_in_libraries(cell: str, tokens: tuple[str, ...]) -> None:
    assert genre_tokens(cell) == tokens


@given(st.text(max_size=30))
@settings(deadline=None, max_examples=200)
def test_folded_text_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text) == fold(f"  {text}\t")


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert fold("Bjo\u0308rk") == fold("BJÖRK")


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Tired (Free Download)", "Tired"),
        ("Tired [OUT NOW]", "Tired"),
        ("http://x.y/z Tired", "Tired"),
        ("Tired [djsite.ru]", "Tired"),
        ("Free", "Free"),
        ("Mr. Fingers", "Mr. Fingers"),
        ("Can You Feel It (Original Mix)", "Can You Feel It (Original Mix)"),
        ("R&amp;B", "R&B"),
    ],
)
def test_only_promo_text_is_taken_out(text: str, bare: str) -> None:
    assert strip_promo(text) == bare


@pytest.mark.parametrize("artist", ["NA", "null", "-", "007", "+44", "nan", "None"])
def test_strange_artist_names_are_names(artist: str) -> None:
    assert split_artist_title(artist, "One - Two") == (artist, "One - Two")
    assert lead_artist(artist, "x") == artist.casefold()
    assert song_key(artist, "x") != song_key("", "x")


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("Robyn - Be Mine", ("Robyn", "Be Mine")),
        ("Robyn – Be Mine", ("Robyn", "Be Mine")),
        ("03. Robyn - Be Mine - Live", ("Robyn", "Be Mine - Live")),
        ("Be Mine", ("", "Be Mine")),
        ("Be Mine - 8A", ("", "Be Mine - 8A")),
        ("- Be Mine", ("", "- Be Mine")),
        ("Kracor 7 - No Machine", ("Kracor 7", "No Machine")),
        ("", ("", "")),
    ],
)
def test_an_artist_is_read_from_the_title(title: str, parts: tuple[str, str]) -> None:
    assert split_artist_title("", title) == parts


@pytest.mark.parametrize(
    "artist",
    ["Afrojack", "Afrojack & Jay", "Afrojack feat. Jay", "AFROJACK ft Jay", "Afrojack, Jay",
     "Afrojack x Jay", "Afrojack (feat. Jay)", "Afrojack vs. Jay"],
)  # fmt: skip
def test_the_first_named_artist_leads(artist: str) -> None:
    assert lead_artist(artist, "") == "afrojack"


def test_a_name_that_is_all_joining_words_stays() -> None:
    assert lead_artist("With", "") == "with"


def test_songs_differ_by_title_and_by_mix() -> None:
    names = [song_key("Robyn", t) for t in ("Be Mine", "Be Mine (Dub)", "Hang with Me")]
    assert len({*names, song_key("Roby", "nBe Mine")}) == 4
    assert song_key("", "") == song_key(" ", "www.site.net") == ""


@given(st.text(max_size=20), st.text(max_size=20))
@settings(deadline=None, max_examples=200)
def test_names_are_found_in_any_text(artist: str, title: str) -> None:
    assert song_key(artist, title) == song_key(f" {artist} ", f"{title}\n")
    assert lead_artist(artist, title) == fold(lead_artist(artist, title))


@pytest.mark.parametrize("read", [strip_promo, genre_tokens, lambda t: song_key("", t)])
@pytest.mark.parametrize("sign", ["a.", "a-", "\t ", "[ ", "a - "])
def test_a_damaged_cell_of_megabytes_is_no_delay(read: Callable[[str], object], sign: str) -> None:
    started = time.perf_counter()
    read(sign * 1_000_000 + "x")
    assert time.perf_counter() - started < 2
