"""What can be said of the tracks of a library, field by field, and which of it helps a rule most.

Whatever can be said costs bits: what it takes to pick it out among all that could have been said.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from .conditions import (
    NAMES,
    NUMBERS,
    RULE_FIELDS,
    Condition,
    Way,
    keys_near,
    names_of,
    numbers_of,
    spelled,
)

MOST_NAMES = 4
"""Values one condition may name."""

_LEAST_RIGHT = 0.25
"""Of what an alternative names; less is no description, even where it beats chance."""
_STEPS = 32
"""Ends of ranges where most tracks are, and as many where few are."""
_BEST_RANGES = 2
_FIELD_BITS = float(np.log2(len(RULE_FIELDS)))


@dataclass(frozen=True)
class Found:
    """A condition with the tracks that meet it, (n,), and the bits it takes to say it."""

    condition: Condition
    met: np.ndarray
    bits: float


@dataclass(frozen=True)
class Goal:
    """What a clause is searched for: `member` and `learned` (n,) say which tracks sit in the
    crate and which may be looked at; `found` and `covered` are how many of both the other
    clauses have."""

    member: np.ndarray
    learned: np.ndarray
    found: float = 0.0
    covered: float = 0.0

    def bits(self, found: np.ndarray, covered: np.ndarray) -> np.ndarray:
        """Bits that the exceptions take where a clause adds these counts; without end where it
        holds no larger part of the crate than chance would, or is hardly ever right."""
        n, size = self._sizes
        hits, all_ = self.found + found, self.covered + covered
        bits = exception_bits(hits, all_) + exception_bits(size - hits, n - all_)
        is_good = (found * n > covered * size) & (found >= _LEAST_RIGHT * covered)
        return np.where(is_good, bits, np.inf)

    @cached_property
    def _sizes(self) -> tuple[int, int]:
        return int(self.learned.sum()), int(self.member.sum())


def exception_bits(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Bits to say which `part` of `whole` it is: about log2 of the binomial coefficient."""
    return _n_log_n(whole) - _n_log_n(part) - _n_log_n(whole - part)


def _n_log_n(n: np.ndarray) -> np.ndarray:
    return np.asarray(n * np.log2(np.maximum(n, 1.0)))


class Unions:
    """A field with one value a track, of which some unions can be said: ranges, near keys.

    `code` (n,) is each track's value, -1 where missing; `unions` (conditions, values) 0/1.
    """

    def __init__(self, code: np.ndarray, unions: np.ndarray, conditions: list[Condition]) -> None:
        self.field = conditions[0].field
        self._code = code
        self._unions = unions.astype(float)
        self._conditions = conditions
        self._bits = _FIELD_BITS + float(np.log2(len(conditions)))

    def for_crate(self, goal: Goal) -> Unions:
        """The same for every crate."""
        return self

    def best(self, inside: np.ndarray, goal: Goal) -> list[Found]:
        """The conditions that help most among the tracks `inside` (n,)."""
        found = self._unions @ self._counts(goal.member & inside)
        covered = self._unions @ self._counts(goal.learned & inside)
        bits = goal.bits(found, covered)
        best = np.argsort(bits, kind="stable")[:_BEST_RANGES]
        return [self._found(i) for i in best if np.isfinite(bits[i])]

    def _counts(self, chosen: np.ndarray) -> np.ndarray:
        codes = self._code[chosen] + 1
        return np.bincount(codes, minlength=self._unions.shape[1] + 1)[1:]

    def _found(self, i: int) -> Found:
        met = np.append(self._unions[i] > 0, False)[self._code]  # -1 is the last: not met
        return Found(self._conditions[i], met, self._bits)


class Names:
    """A field with any number of names a track, of which any few can be said: `code[i]` is a name
    of track `row[i]`, `names` (names,) are spelled as they are shown."""

    def __init__(
        self,
        kind: tuple[str, Way],
        row: np.ndarray,
        code: np.ndarray,
        names: np.ndarray,
        bits: float,
    ) -> None:
        self.field, self._way = kind
        self._row, self._code, self._names = row, code, names
        self._bits = bits

    def for_crate(self, goal: Goal) -> Names:
        """Only the names that stand in the crate twice or more: no other can pay for itself."""
        in_crate = np.bincount(self._code[goal.member[self._row]], minlength=len(self._names))
        kept = in_crate > 1
        place = np.cumsum(kept) - 1
        pairs = kept[self._code]
        kind = (self.field, self._way)
        code = place[self._code[pairs]]
        return Names(kind, self._row[pairs], code, self._names[kept], self._bits)

    def best(self, inside: np.ndarray, goal: Goal) -> list[Found]:
        """The few names that help most together among the tracks `inside` (n,), one added after
        the other while it pays."""
        chosen: list[int] = []
        least = np.inf
        met = np.zeros(len(inside), dtype=bool)
        found = covered = 0.0
        while len(chosen) < min(MOST_NAMES, len(self._names)):
            left = inside & ~met
            more = self._counts(goal.member & left)
            all_ = self._counts(goal.learned & left)
            bits = goal.bits(found + more, covered + all_) + self._bits * (len(chosen) + 1)
            best = int(bits.argmin())
            if bits[best] >= least:
                break
            least = float(bits[best])
            chosen.append(best)
            found, covered = found + more[best], covered + all_[best]
            met[self._row[self._code == best]] = True
        if not chosen:
            return []
        condition = Condition(self.field, self._way, tuple(self._names[chosen].tolist()))
        return [Found(condition, met, _FIELD_BITS + self._bits * len(chosen))]

    def _counts(self, chosen: np.ndarray) -> np.ndarray:
        return np.bincount(self._code[chosen[self._row]], minlength=len(self._names))


Field = Unions | Names


def fields_of(tracks: pd.DataFrame) -> list[Field]:
    """Everything that can be said of these tracks, field by field; fields nobody filled say
    nothing."""
    ranges = [_ranges(field, numbers_of(tracks, field)) for field in NUMBERS]
    names = [_names(tracks, field, way) for field, way in NAMES]
    return [field for field in (*ranges, _keys(tracks), *names) if field is not None]


def _ranges(field: str, numbers: np.ndarray) -> Unions | None:
    known = numbers[np.isfinite(numbers)]
    if len(set(known)) < 2:
        return None
    shares = np.linspace(0, 1, _STEPS, endpoint=False)
    ends = [np.quantile(k, shares, method="inverted_cdf") for k in (known, np.unique(known))]
    lows = np.unique(ends)
    code = np.where(np.isnan(numbers), -1, np.searchsorted(lows, numbers, side="right") - 1)
    highs = np.array([known[(code[np.isfinite(numbers)]) == i].max() for i in range(len(lows))])
    last = len(lows) - 1
    pairs = [p for p in combinations_with_replacement(range(len(lows)), 2) if p != (0, last)]
    conditions = [
        Condition(
            field,
            "between",
            low=float(lows[i]) if i else None,
            high=float(highs[j]) if j < last else None,
        )
        for i, j in pairs
    ]
    steps = np.arange(len(lows))
    unions = np.array([(steps >= i) & (steps <= j) for i, j in pairs])
    return Unions(code, unions, conditions)


def _keys(tracks: pd.DataFrame) -> Unions | None:
    held = names_of(tracks, "key", "is")
    if not any(held):
        return None
    sets = keys_near()
    place = {key.lower(): i for i, key in enumerate(sorted({k for keys in sets for k in keys}))}
    code = np.array([place[keys[0]] if keys else -1 for keys in held])
    unions = np.zeros((len(sets), len(place)), dtype=bool)
    for i, keys in enumerate(sets):
        unions[i, [place[key.lower()] for key in keys]] = True
    return Unions(code, unions, [Condition("key", "is", keys) for keys in sets])


def _names(tracks: pd.DataFrame, field: str, way: Way) -> Names | None:
    held = names_of(tracks, field, way)
    known = sorted({name for names in held for name in names})
    if not known:
        return None
    place = {name: i for i, name in enumerate(known)}
    row = np.array([i for i, names in enumerate(held) for _ in names])
    code = np.array([place[name] for names in held for name in names])
    ways = spelled(tracks, field)
    shown = np.array([ways.get(name, name) for name in known], dtype=object)
    return Names((field, way), row, code, shown, float(np.log2(max(len(known), 2))))
