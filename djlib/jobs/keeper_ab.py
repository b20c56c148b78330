"""A/B of two ways of choosing: whose records are kept more, and whether that is decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from typing import Any, Literal

from ..bandit.interleave import ratio_check
from ..evaluation.proportions import Share, share_of
from ..evaluation.rate_difference import DifferenceBounds
from ..evaluation.sequential import RateTest, answers_needed
from .keeps import Keep, Keeps
from .selections import AskedBatch

Verdict = Literal["first", "second", "cannot tell"]


@dataclass(frozen=True)
class Look:
    """Where a test stood after one feedback: second minus first, with its always-valid interval,
    None where the difference has moved too much to have one."""

    difference: float
    interval: tuple[float, float] | None
    p_value: float


@dataclass(frozen=True)
class KeeperTest:
    """Two sides, what is kept of either one's choices, and whether that settles it.

    `looks` are after each feedback; `decided_at` is the look that settled it, from 1. `is_uneven`
    says that one side's records were answered far more often, so that the test tells little.
    `needed` is about how many more answers of each it takes if it goes on so.
    """

    sides: tuple[str, str]
    batches: int
    kept: tuple[Share, Share]
    looks: list[Look]
    verdict: Verdict
    decided_at: int | None
    is_uneven: bool
    needed: int | None
    batch_ids: list[str] = field(repr=False)

    @property
    def leader(self) -> str | None:
        """The side that is ahead so far; None where neither is."""
        one, two = (share.share for share in self.kept)
        if one is None or two is None or one == two:
            return None
        return self.sides[two > one]

    @property
    def winner(self) -> str | None:
        """The side that is better, once that is decided."""
        known = {"first": self.sides[0], "second": self.sides[1]}
        return known.get(self.verdict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **self.__dict__,
            "kept": [share.as_dict() for share in self.kept],
            "looks": [look.__dict__ for look in self.looks],
            "leader": self.leader,
            "winner": self.winner,
        }


def keeper_tests(batches: Iterable[AskedBatch], keeps: Keeps) -> list[KeeperTest]:
    """Every pair of sides that chose batches together, the latest last."""
    pairs: dict[tuple[str, str], list[AskedBatch]] = {}
    for batch in batches:
        if batch.sides:
            pairs[batch.sides] = [*pairs.pop(batch.sides, []), batch]
    return [_test(pair, found, keeps) for pair, found in pairs.items()]


def latest_test(tests: Sequence[KeeperTest], answers: Iterable[Keep]) -> KeeperTest | None:
    """The latest test that any of the answers belongs to."""
    met = {keep.batch_id for keep in answers}
    return next((test for test in reversed(tests) if met & set(test.batch_ids)), None)


def _test(pair: tuple[str, str], batches: Sequence[AskedBatch], keeps: Keeps) -> KeeperTest:
    ids = [batch.batch_id for batch in batches]
    said = [k for k in keeps.said.values() if k.batch_id in set(ids) and k.arm]
    test, bounds, looks = RateTest(), DifferenceBounds(), []
    place = {slot.listing_id: n for batch in batches for n, slot in enumerate(batch.slots)}
    for _, part in groupby(said, key=lambda keep: keep.feedback):
        for first, second in _pairs(sorted(part, key=lambda keep: place[keep.listing_id])):
            test.update(first=first, second=second)
            bounds.update(first=first, second=second)
        looks.append(Look(_difference(test), bounds.interval, test.p_value))
    decided = [n for n, look in enumerate(looks, start=1) if look.p_value < test.level]
    return KeeperTest(
        sides=pair,
        batches=len({keep.batch_id for keep in said}),
        kept=(share_of(*test.first), share_of(*test.second)),
        looks=looks,
        verdict=test.verdict,
        decided_at=decided[0] if decided else None,
        is_uneven=ratio_check(test.first[1], test.second[1]).is_off,
        needed=None if decided else _needed(test),
        batch_ids=ids,
    )


def _pairs(answers: Sequence[Keep]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """What comes in together as bets: each side's best against the other's, its second best and so
    on, (keepers, answers) of either. The order is that of showing, which no answer has a say in;
    bets that small learn from each other."""
    first, second = ([k.keeper for k in answers if k.arm == side] for side in ("first", "second"))
    for one, two in zip_longest(first, second):
        yield (one or 0, int(one is not None)), (two or 0, int(two is not None))


def _difference(test: RateTest) -> float:
    one, two = (hits / n if n else 0.0 for hits, n in (test.first, test.second))
    return two - one


def _needed(test: RateTest) -> int | None:
    """Answers more of each side, as a test that looks once would need; None where they are even."""
    (hits_1, n_1), (hits_2, n_2) = test.first, test.second
    one, two = (hits_1 + 0.5) / (n_1 + 1), (hits_2 + 0.5) / (n_2 + 1)
    if one == two or not (n_1 and n_2):
        return None
    return max(answers_needed(one, two) - min(n_1, n_2), 1)
