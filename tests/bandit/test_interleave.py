from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from djlib.bandit.interleave import assigned, credit, ratio_check, team_draft
from djlib.errors import InputError

IDS = st.lists(st.integers(0, 30).map(str), unique=True, max_size=25)


def chosen(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({"listing_id": list(ids), "mean": np.linspace(0.9, 0.1, len(ids))})


@given(IDS, IDS, st.integers(0, 30), st.integers(0, 99))
def test_a_batch_is_fair_and_holds_nothing_twice(
    first: list[str], second: list[str], k: int, seed: int
) -> None:
    batch = team_draft(chosen(*first), chosen(*second), k, seed=seed)
    assert len(batch) == min(k, len({*first, *second}))
    assert batch["listing_id"].is_unique
    for side, ids in (("first", first), ("second", second)):
        assert set(batch.loc[batch["arm"] == side, "listing_id"]) <= set(ids)
    sizes = [(batch["arm"] == side).sum() for side in ("first", "second")]
    if not set(first) & set(second) and min(len(first), len(second)) >= k:
        assert abs(sizes[0] - sizes[1]) <= 1


def test_each_side_takes_its_best_first() -> None:
    batch = team_draft(chosen("a", "b", "c"), chosen("x", "y", "z"), 4, seed=3)
    assert batch.loc[batch["arm"] == "first", "listing_id"].tolist() == ["a", "b"]
    assert batch.loc[batch["arm"] == "second", "listing_id"].tolist() == ["x", "y"]


def test_what_both_want_goes_to_either_by_a_fair_coin() -> None:
    both = chosen("a", "b")
    first = [team_draft(both, both, 1, seed=s)["arm"].iloc[0] == "first" for s in range(400)]
    assert 0.4 < np.mean(first) < 0.6


def test_the_same_seed_gives_the_same_batch_and_the_tables_stay() -> None:
    one, two = chosen("a", "b", "c"), chosen("c", "b", "d")
    kept = one.copy()
    pd.testing.assert_frame_equal(team_draft(one, two, 3, seed=1), team_draft(one, two, 3, seed=1))
    pd.testing.assert_frame_equal(one, kept)
    assert "arm" not in one


def test_equal_policies_get_equal_credit() -> None:
    rng = np.random.default_rng(0)
    keeps = {"first": 0, "second": 0}
    for seed in range(300):
        answers = pd.DataFrame({"listing_id": [str(i) for i in range(40)]})
        answers["keeper"] = rng.random(40) < 0.3
        one, two = (answers.iloc[rng.permutation(40)].reset_index(drop=True) for _ in range(2))
        for side, (hits, _) in credit(team_draft(one, two, 20, seed=seed)).items():
            keeps[side] += hits
    assert 0.45 < keeps["first"] / sum(keeps.values()) < 0.55


def test_credit_counts_answers_only() -> None:
    batch = pd.DataFrame(
        {"arm": ["first", "first", "second", "second"], "keeper": ["1", "", "0", "maybe"]}
    )
    assert credit(batch) == {"first": (1, 1), "second": (0, 1)}


def test_who_is_assigned_stays_and_shares_are_kept() -> None:
    sides = [assigned(f"person {n}", test="t", share=0.3) for n in range(3000)]
    assert sides == [assigned(f"person {n}", test="t", share=0.3) for n in range(3000)]
    assert 0.27 < np.mean([s == "first" for s in sides]) < 0.33
    other = [assigned(f"person {n}", test="u", share=0.3) for n in range(3000)]
    assert sides != other


def test_sides_filled_wrongly_are_seen_and_chance_is_not() -> None:
    assert ratio_check(0, 0).is_off is False
    rng = np.random.default_rng(0)
    alarms = [ratio_check(n, 200 - n).is_off for n in rng.binomial(200, 0.5, 500)]
    assert np.mean(alarms) < 0.01
    assert ratio_check(30, 170, share=0.5).is_off
    assert not ratio_check(30, 170, share=0.15).is_off


@pytest.mark.parametrize(
    ("bad", "words"),
    [(pd.DataFrame({"id": ["1"]}), "no column 'listing_id'"), (chosen("7", "7"), "'7' twice")],
)
def test_what_is_no_selection_is_said(bad: pd.DataFrame, words: str) -> None:
    with pytest.raises(InputError, match=words):
        team_draft(chosen("1"), bad, 2, seed=0)
