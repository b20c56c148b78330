"""Invented tables: the same every time, of the right shape, and with something to learn."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from djlib.errors import UsageError
from djlib.synthetic.tables import (
    synthetic_library,
    synthetic_library_batches,
    synthetic_listings,
    synthetic_opportunities,
)
from djlib.tables.schema import (
    LISTINGS,
    OPPORTUNITIES,
    TRACKS,
    Schema,
    coerce,
    recognise,
    split_buckets,
)

MAKERS = {
    TRACKS: lambda n, seed: synthetic_library(n, seed=seed, labelled=0.8, multi=0.3),
    LISTINGS: synthetic_listings,
    OPPORTUNITIES: synthetic_opportunities,
}


def one_hot(cells: pd.Series) -> np.ndarray:
    words = CountVectorizer(token_pattern=r"[^;,/|]+", min_df=2).fit_transform(cells)
    return words.toarray()


@pytest.mark.parametrize("schema", MAKERS, ids=lambda schema: schema.name)
def test_same_seed_gives_the_same_table_and_another_seed_another(schema: Schema) -> None:
    make = MAKERS[schema]
    pd.testing.assert_frame_equal(make(80, 3), make(80, 3))
    assert not make(80, 3).equals(make(80, 4))


def test_rows_do_not_depend_on_the_process() -> None:
    script = (
        "import pandas as pd; from djlib.synthetic.tables import *;"
        "tables = synthetic_library(60), synthetic_listings(60), synthetic_opportunities(60);"
        "print([int(pd.util.hash_pandas_object(t).sum()) for t in tables])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for salt in ("1", "2")
    }
    assert len(printed) == 1


@pytest.mark.parametrize("schema", MAKERS, ids=lambda schema: schema.name)
def test_table_follows_its_schema(schema: Schema) -> None:
    table = MAKERS[schema](300, 0)
    fixed, problems = coerce(table, schema)
    assert not problems
    pd.testing.assert_frame_equal(fixed, table)
    assert table.columns.tolist()[: len(schema.names)] == schema.names
    assert recognise(table.columns) == schema
    assert table[schema.key].is_unique


def test_batches_together_are_the_library() -> None:
    batches = list(synthetic_library_batches(120, 4, 5, batch_rows=50))
    assert [len(b) for b in batches] == [50, 50, 20]
    together = pd.concat(batches, ignore_index=True)
    assert together["track_id"].is_unique
    pd.testing.assert_frame_equal(
        pd.concat(synthetic_library_batches(120, 4, 5), ignore_index=True),
        synthetic_library(120, 4, 5),
    )


def test_missing_values_have_the_shares_of_a_real_library() -> None:
    library = synthetic_library(4000)
    missing = library.replace("", None).isna().mean()
    expected = {"genres": 0.35, "bpm": 0.04, "key": 0.18, "artist": 0.03, "bucket": 0.0}
    assert missing[list(expected)].to_dict() == pytest.approx(expected, abs=0.03)


def test_library_has_the_dirt_of_a_real_one() -> None:
    library = synthetic_library(2000)
    genres, keys = library["genres"], library["key"]
    assert genres.str.contains("[;,/|]").mean() > 0.05
    assert {"Drum & Bass", "DnB", "Drum and Bass"} <= set(genres)
    for notation in (r"^\d+[AB]$", r"^[A-G][b#]?m?$", r"^[A-G].*min$", r"^\d+[md]$", r"^0\d", "♭"):
        assert keys.str.contains(notation).any(), notation
    assert not library["artist"].str.isascii().all()
    drum_and_bass = library.loc[library["bucket"].eq("Drum & Bass"), "bpm"]
    assert drum_and_bass.between(80, 95).any()
    assert library["path"].str.match(r"^/Users/").any()
    assert library["path"].str.match(r"^D:\\").any()
    assert library["path"].is_unique
    assert library.duplicated(["artist", "title", "duration_s"]).any()


def test_tracks_are_not_added_before_they_are_released() -> None:
    library = synthetic_library(500).dropna(subset="year")
    assert (library["date_added"].str[:4].astype(int) >= library["year"]).all()


def test_artists_return_and_lean_to_a_bucket() -> None:
    library = synthetic_library(2000).query("artist != ''")
    counts = library["artist"].value_counts()
    assert (counts >= 3).sum() > 100
    often = library[library["artist"].isin(counts.index[counts >= 5])]
    top = often.groupby("artist")["bucket"].agg(lambda b: b.value_counts(normalize=True).iloc[0])
    assert top.mean() > 0.5


def test_unsorted_tracks_and_several_buckets_come_as_asked() -> None:
    library = synthetic_library(3000, labelled=0.4, multi=0.5)
    assert library["bucket"].ne("").mean() == pytest.approx(0.4, abs=0.03)
    assert library["bucket"].eq("").equals(library["buckets"].eq(""))
    found = library.loc[library["bucket"].ne(""), ["bucket", "buckets"]]
    several = found["buckets"].map(split_buckets)
    assert (several.str[0] == found["bucket"]).all()
    assert several.str.len().gt(1).mean() == pytest.approx(0.45, abs=0.06)
    assert several.map(lambda names: len(names) == len(set(names))).all()


@pytest.mark.parametrize("buckets", [1, 2, 40])
def test_any_number_of_buckets_works(buckets: int) -> None:
    library = synthetic_library(2000, buckets, multi=0.2)
    assert library["bucket"].nunique() == buckets


def test_a_library_of_one_track_is_a_library() -> None:
    assert len(synthetic_library(1, buckets=3)) == 1


@pytest.mark.parametrize("wrong", [{"n": 0}, {"buckets": 0}, {"labelled": 1.5}, {"multi": -0.1}])
def test_numbers_that_mean_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        synthetic_library(**wrong)  # type: ignore[arg-type]


def test_genre_and_tempo_predict_the_bucket_but_not_perfectly() -> None:
    library = synthetic_library(900)
    numbers = np.c_[library["bpm"].fillna(0), one_hot(library["genres"])]
    forest = RandomForestClassifier(60, min_samples_leaf=3, random_state=0)
    accuracy = cross_val_score(forest, numbers, library["bucket"], cv=3).mean()
    majority = library["bucket"].value_counts(normalize=True).max()
    assert majority + 0.25 < accuracy < 0.85


def test_label_and_year_predict_what_the_collector_keeps_but_not_perfectly() -> None:
    listings = synthetic_listings(3000)
    assert listings["keeper"].mean() == pytest.approx(0.15, abs=0.01)
    near_1991 = np.exp(-(((listings["year"].fillna(2020) - 1991) / 6) ** 2))
    words = (listings["styles"] + ";" + listings["label"]).rename("words")
    numbers = np.c_[near_1991, one_hot(words)]
    ranked = LogisticRegression(C=0.5, max_iter=500)
    auc = cross_val_score(ranked, numbers, listings["keeper"], cv=3, scoring="roc_auc").mean()
    assert 0.75 < auc < 0.97


def test_auctions_end_and_fixed_prices_do_not() -> None:
    listings = synthetic_listings(300)
    assert listings["kind"].eq("auction").equals(listings["ends_at"].ne(""))
    assert listings["price"].gt(0).all()


def test_some_calls_say_their_deadline_only_in_the_text() -> None:
    calls = synthetic_opportunities(300)
    said = calls["description"].str.contains(r"Deadline: |Apply by |Closes |open until ")
    assert (said & calls["deadline"].eq("")).mean() == pytest.approx(0.27, abs=0.08)
    assert calls["deadline"].ne("").mean() == pytest.approx(0.61, abs=0.08)
