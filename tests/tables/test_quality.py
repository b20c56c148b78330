"""What a table's quality report finds, and what it leaves in peace."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pandas as pd

from djlib.tables.plain_json import to_plain
from djlib.tables.quality import QualityReport, quality_report
from djlib.tables.schema import LISTINGS, TRACKS


def _tracks(n: int = 12, **columns: Any) -> pd.DataFrame:
    """`n` faultless tracks in two buckets, with some columns replaced."""
    table = pd.DataFrame(
        {
            "track_id": [f"t{i}" for i in range(n)],
            "artist": [f"Artist {i}" for i in range(n)],
            "title": [f"Title {i}" for i in range(n)],
            "album": [""] * n,
            "bpm": np.linspace(120, 130, n),
            "key": ["8A"] * n,
            "bucket": ["Peak", "Warm up"] * (n // 2),
        }
    )
    return table.assign(**columns)


def _first(table: pd.DataFrame, column: str, *values: Any) -> list[Any]:
    return [*values, *table[column].iloc[len(values) :]]


def _findings(table: pd.DataFrame) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {f.name: (f.count, f.examples) for f in quality_report(table, TRACKS).findings}


def test_a_faultless_table_has_no_findings() -> None:
    report = quality_report(_tracks(), TRACKS)

    assert report.findings == ()
    assert (report.schema, report.rows) == ("tracks", 12)


def test_gaps_and_different_values_are_counted_for_each_column() -> None:
    table = _tracks(4, artist=["a", "", " ", "a"], bpm=[120, np.nan, 121, 121])

    found = {c.name: (c.missing, c.distinct) for c in quality_report(table, TRACKS).columns}

    assert found["artist"] == (0.5, 1)
    assert found["bpm"] == (0.25, 2)
    assert found["album"] == (1.0, 0)


def test_values_that_are_not_understood_are_counted_and_the_commonest_shown() -> None:
    table = _tracks(8, key=["8A", "x", "x", "y", "8A", "8A", "", "8A"])

    columns = quality_report(table, TRACKS, readable={"key": lambda key: key == "8A"}).columns

    (key,) = (c for c in columns if c.name == "key")
    assert (key.not_understood, key.examples) == (round(3 / 7, 4), ("x", "y"))
    assert all(c.not_understood is None for c in columns if c.name != "key")


def test_an_id_twice_is_found() -> None:
    assert _findings(_tracks(track_id=[f"t{max(i, 1)}" for i in range(12)])) == {
        "duplicate ids": (2, ("t1",))
    }


def test_one_song_in_several_files_is_found_whatever_its_case_and_spaces() -> None:
    table = _tracks()
    table["artist"] = _first(table, "artist", "Björk", "x", " BJÖRK ", "Bjo\u0308rk", "", "")
    table["title"] = _first(table, "title", "Army of Me", "y", "army  of me", "Army Of Me", "", "")

    assert _findings(table) == {
        "same song twice": (3, ("t0 and t2 and t3",)),
        "one song in several buckets": (3, ("t0 in Peak and t2 in Peak and t3 in Warm up",)),
    }


def test_tempos_out_of_range_and_of_half_or_double_speed_are_found() -> None:
    table = _tracks()
    table["bpm"] = _first(table, "bpm", 250.0, 62.0, np.nan, 40.0, 87.0)

    assert _findings(table) == {
        "unusual tempo": (2, ("t0: 250", "t3: 40")),
        "half or double tempo": (2, ("t0: 250", "t1: 62")),
    }


def test_the_usual_tempo_is_that_of_the_bucket_if_it_has_enough() -> None:
    slow_beside_fast = [85.0] + [170.0] * 11
    one_slow_bucket = ["Slow"] + ["Fast"] * 11

    assert _findings(_tracks(bpm=[85.0, 170.0] * 6)) == {}
    assert "half or double tempo" in _findings(_tracks(bpm=slow_beside_fast))
    assert "half or double tempo" in _findings(
        _tracks(bpm=slow_beside_fast, bucket=one_slow_bucket)
    )


def test_an_artist_inside_the_title_is_found_only_where_the_artist_is_missing() -> None:
    table = _tracks()
    table["artist"] = _first(table, "artist", "", "Robyn", "", "")
    table["title"] = _first(table, "title", "Robyn - Be Mine", "A - B", "Be-Mine", "X – Y")

    assert _findings(table) == {"artist in the title": (2, ("Robyn - Be Mine", "X – Y"))}


def test_addresses_in_names_are_found() -> None:
    table = _tracks()
    table["title"] = _first(table, "title", "Tired www.free.example", "Mr. Com", "St.Nets")
    table["album"] = _first(table, "album", "HTTP://x.y", "[best-music.ru]", "", "Vol. 2")

    assert _findings(table) == {
        "promo text": (2, ("Tired www.free.example", "HTTP://x.y", "[best-music.ru]"))
    }


def test_buckets_that_differ_only_in_case_or_spaces_are_found() -> None:
    buckets = ["Peak", "peak", "Peak  ", "Warm up", "warm  up", "Late"] * 3

    assert _findings(_tracks(18, bucket=buckets)) == {
        "bucket names alike": (4, ("'Peak' and 'peak'", "'Warm up' and 'warm  up'"))
    }


def test_buckets_too_small_to_learn_are_found() -> None:
    buckets = ["Tiny"] * 2 + ["Peak"] * 5 + ["Warm up"] * 5

    assert _findings(_tracks(bucket=buckets)) == {"small buckets": (1, ("Tiny",))}


def test_a_bucket_that_holds_nearly_all_is_found() -> None:
    buckets = ["Peak"] * 95 + ["Warm up"] * 5

    assert _findings(_tracks(100, bucket=buckets)) == {"one bucket for nearly all": (1, ("Peak",))}


def test_tracks_in_several_buckets_are_no_contradiction() -> None:
    table = _tracks(buckets=["Peak|Warm up", "Warm up | Late", "Late"] * 4)
    table["title"] = ["same"] * 12
    table["artist"] = ["same"] * 12

    assert set(_findings(table)) == {"same song twice"}


def test_unsorted_tracks_are_no_bucket() -> None:
    assert _findings(_tracks(bucket=[""] * 12)) == {}


def test_a_table_with_few_columns_or_rows_or_another_index_is_no_error() -> None:
    listings = pd.DataFrame({"listing_id": ["1", "1"], "price": [1.0, np.nan]}, index=[7, 7])

    assert [f.name for f in quality_report(listings, LISTINGS).findings] == ["duplicate ids"]
    assert quality_report(_tracks().iloc[:0], TRACKS).findings == ()
    assert [c.missing for c in quality_report(listings.iloc[:0], LISTINGS).columns] == [0.0, 0.0]


def test_the_report_can_be_written_as_json() -> None:
    report = quality_report(_tracks(track_id=["t"] * 12), TRACKS)

    plain = json.loads(json.dumps(to_plain(report)))

    assert isinstance(report, QualityReport)
    assert plain["findings"][0]["name"] == "duplicate ids"


def test_fifty_thousand_tracks_take_seconds_at_most() -> None:
    table = _tracks(50_000)

    started = time.process_time()
    quality_report(table, TRACKS)

    assert time.process_time() - started < 5
