"""Two ways of choosing in one batch: each picks in turn, and each gets credit for its own picks.

Team drafting (Radlinski, Kurup & Joachims 2008): a coin says who picks first in each round, each
takes its best listing that is not taken yet. The person sees one batch and cannot tell who chose
what, so moods and seasons fall on both sides alike.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from ..errors import InputError

Side = Literal["first", "second"]

ARM = "arm"
"""The column that says which side chose a listing."""

_ALARM = 0.001
"""So small, because it is looked at after every batch, and a wrong alarm stops a test."""


def team_draft(first: pd.DataFrame, second: pd.DataFrame, k: int, *, seed: int) -> pd.DataFrame:
    """Join two selections of one pool, best first, into one batch of at most `k` listings.

    Columns are those of the selections and `arm`: "first" or "second". A listing both wanted
    goes to who drew it. Raises `InputError` for a selection without listing ids or with one twice.

    >>> a = pd.DataFrame({"listing_id": ["1", "2", "3"]})
    >>> b = pd.DataFrame({"listing_id": ["3", "2", "4"]})
    >>> batch = team_draft(a, b, 4, seed=0)
    >>> sorted(batch["listing_id"]), batch["arm"].value_counts().tolist()
    (['1', '2', '3', '4'], [2, 2])
    """
    for side, selection in (("first", first), ("second", second)):
        _check(side, selection)
    rng = np.random.default_rng(seed)
    tables = {"first": first, "second": second}
    queues = {side: list(enumerate(table["listing_id"])) for side, table in tables.items()}
    taken: dict[str, tuple[str, int]] = {}
    while len(taken) < k and any(queues.values()):
        order = ["first", "second"] if rng.random() < 0.5 else ["second", "first"]
        for side in order:
            found = _best_left(queues[side], taken)
            if found is not None and len(taken) < k:
                place, listing = found
                taken[listing] = (side, place)
    both = pd.concat([first.assign(**{ARM: "first"}), second.assign(**{ARM: "second"})])
    rows = [place + len(first) * (side == "second") for side, place in taken.values()]
    return both.iloc[rows].reset_index(drop=True)


def credit(batch: pd.DataFrame) -> dict[Side, tuple[int, int]]:
    """Keepers and answers of either side in an answered batch; rows without an answer are left.

    >>> answered = pd.DataFrame({"arm": ["first", "second", "second"], "keeper": [1, 1, None]})
    >>> credit(answered)
    {'first': (1, 1), 'second': (1, 1)}
    """
    answer = pd.to_numeric(batch["keeper"], errors="coerce")
    found: dict[Side, tuple[int, int]] = {}
    for side in ("first", "second"):
        given = answer[(batch[ARM] == side) & answer.isin([0, 1])]
        found[side] = (int(given.sum()), len(given))
    return found


def assigned(unit: str, *, test: str, share: float = 0.5) -> Side:
    """The side a person, artist or batch belongs to in the test named `test`: always the same.

    >>> assigned("ada", test="strong or not") == assigned("ada", test="strong or not")
    True
    """
    digest = hashlib.sha256(f"{test}\x1f{unit}".encode("utf-8", "replace")).digest()
    return "first" if int.from_bytes(digest[:8], "big") / 2**64 < share else "second"


@dataclass(frozen=True)
class RatioCheck:
    """Whether both sides got the share they should have: a test whose sides are filled wrongly
    says nothing about them."""

    first: int
    second: int
    p_value: float

    @property
    def is_off(self) -> bool:
        """Whether the sides are filled wrongly."""
        return self.p_value < _ALARM


def ratio_check(first: int, second: int, *, share: float = 0.5) -> RatioCheck:
    """Check the numbers of answers on either side (sample ratio mismatch), exactly.

    >>> ratio_check(100, 100).is_off, ratio_check(140, 60).is_off
    (False, True)
    """
    n = first + second
    return RatioCheck(first, second, float(binomtest(first, n, share).pvalue) if n else 1.0)


def _best_left(
    queue: list[tuple[int, str]], taken: dict[str, tuple[str, int]]
) -> tuple[int, str] | None:
    while queue:
        place, listing = queue.pop(0)
        if listing not in taken:
            return place, listing
    return None


def _check(side: str, selection: pd.DataFrame) -> None:
    if "listing_id" not in selection:
        raise InputError(f"the {side} selection has no column 'listing_id'")
    double = selection["listing_id"][selection["listing_id"].duplicated()]
    if len(double):
        raise InputError(f"the {side} selection has listing {double.iloc[0]!r} twice")
