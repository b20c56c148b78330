from __future__ import annotations

import sys
import types
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest

from djlib.bandit.simulation.episode import SimulationOptions, replay
from djlib.bandit.simulation.policies import POLICIES, BanditPolicy, listing_ids, policy_factory
from djlib.bandit.simulation.simulate import (
    SimulationRun,
    Simulator,
    check_names,
    mean_of,
    run_all,
    summaries,
)
from djlib.bandit.simulation.transfer import few_shot, in_genre, transfer
from djlib.errors import InputError, UsageError
from djlib.synthetic.listings import synthetic_listings
from djlib.tables.plain_json import json_text

RULES = SimulationOptions(batches=3, k=10, start=20, candidates=100)


def simulator(n: int = 240, options: SimulationOptions = RULES, **knobs: Any) -> Simulator:
    pool = synthetic_listings(n, seed=3)
    return Simulator(pool, pool["keeper"].to_numpy(), options, **knobs)


class FakeBandit:
    """What djlib's bandit promises, on the words of the title."""

    def __init__(self, mode: str = "strong", random_state: int | None = None) -> None:
        self.mode = mode
        self.fits = self.updates = 0

    def fit(self, X: pd.DataFrame) -> Self:
        assert set(X["keeper"]) <= {0, 1}
        self.fits += 1
        self.known = X
        return self

    def update(self, X: pd.DataFrame) -> Self:
        assert not set(X["listing_id"]) & set(self.known["listing_id"])
        self.updates += 1
        self.known = pd.concat([self.known, X])
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        assert "keeper" not in X
        kept = self.known.groupby("styles")["keeper"].mean()
        p = X["styles"].map(kept).fillna(self.known["keeper"].mean()).to_numpy()
        return np.stack([1 - p, p], axis=1)

    def moments(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        p = self.predict_proba(X)[:, 1]
        return p, np.sqrt(p * (1 - p)) / len(self.known)

    def embed(self, X: pd.DataFrame) -> np.ndarray:
        p = self.predict_proba(X)
        return p / np.linalg.norm(p, axis=1, keepdims=True)

    def select(self, pool: pd.DataFrame, k: int = 20) -> pd.DataFrame:
        p = self.predict_proba(pool)[:, 1]
        place = np.argsort(-p, kind="stable")[:k]
        how = ["exploit"] * (k - 2) + ["explore", "uniform"]
        chosen = pool.iloc[place][["listing_id"]].assign(mean=p[place], selection_strategy=how)
        return chosen.reset_index(drop=True)


@pytest.fixture
def bandit(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = types.ModuleType("djlib.bandit.bandit")
    module.ContrastiveBandit = FakeBandit
    monkeypatch.setitem(sys.modules, "djlib.bandit.bandit", module)


def test_djlibs_bandit_is_driven_through_its_promised_interface(bandit: None) -> None:
    found = simulator()
    policy = policy_factory("strong", found.keeper)(found.listings, 0)
    game = replay(found.listings, found.keeper, lambda x, s: policy, RULES)  # type: ignore[arg-type]
    assert (policy.bandit.fits, policy.bandit.updates) == (1, 3)  # type: ignore[attr-defined]
    assert game.explore.sum() == 2 * 3
    assert np.isfinite(game.mean).all()
    assert game.embedding.shape == (240, 2)


def test_exploring_is_worth_what_its_twin_says(bandit: None) -> None:
    games = run_all(simulator(), ["strong", "strong_greedy"], 2)
    strong, twin = (next(s for s in summaries(games) if s.name == n) for n in
                    ("strong", "strong_greedy"))  # fmt: skip
    gain = strong.figures["keepers"].mean - twin.figures["keepers"].mean
    assert strong.figures["explore_gain"].mean == pytest.approx(gain / 6)
    assert twin.figures["explore_gain"] is None
    assert twin.explored == (0, 0, 0)


@pytest.mark.parametrize("name", ["greedy", "random"])
def test_a_game_played_again_is_the_same_game(name: str) -> None:
    one, other = simulator().run(name, 1), simulator().run(name, 1)
    assert one.found == other.found
    assert one.figures.brier == other.figures.brier


def test_who_learns_finds_more_than_chance_and_less_than_the_oracle() -> None:
    games = run_all(simulator(600), ["random", "greedy", "oracle"], 6)
    found = {s.name: s for s in summaries(games)}
    rate = {name: s.figures["rate"].mean for name, s in found.items()}
    assert rate["random"] < rate["greedy"] < rate["oracle"]
    assert found["oracle"].figures["regret"].mean == 0
    assert found["greedy"].figures["regret"].mean > 0
    assert [s.name for s in summaries(games)] == ["oracle", "greedy", "random"]
    for standing in found.values():
        assert standing.curve[-1].mean == pytest.approx(standing.figures["keepers"].mean)
    assert found["random"].figures["explore_rate"] is not None
    assert found["random"].figures["ece"] is None
    assert 0 <= found["greedy"].figures["ece_aside"].mean <= 1


def test_a_kept_game_is_read_back_and_not_played_again() -> None:
    import json

    games = run_all(simulator(), ["random", "greedy"], 2)
    back = [SimulationRun.from_dict(json.loads(json_text(g.as_dict()))) for g in games]
    assert back == games
    kept: list[int] = []
    again = run_all(simulator(factories={}), ["random", "greedy"], 2, back,
                     keep=lambda played: kept.append(len(played)))  # fmt: skip
    assert again == games
    assert kept == []


def test_an_unknown_policy_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no policy 'best'; known: random, greedy, .*oracle"):
        check_names(["random", "best"])
    check_names([*POLICIES, "oracle"])


def test_one_game_has_no_interval_and_several_have_a_fair_one() -> None:
    assert (mean_of([0.4]).low, mean_of([0.4]).mean) == (None, 0.4)
    rng = np.random.default_rng(0)
    held = [
        m.low <= 0 <= m.high for m in (mean_of(rng.normal(size=5).tolist()) for _ in range(400))
    ]
    assert 0.92 < np.mean(held) < 0.98


def test_listings_without_ids_or_with_doubles_get_their_own() -> None:
    double = pd.DataFrame({"listing_id": ["7", "7"], "title": ["a", "b"]})
    assert listing_ids(double)["listing_id"].tolist() == ["row 1", "row 2"]
    assert listing_ids(pd.DataFrame({"title": ["a"]}))["listing_id"].tolist() == ["row 1"]
    whole = pd.DataFrame({"listing_id": ["x", "y"]})
    assert listing_ids(whole)["listing_id"].tolist() == ["x", "y"]


def test_a_taste_that_holds_in_both_genres_carries_over() -> None:
    """The same label is kept in either genre: knowing one genre helps with the other."""
    rng = np.random.default_rng(0)
    n = 400
    label = rng.choice(["alpha", "beta", "gamma", "delta", "omega"], n)
    genre = np.where(np.arange(n) < 200, "Jazz", "Dub")
    listings = pd.DataFrame({"title": [f"t{i}" for i in range(n)], "label": label, "genres": genre})
    place = Simulator(listings, (label == "alpha").astype(int), SimulationOptions(2, 10, 5, 100))
    found = transfer(place, "greedy", "jazz", 4)
    assert found.known == 200
    assert found.gain.mean > 0.1
    assert found.gain.mean == pytest.approx(found.rate.mean - found.rate_without.mean)
    assert found.base_rate == pytest.approx((label[200:] == "alpha").mean())


def test_a_few_answers_about_an_artist_help_with_the_others() -> None:
    rng = np.random.default_rng(1)
    artist = np.repeat([f"artist{a}" for a in range(30)], 10)
    kept = np.repeat(rng.random(30) < 0.4, 10).astype(int)
    listings = pd.DataFrame({"artist": artist, "title": [f"t{i}" for i in range(300)]})
    shots = few_shot(Simulator(listings, kept, SimulationOptions()), "greedy", 1)
    assert [f.shots for f in shots] == [0, 1, 2, 4]
    assert shots[-1].brier.mean < shots[0].brier.mean
    assert shots[0].artists == 12


def test_too_few_of_a_genre_or_of_an_artist_is_said() -> None:
    with pytest.raises(InputError, match=r"genre 'polka' has 0 rows .* the pool has \w+"):
        transfer(simulator(), "greedy", "polka", 1)
    lonely = pd.DataFrame({"artist": [f"a{i}" for i in range(60)]})
    with pytest.raises(InputError, match="no artist has 8 records"):
        few_shot(Simulator(lonely, np.arange(60) % 2, SimulationOptions()), "greedy", 1)


def test_a_genre_is_found_among_genres_and_styles() -> None:
    table = pd.DataFrame({"genres": ["Jazz", "", "Rock"], "styles": ["", "Deep House|Dub", ""]})
    assert in_genre(table, "DUB").tolist() == [False, True, False]


def test_the_bandit_forgets_little_of_what_it_learned_first() -> None:
    """Half the runs' answers come after the first half was learned; it must still rank those."""
    bandit = partial(BanditPolicy, mode="strong", engine="none")
    place = simulator(600, SimulationOptions(batches=8, k=20), factories={"strong": bandit})
    forgot = [place.run("strong", seed).figures.forgot for seed in range(2)]
    assert None not in forgot
    assert max(forgot) < 0.05


def test_doubt_falls_on_familiar_ground() -> None:
    """Of records it was told about it is surer than when it asked; some have no uncertainty."""
    bandit = partial(BanditPolicy, mode="strong", engine="none")
    random = POLICIES["random"]
    place = simulator(
        400, SimulationOptions(batches=6, k=20), factories={"strong": bandit, "random": random}
    )
    settled = place.run("strong", 0).figures.settled
    assert settled is not None
    assert 0.02 < settled < 1
    assert place.run("random", 0).figures.settled is None
