from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from djlib.bandit.acquisition import choose_by_explore_rate
from djlib.bandit.contrastive.policy import ContrastivePolicy
from djlib.errors import ModelError

from .shops import likes_house, shop


def fitted(listings: pd.DataFrame, keeper: np.ndarray) -> ContrastivePolicy:
    return ContrastivePolicy(random_state=0).fit(listings, keeper)


def moments(policy: ContrastivePolicy, listings: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return policy.predict(policy.encode(listings))


def assert_answers(policy: ContrastivePolicy, pool: pd.DataFrame) -> None:
    mean, uncertainty = moments(policy, pool)
    assert mean.shape == uncertainty.shape == (len(pool),)
    assert ((mean >= 0) & (mean <= 1)).all()
    assert (uncertainty >= 0).all()
    assert np.allclose(np.linalg.norm(policy.embed(pool), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("n", "keepers"), [(0, 0), (1, 0), (1, 1), (20, 0), (20, 20), (20, 1), (45, 9)]
)
def test_it_answers_whatever_was_kept(n: int, keepers: int) -> None:
    keeper = (np.arange(n) < keepers).astype(int)
    assert_answers(fitted(shop(n), keeper), shop(60, seed=1))


@pytest.mark.parametrize(
    "pool",
    [
        pd.DataFrame({"listing_id": ["1"], "title": ["Shades of Jae"]}),
        shop(300).drop(columns=["genres", "styles"]),
        shop(0),
        shop(3).assign(price=["-1", "free", None], year=["?", "1981", ""]),
        pd.concat([shop(1)] * 20, ignore_index=True),
    ],
    ids=["title only", "no genres", "empty", "numbers as text", "identical"],
)
def test_it_answers_whatever_the_pool_lacks(pool: pd.DataFrame) -> None:
    labelled = shop(20)
    assert_answers(fitted(labelled, likes_house(labelled)), pool)
    assert_answers(ContrastivePolicy(random_state=0), pool)
    if len(pool):
        assert_answers(fitted(pool, np.ones(len(pool), dtype=int)), pool)


def test_it_repeats_itself_and_the_seed_decides() -> None:
    labelled, pool = shop(20), shop(50, seed=1)
    one, other = (moments(fitted(labelled, likes_house(labelled)), pool) for _ in range(2))
    assert (one[0] == other[0]).all()
    assert (one[1] == other[1]).all()
    third = ContrastivePolicy(random_state=1).fit(labelled, likes_house(labelled))
    assert (moments(third, pool)[0] != one[0]).any()


def test_the_global_generators_and_threads_are_left_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    moments(fitted(shop(20), likes_house(shop(20))), shop(5))
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads


def test_a_batch_moves_no_weight_by_more_than_ten_steps_of_adam() -> None:
    labelled = shop(20)
    policy = ContrastivePolicy(random_state=0)
    before = {n: w.copy() for n, w in policy._net.weights().items()}
    policy.update(labelled, likes_house(labelled), np.ones(20, dtype=bool))
    after = policy._net.weights()
    moved = max(float(np.abs(after[name] - before[name]).max()) for name in before)
    assert 5e-4 < moved < 1.1e-3  # 10 steps of 1e-4


def test_the_caller_s_table_is_not_changed() -> None:
    labelled = shop(20)
    before = labelled.copy()
    moments(fitted(labelled, likes_house(labelled)), labelled)
    pd.testing.assert_frame_equal(labelled, before)


def test_from_pool_to_selection_to_training() -> None:
    pool = shop(300)
    policy, seen = ContrastivePolicy(random_state=0), np.zeros(0, dtype=int)
    for batch in range(3):
        rest = np.setdiff1d(np.arange(300), seen)
        choice = choose_by_explore_rate(*moments(policy, pool.iloc[rest]), batch_number=batch)
        seen = np.concatenate([seen, rest[choice.rows]])
        labelled = pool.iloc[seen]
        policy.update(labelled, likes_house(labelled), np.arange(len(seen)) >= 20 * batch)
    assert len(set(seen)) == 60
    assert policy.n_updates_ == 3
    assert policy.health_ is not None
    assert np.isfinite(policy.health_.loss)


def test_enough_labels_teach_it_a_plain_taste() -> None:
    labelled, pool = shop(1500), shop(300, seed=1)
    policy = fitted(labelled, likes_house(labelled))
    mean, likes = moments(policy, pool)[0], likes_house(pool)
    assert mean[likes == 1].mean() > mean[likes == 0].mean() + 0.3


def test_what_went_wrong_is_named() -> None:
    same = pd.concat([shop(1)] * 20, ignore_index=True)
    health = fitted(same, np.ones(20, dtype=int)).health_
    assert health is not None
    assert set(health.warnings) == {"triplets", "collapsed", "constant_scores"}
    assert health.warnings["triplets"] == "no triplets: everything was kept so far"


def test_saved_and_loaded_it_answers_and_learns_bit_by_bit_the_same(tmp_path: Path) -> None:
    labelled, pool = shop(40), shop(50, seed=1)
    keeper, new = likes_house(labelled), np.arange(40) >= 20
    policy = fitted(labelled[:20], keeper[:20])
    policy.save(tmp_path)
    again = ContrastivePolicy.load(tmp_path)
    for _ in range(2):
        for one, other in zip(moments(policy, pool), moments(again, pool), strict=True):
            assert (one == other).all()
        assert (policy.embed(pool) == again.embed(pool)).all()
        policy.update(labelled, keeper, new)
        again.update(labelled, keeper, new)
    assert again.health_ == policy.health_


def test_an_untrained_one_can_be_saved(tmp_path: Path) -> None:
    ContrastivePolicy(random_state=0).save(tmp_path)
    assert_answers(ContrastivePolicy.load(tmp_path), shop(5))


@pytest.mark.parametrize("name", ["faithful.json", "taste.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "empty", "half", "rubbish"])
def test_a_damaged_file_is_a_model_error(tmp_path: Path, name: str, damage: str) -> None:
    ContrastivePolicy(random_state=0).save(tmp_path)
    file = tmp_path / name
    whole = file.read_bytes()
    file.unlink()
    if damage != "missing":
        left = {"empty": b"", "half": whole[: len(whole) // 2], "rubbish": b"\xff\x00nonsense" * 9}
        file.write_bytes(left[damage])
    with pytest.raises(ModelError):
        ContrastivePolicy.load(tmp_path)


@pytest.mark.parametrize("change", [{"kind": "other"}, {"inputs": None}, {"seed": "x"}])
def test_settings_of_another_kind_are_a_model_error(
    tmp_path: Path, change: dict[str, object]
) -> None:
    ContrastivePolicy(random_state=0).save(tmp_path)
    file = tmp_path / "faithful.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ModelError):
        ContrastivePolicy.load(tmp_path)
