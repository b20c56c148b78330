from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing.base import BucketAssigner
from djlib.bucketing.baselines import ArtistAssigner, GenreAssigner, MajorityAssigner
from djlib.bucketing.comparison.model_comparison import (
    BEST_BASELINE,
    Candidate,
    ComparisonOptions,
    FoldKindResult,
    compare_models,
)
from djlib.bucketing.training import TrainingSet, assemble
from djlib.errors import InputError, UsageError
from djlib.synthetic.tables import synthetic_library

GENRE = Candidate("genre", lambda seed: GenreAssigner(seed), is_baseline=True)
ARTIST = Candidate("artist", lambda seed: ArtistAssigner(seed), is_baseline=True)
MAJORITY = Candidate("majority", lambda seed: MajorityAssigner(seed), is_baseline=True)
QUICK = ComparisonOptions(kinds=("stratified",), n_folds=3)


class Broken(MajorityAssigner):
    """Learns, then fails when it is asked."""

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        raise ZeroDivisionError("out of <luck>")


BROKEN = Candidate("broken", lambda seed: Broken(seed))


def training(n: int = 120, buckets: int = 3, **knobs: Any) -> TrainingSet:
    return assemble(synthetic_library(n, buckets=buckets, seed=41, **knobs), {}, test_share=0.0)


def held(
    candidates: list[Candidate], rules: ComparisonOptions = QUICK, **asked: Any
) -> FoldKindResult:
    return compare_models(candidates, training(), rules, **asked)[0]


@pytest.mark.parametrize("multi", [0.0, 0.6])
def test_every_model_has_figures_of_every_kind_of_folds(multi: float) -> None:
    rounds = compare_models([GENRE, MAJORITY], training(multi=multi), ComparisonOptions(n_folds=3))
    assert [found.kind for found in rounds] == ["stratified", "artist"]
    for found in rounds:
        assert found.n == 120
        assert found.against == "genre"
        for result in found.results:
            assert result.figures["n"] == 120
            assert ("ranking_precision" in result.figures) is (multi > 0)
            assert result.correct.mean() == pytest.approx(result.figures["accuracy"])
            assert np.trace(result.confusion) == result.correct.sum()
            assert result.confusion.sum() == 120
            assert result.fit_s > 0


def test_a_difference_is_that_of_the_figures() -> None:
    found = held([GENRE, MAJORITY])
    genre, majority = (s.figures for s in found.results)
    (pair,) = found.comparisons
    assert (pair.name, pair.against) == ("majority", "genre")
    for score in ("accuracy", "top3_accuracy", "log_loss"):
        difference = getattr(pair, score).difference
        assert difference == pytest.approx(majority[score] - genre[score])
    assert (pair.fixed - pair.broken) / 120 == pytest.approx(pair.accuracy.difference)
    assert pair.verdict == "worse"


def test_models_that_are_equal_cannot_be_told_apart() -> None:
    found = held([GENRE, Candidate("twin", GENRE.make)])
    assert found.results[0].figures == found.results[1].figures
    (pair,) = found.comparisons
    assert (pair.accuracy.low, pair.accuracy.difference, pair.accuracy.high) == (0, 0, 0)
    assert (pair.p_rows, pair.p_folds, pair.verdict) == (1, 1, "cannot tell")


def test_a_model_that_fails_is_a_row_with_its_reason() -> None:
    found = held([BROKEN, GENRE, MAJORITY])
    assert found.result("broken").failed == "ZeroDivisionError: out of <luck>"
    assert found.result("broken").figures == {}
    assert found.against == "genre"
    assert [d.name for d in found.comparisons] == ["majority"]


def test_all_may_fail() -> None:
    found = held([BROKEN])
    assert (found.against, found.comparisons, found.n) == ("", (), 0)


def test_who_the_others_are_held_against_can_be_said() -> None:
    assert held([GENRE, MAJORITY], against="majority").against == "majority"
    assert held([GENRE, MAJORITY, BROKEN], against="broken").against == "genre"
    best = held([MAJORITY, GENRE], against=BEST_BASELINE)
    assert best.against == "genre"
    with pytest.raises(UsageError, match="'hybrid' does not take part; compare against genre"):
        held([GENRE], against="hybrid")


def test_p_values_are_adjusted_for_all_that_were_looked_at() -> None:
    alone = held([GENRE, MAJORITY]).comparisons[0]
    among = held([GENRE, ARTIST, Candidate("twin", GENRE.make), MAJORITY]).comparisons[-1]
    assert alone.p_rows_adjusted == alone.p_rows == among.p_rows
    assert among.p_rows_adjusted == pytest.approx(min(1, 3 * among.p_rows))


def test_repeats_are_other_folds_and_more_of_them() -> None:
    rules = ComparisonOptions(kinds=("stratified",), n_folds=3, repeats=2)
    once, twice = held([GENRE, MAJORITY]), held([GENRE, MAJORITY], rules)
    assert twice.n == once.n
    assert len(twice.results[0].confidence) == 2 * len(once.results[0].confidence)
    assert twice.results[0].figures["accuracy"] != once.results[0].figures["accuracy"]
    assert twice.comparisons[0].p_folds != once.comparisons[0].p_folds
    assert (twice.comparisons[0].fixed, twice.comparisons[0].broken) == (
        once.comparisons[0].fixed,
        once.comparisons[0].broken,
    )


def test_the_same_seed_gives_the_same_figures() -> None:
    one, other = held([GENRE, MAJORITY]), held([GENRE, MAJORITY])
    assert one.results[0].figures == other.results[0].figures
    assert one.comparisons == other.comparisons


def test_models_never_answer_for_tracks_they_learned_from() -> None:
    seen: list[int] = []
    songs = training()

    class Checking(MajorityAssigner):
        def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
            assert not set(X["track_id"]) & set(self.labelled_["track_id"])
            seen.append(len(X))
            return super().predict_proba(X)

    def make(seed: int) -> BucketAssigner:
        return Checking(seed)

    (found,) = compare_models([Candidate("checking", make)], songs, QUICK)
    assert found.results[0].failed == ""
    assert sum(seen) == 2 * 120  # once for the answer, once for the watch


def test_one_artist_for_all_leaves_only_new_tracks() -> None:
    tracks = synthetic_library(60, buckets=3, seed=42).assign(artist="Robyn")
    rounds = compare_models(
        [GENRE], assemble(tracks, {}, test_share=0.0), ComparisonOptions(n_folds=3)
    )
    assert [found.kind for found in rounds] == ["stratified"]


@pytest.mark.parametrize("sizes", [{"A": 30}, {"A": 30, "B": 2}, {"A": 2, "B": 2}])
def test_fewer_than_two_buckets_cannot_be_compared_on(sizes: dict[str, int]) -> None:
    names = [b for b, n in sizes.items() for _ in range(n)]
    tracks = synthetic_library(len(names), seed=43).assign(bucket=names, buckets=names)
    with pytest.raises(InputError, match="comparing needs two; label more tracks"):
        compare_models([GENRE], assemble(tracks, {}, test_share=0.0), QUICK)


def test_a_handful_of_tracks_is_compared_without_a_claim() -> None:
    names = ["A", "B"] * 3
    tracks = synthetic_library(6, seed=44).assign(bucket=names, buckets=names)
    rounds = compare_models([GENRE, MAJORITY], assemble(tracks, {}, test_share=0.0), QUICK)
    assert all(d.verdict == "cannot tell" for found in rounds for d in found.comparisons)


def test_progress_is_told_of_each_fit() -> None:
    fits: list[int] = []
    held([GENRE, MAJORITY], progress=fits.append)
    assert fits == [1] * 6
