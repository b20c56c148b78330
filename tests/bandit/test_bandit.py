"""The bandit through its promised doors: fit, select, update, explain, save, load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib import ContrastiveBandit
from djlib.bandit.gaussian_process.policy import GaussianProcessPolicy
from djlib.errors import InputError, ModelError, UsageError

from .tastes import shop
from .uniform import MODES, register_uniform

COLUMNS = [
    "listing_id", "selection_strategy", "mean", "uncertainty_at_selection", "propensity",
    "reason", "batch_number", "exploration_rate",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _uniform(monkeypatch: pytest.MonkeyPatch) -> None:
    register_uniform(monkeypatch)


def bandit(**settings: object) -> ContrastiveBandit:
    return ContrastiveBandit(**({"engine": "none", "random_state": 0} | settings))  # type: ignore[arg-type]


def without_answers(listings: pd.DataFrame) -> pd.DataFrame:
    return listings.drop(columns="keeper")


def answered(picked: pd.DataFrame, listings: pd.DataFrame) -> pd.DataFrame:
    known = listings.set_index("listing_id")["keeper"]
    return picked.assign(keeper=known[picked["listing_id"]].to_numpy())


def expected(model: ContrastiveBandit, listings: pd.DataFrame) -> np.ndarray:
    policy = model.policy_
    assert isinstance(policy, GaussianProcessPolicy)
    return policy.expected(policy.encode(listings))


def keepers_found(model: ContrastiveBandit, listings: pd.DataFrame, batches: int = 5) -> int:
    pool, found = without_answers(listings), 0
    for _ in range(batches):
        picked = model.select(pool, k=20)
        said = answered(picked, listings)
        found += int(said["keeper"].sum())
        model.update(said)
        pool = pool[~pool["listing_id"].isin(picked["listing_id"])]
    return found


@pytest.mark.parametrize("mode", MODES)
def test_a_batch_says_what_was_picked_by_which_rule_and_why(mode: str) -> None:
    listings = shop(120)
    model = bandit(mode=mode).fit(listings.head(20))
    picked = model.select(without_answers(listings.tail(100)), k=20)
    assert list(picked) == COLUMNS
    assert picked["listing_id"].is_unique
    assert picked["mean"].between(0, 1).all()
    assert (picked["uncertainty_at_selection"] >= 0).all()
    assert picked["propensity"].between(0, 1, inclusive="right").all()
    assert (picked["reason"] != "").all()
    assert set(picked["selection_strategy"]) <= {"exploit", "explore", "uniform"}
    assert model.update(answered(picked, listings)).batch_number_ == 1


def test_the_next_batches_are_better_than_chance() -> None:
    listings = shop(400, seed=1)
    chance = listings["keeper"].mean() * 100
    found = keepers_found(bandit().fit(listings.head(0)), listings)
    assert found > 1.5 * chance


def test_the_same_seed_and_answers_give_the_same_batches() -> None:
    listings = shop(150)
    first, second = (bandit().fit(listings.head(30)) for _ in range(2))
    pool = without_answers(listings.tail(120))
    pd.testing.assert_frame_equal(first.select(pool), second.select(pool))


def test_the_first_batch_is_spread_over_the_pool() -> None:
    listings = shop(300)
    picked = bandit().fit(listings.head(0)).select(without_answers(listings), k=20)
    chosen = listings[listings["listing_id"].isin(picked["listing_id"])]
    assert chosen["genres"].nunique() == 5
    assert "nothing is known" in picked["reason"][0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("answers", [0, 1])
def test_all_alike_answers_still_give_a_batch(mode: str, answers: int) -> None:
    listings = shop(80)
    model = bandit(mode=mode).fit(listings.head(20).assign(keeper=answers))
    assert len(model.select(without_answers(listings.tail(60)))) == 20


def test_twenty_labels_with_one_keeper_find_its_like() -> None:
    listings = shop(200)
    keeper = (listings["listing_id"] == listings["listing_id"][3]).astype(int)
    model = bandit().fit(listings.head(20).assign(keeper=keeper.head(20)))
    like = listings.tail(1).assign(**{c: listings.loc[3, c] for c in ("artist", "label", "genres")})
    rest = listings.iloc[20:-1]
    mean, _ = model.moments(without_answers(pd.concat([rest, like])))
    assert mean[-1] >= np.quantile(mean, 0.97)


def test_a_pool_smaller_than_a_batch_is_shown_whole() -> None:
    listings = shop(30)
    model = bandit().fit(listings.head(20))
    picked = model.select(without_answers(listings.tail(10)), k=20)
    assert sorted(picked["listing_id"]) == sorted(listings["listing_id"].tail(10))


def test_hostile_listings_are_scored() -> None:
    pool = pd.DataFrame(
        {
            "listing_id": ["a", "b", "c", "d", "d"],
            "title": ["Nur ein Titel", "", "🎶 ‮אבג", "x" * 5000, "x"],
            "price": ["12,50", "NaN", "-3", "gratis", ""],
            "year": ["1999", "", "0", "next", "2001"],
        }
    )
    model = bandit().fit(shop(20))
    picked = model.select(pool, k=20)
    assert sorted(picked["listing_id"]) == ["a", "b", "c", "d"]
    assert np.isfinite(picked["mean"]).all()


def test_of_identical_records_one_is_asked_about_while_there_are_others() -> None:
    listings = shop(100)
    model = bandit(dial="accuracy").fit(listings.head(30))
    mean, _ = model.moments(without_answers(listings))
    best = listings.iloc[[int(mean.argmax())]]
    copies = pd.concat([best.assign(listing_id=f"copy {n}") for n in range(15)])
    pool = without_answers(pd.concat([listings.tail(60), copies], ignore_index=True))
    picked = model.select(pool, k=10)
    assert picked["listing_id"].str.startswith("copy").sum() <= 2


def test_constant_scores_are_said(caplog: pytest.LogCaptureFixture) -> None:
    same = pd.DataFrame({"listing_id": [f"s{i}" for i in range(30)], "title": "Same"})
    model = bandit().fit(same.head(5).assign(keeper=[1, 0, 1, 0, 1]))
    model.select(same.tail(20), k=5)
    assert "constant_scores" in model.health_
    assert "constant_scores" in caplog.text


def test_the_last_answer_to_a_listing_counts() -> None:
    listings = shop(60)
    model = bandit().fit(listings.head(20))
    model.update(listings.head(5).assign(keeper=1))
    assert len(model.labelled_) == 20
    fresh = bandit().fit(model.labelled_)
    np.testing.assert_allclose(model.moments(listings)[0], fresh.moments(listings)[0])


def test_learning_in_steps_is_learning_at_once() -> None:
    listings = shop(120)
    stepwise = bandit().fit(listings.head(0))
    stepwise.select(without_answers(listings), k=5)
    for start in range(0, 60, 20):
        stepwise.update(listings.iloc[start : start + 20])
    at_once = bandit().fit(listings.head(0))
    at_once.select(without_answers(listings), k=5)
    at_once.update(listings.head(60))
    first, second = (expected(m, listings) for m in (stepwise, at_once))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_reasons_are_true() -> None:
    listings = shop(150)
    model = bandit().fit(listings.head(60))
    known = listings.head(60)
    said = model.explain(without_answers(listings.iloc[60:90]))
    claims = [reason for reasons in said for reason in reasons if reason.startswith("label ")]
    assert claims
    for claim in claims:
        words = claim.split()
        label = " ".join(words[1:3]).title()
        rows = known[known["label"] == label]
        assert (int(words[4]), int(words[6])) == (int(rows["keeper"].sum()), len(rows))


def test_doubt_is_less_on_familiar_ground_and_never_more_than_the_probability_allows() -> None:
    listings = shop(200)
    few, many = bandit().fit(listings.head(10)), bandit().fit(listings.head(150))
    asked, before = (m.moments(without_answers(listings.head(150))) for m in (many, few))
    unasked = many.moments(without_answers(listings.tail(50)))
    for mean, uncertainty in (asked, before, unasked):
        assert (uncertainty <= np.sqrt(mean * (1 - mean))).all()
    share = [float(np.mean(u / np.sqrt(m * (1 - m)))) for m, u in (asked, unasked, before)]
    assert share == sorted(share)
    assert share[0] < 0.9 * share[2]


def test_a_number_that_speaks_says_its_value_and_how_it_went_there() -> None:
    rng = np.random.default_rng(0)
    listings = pd.DataFrame(
        {
            "listing_id": [f"l{i}" for i in range(120)],
            "title": [f"{a:x}" for a in rng.integers(1 << 30, 1 << 40, 120)],
            "year": rng.choice([1981.0, 2005.0, np.nan], 120),
        }
    )
    listings["keeper"] = (listings["year"] == 1981).astype(int)
    known = listings.head(60)
    model = bandit().fit(known)
    said = model.explain(without_answers(listings[listings["year"] == 1981].tail(5)))
    n = int((known["year"] == 1981).sum())
    for reasons in said:
        assert f"its year (1981) spoke for it most: kept {n} of {n} about there" in reasons


def test_contributions_add_up_to_the_answer_expected() -> None:
    listings = shop(80)
    model = bandit().fit(listings.head(40))
    parts = model.contributions(without_answers(listings))
    assert {"words", "labels", "genres", "price", "year"} <= set(parts)
    np.testing.assert_allclose(parts.sum(axis=1), expected(model, listings), atol=1e-5)


def test_the_taste_space_has_64_dimensions_and_draws_the_alike_together() -> None:
    listings = shop(120)
    model = bandit().fit(listings.head(60))
    points = model.embed(without_answers(listings))
    assert points.shape == (120, 64)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1)
    rows, alike = model.nearest(without_answers(listings.head(60)), 3)
    assert rows[:, 0].tolist() == list(range(60))
    assert (np.diff(alike, axis=1) <= 1e-12).all()


@pytest.mark.parametrize("mode", MODES)
def test_what_is_saved_comes_back_and_learns_on(mode: str, tmp_path: Path) -> None:
    listings = shop(120)
    pool = without_answers(listings.tail(60))
    model = bandit(mode=mode).fit(listings.head(40))
    model.select(pool, k=5)
    model.update(listings.iloc[40:60])
    model.save(tmp_path / "kept")
    again = ContrastiveBandit.load(tmp_path / "kept")
    assert again.batch_number_ == 1
    np.testing.assert_allclose(again.moments(pool)[0], model.moments(pool)[0], atol=1e-9)
    pd.testing.assert_frame_equal(again.select(pool, k=8), model.select(pool, k=8))
    assert again.update(listings.iloc[60:70]).batch_number_ == 2


@pytest.mark.parametrize("mode", MODES)
def test_an_empty_bandit_can_be_saved(
    mode: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bandit(mode=mode).fit(shop(0)).save(tmp_path / "kept")
    again = ContrastiveBandit.load(tmp_path / "kept")
    assert caplog.messages == []  # that it has learned nothing is no damage
    assert len(again.select(without_answers(shop(50)), k=20)) == 20


@pytest.mark.parametrize("part", ["policy/strong.json", "policy/strong.npz", "answers.parquet"])
def test_a_damaged_model_is_refused(part: str, tmp_path: Path) -> None:
    model = bandit().fit(shop(30))
    model.save(tmp_path / "kept")
    (tmp_path / "kept" / part).write_bytes(b"\0" * 10)
    with pytest.raises(ModelError, match="not a whole keepers model"):
        ContrastiveBandit.load(tmp_path / "kept")


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown mode 'bold'; known: strong, faithful"):
        bandit(mode="bold").fit(shop(5))
    with pytest.raises(UsageError, match="unknown dial 'loud'"):
        bandit(dial="loud").fit(shop(5))
    with pytest.raises(InputError, match="keeper must be 0 or 1, not '7'"):
        bandit().fit(shop(5).assign(keeper=7))
    with pytest.raises(InputError, match="no column 'keeper'"):
        bandit().fit(without_answers(shop(5)))
    with pytest.raises(InputError, match="needs a column 'listing_id'"):
        bandit().fit(shop(0)).select(pd.DataFrame({"title": ["a"]}))


def test_exploring_more_where_it_earned_more() -> None:
    listings = shop(100)
    model = bandit(adaptive=True).fit(listings.head(40).assign(selection_strategy="exploit"))
    pool = without_answers(listings.tail(60))
    before = model.select(pool)["exploration_rate"][0]
    earned = listings.iloc[40:60].assign(selection_strategy="explore", keeper=1)
    model.update(earned)
    assert model.select(pool)["exploration_rate"][0] > before


def test_any_record_can_be_picked_with_a_known_chance() -> None:
    listings = shop(300)
    model = bandit().fit(listings.head(60))
    pool = without_answers(listings.tail(200))
    chances = []
    for seed in range(60):
        model.random_state = seed
        picked = model.select(pool, k=20)
        chances += picked.loc[picked["selection_strategy"] == "uniform", "propensity"].tolist()
    assert 5 <= len(chances) <= 28  # one batch in four
    assert all(0.25 / 200 <= chance <= 0.25 / 180 for chance in chances)


def test_the_last_pick_of_a_pool_shown_whole_is_certain() -> None:
    listings = shop(100)
    model = bandit().fit(listings.head(60))
    for seed in range(5):
        model.random_state = seed
        shown = model.select(without_answers(listings.tail(15)), k=20)
        assert (shown["propensity"] == 1).all()


def test_what_is_said_of_the_picks_of_a_large_pool_is_what_they_were_picked_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listings = shop(600)
    model = bandit().fit(listings.head(60))
    pool = without_answers(listings.tail(500))
    monkeypatch.setattr("djlib.bandit.gaussian_process.policy.READ_WHOLE_UP_TO", 100)
    picked = model.select(pool)
    chosen = pool.set_index("listing_id").loc[picked["listing_id"]].reset_index()
    np.testing.assert_allclose(picked["mean"], model.moments(chosen)[0])


def test_the_global_generator_is_left_alone() -> None:
    listings = shop(60)
    np.random.seed(5)
    before = np.random.get_state()[1].tolist()  # type: ignore[index]
    bandit().fit(listings.head(30)).select(without_answers(listings.tail(30)))
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]
