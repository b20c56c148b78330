"""A/B of two ways of choosing: fair when they are equal, however often one looks; and it ends."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from djlib.bandit.interleave import team_draft
from djlib.tables.plain_json import to_plain
from djlib.workflows.keepers.ab_test import KeeperTest, keeper_tests, latest_test
from djlib.workflows.keepers.labels import Label, LabelLog
from djlib.workflows.keepers.selections import Asked, AskedBatch

SIDES = ("one", "two")


def asked(batch_id: str, arms: list[str]) -> AskedBatch:
    slots = [Asked(f"{batch_id}-{n}", "exploit", a, 0.5, 1.0, {}, None) for n, a in enumerate(arms)]
    return AskedBatch(batch_id, "2026-01-01", 0, "", SIDES, 0, 20, 20, slots)


def said(batch: AskedBatch, keeper: list[int], feedback: str) -> dict[str, Label]:
    pairs = zip(batch.slots, keeper, strict=True)
    return {
        slot.listing_id: Label(
            slot.listing_id, kept, {}, batch.batch_id, slot.strategy, slot.arm, feedback=feedback
        )
        for slot, kept in pairs
    }


def played(skills: tuple[float, float], *, batches: int, seed: int) -> KeeperTest:
    """Two policies rank one pool by its truth with noise: the more skill, the less of it."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=600)
    kept = rng.random(600) < 1 / (1 + np.exp(2 - 1.5 * taste))
    is_open = np.ones(600, dtype=bool)
    asked_so_far, keeps = [], {}
    for batch in range(batches):
        rows = np.flatnonzero(is_open)
        choices = [
            pd.DataFrame(
                {"listing_id": rows[np.argsort(-(s * taste + rng.normal(size=600))[rows])][:20]}
            )
            for s in skills
        ]
        drawn = team_draft(*choices, 20, seed=1000 * seed + batch)
        one = asked(f"b{batch}", list(drawn["arm"]))
        asked_so_far.append(one)
        keeps |= said(one, [int(k) for k in kept[drawn["listing_id"]]], f"f{batch}")
        is_open[drawn["listing_id"]] = False
    (test,) = keeper_tests(asked_so_far, LabelLog(keeps, len(keeps), ()))
    return test


def test_equal_policies_are_told_apart_no_more_often_than_is_said() -> None:
    """Somebody who looks after every batch, and stops when it is decided, is misled by chance."""
    games = 70
    wrong = sum(
        played((1.0, 1.0), batches=6, seed=seed).decided_at is not None for seed in range(games)
    )
    assert wrong / games <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / games)


def test_the_better_policy_is_found_and_named() -> None:
    tests = [played((0.0, 3.0), batches=8, seed=seed) for seed in range(20)]
    assert sum(test.winner == "two" for test in tests) >= 18
    assert not any(test.winner == "one" for test in tests)
    decided = next(test for test in tests if test.winner)
    low, high = decided.looks[-1].interval or (0, 0)
    assert low >= 0
    assert low <= decided.looks[-1].difference <= high
    assert decided.looks[decided.decided_at - 1].p_value < 0.05


def test_before_it_is_decided_it_says_who_leads_and_what_it_takes() -> None:
    batch = asked("b0", ["first"] * 10 + ["second"] * 10)
    keeps = said(batch, [1] * 3 + [0] * 7 + [1] * 5 + [0] * 5, "f0")
    (test,) = keeper_tests([batch], LabelLog(keeps, 20, ()))
    assert (test.winner, test.leader, test.decided_at, test.batches) == (None, "two", None, 1)
    assert test.needed
    assert test.needed > 20
    assert not test.is_uneven


def test_a_batch_in_two_feedbacks_is_two_looks_and_other_batches_are_none() -> None:
    batch, plain = asked("b0", ["first", "second"] * 4), asked("b1", ["", ""])
    plain = AskedBatch("b1", "", 1, "", None, 0, 20, 20, plain.slots)
    answers = list(said(batch, [0, 1] * 4, "f0").values())
    answers[4:] = [Label(**{**k.__dict__, "feedback": "f1"}) for k in answers[4:]]
    answers += said(plain, [1, 1], "f1").values()
    keeps = LabelLog({k.listing_id: k for k in answers}, 10, ())
    (test,) = keeper_tests([batch, plain], keeps)
    assert [share.n for share in test.kept] == [4, 4]
    assert len(test.looks) == 2
    assert latest_test([test], answers[-1:]) is None
    assert latest_test([test], answers) is test


def test_answers_to_one_side_only_are_seen() -> None:
    batch = asked("b0", ["first"] * 40 + ["second"] * 40)
    keeps = said(batch, [1] * 80, "f0")
    few = {i: k for n, (i, k) in enumerate(keeps.items()) if n < 42}
    (test,) = keeper_tests([batch], LabelLog(few, 42, ()))
    assert test.is_uneven
    assert test.leader is None


def test_nothing_answered_is_no_look() -> None:
    (test,) = keeper_tests([asked("b0", ["first", "second"])], LabelLog({}, 0, ()))
    assert (test.looks, test.leader, test.winner, test.batches) == ([], None, None, 0)
    assert to_plain(test)["kept"][0]["n"] == 0
