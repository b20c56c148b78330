from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from djlib.formats.collection import Playlist
from djlib.formats.playlists import attach_buckets, choose_buckets

from .samples import table

TRACKS = table(
    bpm=[126.0] * 20 + [140.0] * 10 + [np.nan] * 10, key=["8A"] * 20 + ["Emin"] * 10 + [""] * 10
)


def listed(*path: str, rows: range = range(10)) -> Playlist:
    return Playlist(path, tuple(f"t_{row}" for row in rows))


def reason(playlist: Playlist, tracks: pd.DataFrame = TRACKS) -> str | None:
    """Why a playlist is left out, or None where it is kept."""
    return choose_buckets(tracks, [playlist]).left_out.get(playlist.name)


@pytest.mark.parametrize(
    "name",
    [
        "Warm up",
        "2017",
        "History of House",
        "techno 2018-12",
        "pre12",
        "main",
        "_warmup",
        "BPM",
        "A",
    ],
)
def test_the_djs_own_playlists_are_kept(name: str) -> None:
    assert reason(listed(name, rows=range(15, 25))) is None


@pytest.mark.parametrize(
    "name", ["HISTORY 2018-12-22 (1)", "history_2011y05m26d_00h29m40s", "History 2024-01-01"]
)
def test_histories_are_left_out(name: str) -> None:
    assert reason(listed(name)) == "a history of what was played"
    assert reason(listed("Old", name)) == "a history of what was played"


@pytest.mark.parametrize("name", ["_RECORDINGS", "_LOOPS", "Aufnahmen"])
def test_lists_of_the_program_are_left_out(name: str) -> None:
    assert reason(listed(name)) == "a list the program keeps itself"
    assert reason(listed("Mine", name)) is None


def test_smart_and_empty_lists_are_left_out() -> None:
    assert "smart" in (reason(Playlist(("Hora",), (), "smart")) or "")
    assert "smart" in (reason(Playlist(("Hora",), ("t_1",), "smart")) or "")
    assert "smart" in (reason(listed("Untitled Intelligent List")) or "")
    assert reason(listed("None", rows=range(0))) == "empty"
    assert reason(listed("Gone", rows=range(90, 95))) == "empty"


def test_what_djlib_exported_never_becomes_a_label() -> None:
    own = [listed("djlib", "House"), listed("DJLIB", "Sets", "Late")]
    choice = choose_buckets(TRACKS, own, include=["*"], everything=True)
    assert choice.kept == []
    assert all("djlib" in why for why in choice.left_out.values())
    assert reason(listed("House", "djlib")) is None


def test_a_list_of_nearly_everything_is_left_out_of_larger_collections() -> None:
    assert reason(listed("All", rows=range(36))) == "holds 36 of all 40 tracks"
    assert reason(listed("Most", rows=range(35))) is None
    assert reason(listed("All", rows=range(19)), TRACKS.head(19)) is None


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("125-140bpm", range(30)),
        ("120 - 127", range(20)),
        ("125 to 130 BPM", range(20)),
        (">139bpm", range(20, 30)),
        ("140+", range(20, 30)),
        ("under 130 bpm", range(20)),
        ("<130", range(20)),
        ("126 bpm", range(20)),
        ("BPM 126", range(30)[:20]),
        ("Peak (138.5-141)", range(20, 40)),
    ],
)
def test_lists_that_a_tempo_defines_are_left_out(name: str, rows: range) -> None:
    assert (reason(listed("Sets", name, rows=rows)) or "").startswith("defined by tempo")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("125-140bpm", range(40)[30:]),  # no tempo known
        ("70-95bpm", range(20)),
        ("125-130bpm", range(15, 30)),
        ("80-90", range(20)),
        ("126", range(20)),
        ("1999-2000", range(20)),
        ("128 bpm", range(20)),
    ],
)
def test_a_number_in_the_name_is_not_enough(name: str, rows: range) -> None:
    assert reason(listed(name, rows=rows)) is None


@pytest.mark.parametrize(
    "name", ["8A", "08A - A Minor", "Am", "a minor", "1m", "A♭", "C# maj", "A"]
)
def test_lists_that_a_key_defines_are_left_out(name: str) -> None:
    assert reason(listed(name)) == "defined by key (100% of it is 8a)"


@pytest.mark.parametrize("name", ["Ambient", "A team", "minor issues", "13A", "18m", "Drum", "8Ah"])
def test_a_name_that_is_no_key_is_kept(name: str) -> None:
    assert reason(listed(name)) is None


def test_include_readmits_and_exclude_wins_in_any_case() -> None:
    lists = [listed("HISTORY 2024-01-01"), listed("Sets", "Late"), listed("Warm up")]
    choice = choose_buckets(
        TRACKS, lists, include=["history*", "nothing*"], exclude=["sets / LATE", "warm*"]
    )
    assert [p.name for p in choice.kept] == ["HISTORY 2024-01-01"]
    assert set(choice.left_out.values()) == {"excluded by name"}
    assert choice.unmatched == ("nothing*",)
    both = choose_buckets(TRACKS, lists, include=["*"], exclude=["*"])
    assert both.kept == []


def test_a_name_with_brackets_matches_itself() -> None:
    choice = choose_buckets(TRACKS, [listed("[2024] Café")], exclude=["[2024] cafe\u0301"])
    assert choice.kept == []


def test_everything_keeps_all_that_is_not_empty_or_excluded() -> None:
    lists = [listed("HISTORY 2024"), listed("All", rows=range(40)), listed("No", rows=range(0))]
    choice = choose_buckets(TRACKS, lists, everything=True, exclude=["all"])
    assert [p.name for p in choice.kept] == ["HISTORY 2024"]
    assert choice.left_out == {"All": "excluded by name", "No": "empty"}


def test_the_smallest_playlist_is_the_bucket_and_ties_go_by_name() -> None:
    lists = [
        listed("Big", rows=range(4)),
        listed("b", rows=range(1, 3)),
        listed("a", rows=range(2, 4)),
    ]
    tracks = table(path=[""] * 5)
    sorted_tracks = attach_buckets(tracks, lists)
    assert sorted_tracks["bucket"].tolist() == ["Big", "b", "a", "a", ""]
    assert sorted_tracks["buckets"].tolist() == ["Big", "b|Big", "a|b|Big", "a|Big", ""]
    assert "bucket" not in tracks


def test_only_members_that_are_there_make_a_playlist_small() -> None:
    lists = [listed("Old", rows=range(2, 90)), listed("New", rows=range(4))]
    assert attach_buckets(table(path=[""] * 4), lists)["bucket"].tolist() == [
        "New",
        "New",
        "Old",
        "Old",
    ]


def test_without_playlists_every_track_is_unsorted() -> None:
    assert attach_buckets(TRACKS, [])["buckets"].eq("").all()
