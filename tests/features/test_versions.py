from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from djlib.features.same_song import plain_words, song_version


@pytest.mark.parametrize(
    ("title", "song", "version"),
    [
        ("Strings of Life", "strings of life", "original"),
        ("Strings of Life (Original Mix)", "strings of life", "original"),
        ("Strings of Life [2015 Remaster]", "strings of life", "original"),
        ("Strings of Life Original Mix", "strings of life", "original"),
        ("Strings of Life (Extended Mix)", "strings of life", "extended"),
        ("Strings of Life - Radio Edit", "strings of life", "radio"),
        ("Strings of Life (Edit)", "strings of life", "radio"),
        ("Strings of Life (Dub)", "strings of life", "dub"),
        ("Strings of Life (VIP)", "strings of life", "vip"),
        ("Strings of Life (Remix)", "strings of life", "remix"),
        ("Strings of Life (Acappella)", "strings of life", "acapella"),
        ("Strings of Life (Live at Montreux)", "strings of life", "at montreux remix live"),
        ("Strings of Life (Carl Craig Remix)", "strings of life", "carl craig remix"),
        ("Strings of Life [Carl Craig's Remix]", "strings of life", "carl craig remix"),
        ("Strings of Life - Carl Craig Remix", "strings of life", "carl craig remix"),
        ("Strings of Life (feat. Ann) (Carl Craig Dub)", "strings of life", "carl craig remix dub"),
        ("Strings of Life feat. Ann", "strings of life", "original"),
        ("Strings of Life (with Ann)", "strings of life", "original"),
        ("Dancing With Myself", "dancing with myself", "original"),
        ("Live and Let Die", "live and let die", "original"),
        ("Extended", "extended", "original"),
        ("(Remix)", "remix", "original"),
        ("Part 2 (Live)", "part 2", "live"),
        ("Strings of Life - 128 - 8A", "strings of life", "original"),
        ("Strings of Life www.free-mp3.net", "strings of life", "original"),
        ("שיר (Remix)", "שיר", "remix"),
        ("🎧", "🎧", "original"),
        ("", "", "original"),
    ],
)
def test_a_title_is_a_song_and_a_version(title: str, song: str, version: str) -> None:
    found = song_version("Ana", title)
    assert (found.song, found.version) == (song, version)


def test_the_artist_may_stand_in_the_title() -> None:
    assert song_version("", "Moby - Go (Dub)") == song_version("MOBY", "Go [Dub Mix]")


@pytest.mark.parametrize(
    ("title", "numbers"),
    [("Part 1", ("1",)), ("Part II", ("ii",)), ("Untitled A1", ("a1",)), ("Untitled", ())],
)
def test_numbers_tell_songs_apart(title: str, numbers: tuple[str, ...]) -> None:
    assert song_version("Ana", title).numbers == numbers


@given(artist=st.text(max_size=400), title=st.text(max_size=400))
def test_any_text_is_taken_apart(artist: str, title: str) -> None:
    found = song_version(artist, title)
    assert found.version
    assert plain_words(found.song) in (found.song, "")
    assert song_version(artist, title) == found
