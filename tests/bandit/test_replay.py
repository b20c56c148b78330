from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from djlib.bandit.simulation.episode import (
    PolicyFactory,
    Selection,
    SimulationOptions,
    check_pool,
    replay,
)
from djlib.bandit.simulation.metrics import pool_geometry, simulation_metrics
from djlib.bandit.simulation.policies import OraclePolicy, RandomPolicy
from djlib.errors import InputError

QUICK = SimulationOptions(batches=4, k=5, start=10, candidates=40)


def pool(n: int = 100, kept: int = 20) -> tuple[pd.DataFrame, np.ndarray]:
    keeper = np.zeros(n, dtype=int)
    keeper[np.random.default_rng(1).permutation(n)[:kept]] = 1
    titles = [("dub record " if k else "rock record ") + str(i) for i, k in enumerate(keeper)]
    ids = [f"l{i}" for i in range(n)]
    return pd.DataFrame({"listing_id": ids, "title": titles}), keeper


class Watching(RandomPolicy):
    """Writes down what it is shown; says 0.9 of rows it learned, and 0.2 of others."""

    def __init__(self, listings: pd.DataFrame, seed: int) -> None:
        super().__init__(listings, seed)
        self.columns = list(listings.columns)
        self.learned: list[tuple[list[int], int]] = []
        self.offered: list[list[int]] = []

    def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
        self.learned.append((rows.tolist(), n_new))

    def select(self, candidates: np.ndarray, k: int) -> Selection:
        self.offered.append(candidates.tolist())
        chosen = super().select(candidates, k)
        explore = np.arange(k) % 2 == 0
        return Selection(chosen.rows, explore, self.predict_proba(chosen.rows))

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        known = self.learned[-1][0]
        return np.where(np.isin(rows, known), 0.9, 0.2)


def watched(seed: int = 0, options: SimulationOptions = QUICK) -> tuple[Watching, list[Watching]]:
    made: list[Watching] = []

    def make(listings: pd.DataFrame, seed: int) -> Watching:
        made.append(Watching(listings, seed))
        return made[-1]

    listings, keeper = pool()
    replay(listings, keeper, make, options, seed=seed)
    return made[0], made


def test_start_and_candidates_are_the_same_for_all_and_nothing_is_asked_twice() -> None:
    one, _ = watched()
    other, _ = watched()
    assert one.learned == other.learned
    assert [n for _, n in one.learned] == [10, 5, 5, 5, 5]
    for (known, _), offered in zip(one.learned, one.offered, strict=False):
        assert not set(known) & set(offered)
        assert len(offered) == 40
    last = one.learned[-1][0]
    assert len(last) == len(set(last)) == 30
    assert watched(seed=1)[0].learned != one.learned


def test_first_candidates_do_not_hang_on_who_plays() -> None:
    listings, keeper = pool()
    one, _ = watched()
    seen: list[list[int]] = []

    class Other(Watching):
        def select(self, candidates: np.ndarray, k: int) -> Selection:
            seen.append(candidates.tolist())
            return Selection(np.sort(candidates)[:k], np.zeros(k, dtype=bool))

    replay(listings, keeper, Other, QUICK)
    assert seen[0] == one.offered[0]


def test_what_was_thought_is_written_down_before_the_answer_is_learned() -> None:
    listings, keeper = pool()
    game = replay(listings, keeper, Watching, QUICK)
    assert set(game.mean.tolist()) == {0.2}
    assert set(game.aside_mean.tolist()) == {0.2}
    assert game.aside_keeper.mean() == pytest.approx(0.2, abs=0.1)


def test_the_oracle_finds_all_there_is_among_the_candidates() -> None:
    listings, keeper = pool(kept=12)
    make: PolicyFactory = lambda x, seed: OraclePolicy(x, seed, answers=keeper)  # noqa: E731
    game = replay(
        listings, keeper, make, SimulationOptions(batches=4, k=5, start=10, candidates=None)
    )
    assert game.keeper.sum() + keeper[game.start].sum() == 12
    assert game.keepers().tolist() == sorted(game.keepers().tolist(), reverse=True)


def test_random_finds_the_base_rate() -> None:
    listings, keeper = pool(200, 60)
    rates = [replay(listings, keeper, RandomPolicy, QUICK, seed=s).keeper.mean() for s in range(60)]
    assert abs(np.mean(rates) - 0.3) < 4 * np.std(rates) / np.sqrt(60)


def test_a_pool_that_runs_out_ends_the_game() -> None:
    listings, keeper = pool(48, 12)
    game = replay(listings, keeper, RandomPolicy, SimulationOptions(batches=50, k=10, start=20))
    assert game.keepers().shape == (2,)


def test_rows_known_beforehand_are_neither_start_nor_candidates() -> None:
    listings, keeper = pool()
    before, among = np.arange(30), np.arange(30, 100)
    game = replay(listings, keeper, RandomPolicy, QUICK, before=before, among=among)
    assert set(game.start) <= set(among)
    assert set(game.rows) <= set(among)
    assert not set(game.rows) & set(game.start)


def test_figures_by_hand() -> None:
    listings, keeper = pool()
    game = replay(listings, keeper, Watching, QUICK)
    found = simulation_metrics(game, keeper, pool_geometry(listings, keeper))
    hits = game.keeper
    assert (found.picks, found.keepers) == (20, hits.sum())
    assert found.rate == pytest.approx(hits.mean())
    assert found.lift == pytest.approx(hits.mean() / 0.2)
    assert (found.exploit_picks, found.explore_picks) == (8, 12)
    assert found.explore_rate == pytest.approx(hits[game.explore].mean())
    assert found.exploit_rate == pytest.approx(hits[~game.explore].mean())
    assert found.ece == pytest.approx(abs(0.2 - hits.mean()))
    assert found.brier == pytest.approx(np.mean((0.2 - hits) ** 2))
    assert found.kinds == 2
    assert found.kinds_found <= 2
    assert found.silhouette is None


def test_forgetting_is_seen() -> None:
    """Somebody who knows the first answers at half-time and has lost them at the end."""

    class Forgetful(RandomPolicy):
        def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
            self.known = dict(zip(rows[-15:].tolist(), keeper[-15:].tolist(), strict=True))

        def predict_proba(self, rows: np.ndarray) -> np.ndarray:
            return np.array([self.known.get(int(row), 0.5) for row in rows], dtype=float)

    class Faithful(Forgetful):
        def update(self, rows: np.ndarray, keeper: np.ndarray, n_new: int) -> None:
            self.known = dict(zip(rows.tolist(), keeper.tolist(), strict=True))

    listings, keeper = pool(kept=40)
    lost, kept = (
        simulation_metrics(
            replay(listings, keeper, policy, SimulationOptions(4, 10, 10, 60)), keeper
        ).forgot
        for policy in (Forgetful, Faithful)
    )
    assert lost > 0.1
    assert kept == 0


def test_separate_keepers_have_a_high_silhouette() -> None:
    listings, keeper = pool()

    class Sees(RandomPolicy):
        def embed(self, rows: np.ndarray) -> np.ndarray:
            return np.stack([1.0 * keeper[rows], 1.0 - keeper[rows]], axis=1)

    found = simulation_metrics(replay(listings, keeper, Sees, QUICK), keeper)
    assert found.silhouette == pytest.approx(1)


@pytest.mark.parametrize(
    ("keeper", "words"),
    [
        (None, "no column 'keeper'; found listing_id"),
        (["1", "0"] * 19, "38 rows are too few to simulate on, 40 needed"),
        (["1"] * 50, "keeper is 1 in every row"),
        ([0] * 50, "keeper is 0 in every row"),
        (["1", "0"] * 25 + [""], "keeper is '' in row 51"),
        (["1", "maybe"] * 25, "keeper is 'maybe' in row 2"),
        ([1.0, 0.5] * 25, "keeper is '0.5' in row 2"),
        ([], "0 rows"),
    ],
)
def test_what_is_no_pool_is_said(keeper: list[object] | None, words: str) -> None:
    n = 50 if keeper is None else len(keeper)
    table = pd.DataFrame({"listing_id": [str(i) for i in range(n)]})
    with pytest.raises(InputError, match=words):
        check_pool(
            table if keeper is None else table.assign(keeper=keeper), "p.csv", SimulationOptions()
        )


def test_identical_listings_and_listings_without_a_word_have_a_ground() -> None:
    for title in ("same", ""):
        listings = pd.DataFrame({"listing_id": [str(i) for i in range(60)], "title": title})
        keeper = np.arange(60) % 3 == 0
        geometry = pool_geometry(listings, keeper.astype(int))
        assert geometry.kind.max() == 0
