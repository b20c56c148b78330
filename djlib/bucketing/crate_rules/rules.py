"""The rule that best describes a crate: a short search over conditions in a DJ's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ...errors import InputError, UsageError
from .conditions import RULE_FIELDS, Condition
from .fields import Field, Found, Goal, exception_bits, fields_of

MOST_ALTERNATIVES = 3
MOST_CONDITIONS = 3

_BEAM = 4
_FEWEST_ADDED = 3
"""Tracks of the crate that an alternative adds: fewer are named sooner than described."""

Clause = tuple[Found, ...]


def search(fields: list[Field], member: np.ndarray, learned: np.ndarray) -> list[Clause]:
    """The alternatives of a rule for the tracks that are `member` (n,), judged by those that are
    `learned` (n,) only; none where no rule pays for itself."""
    goal = Goal(member & learned, learned)
    narrowed = [field.for_crate(goal) for field in fields]
    clauses: list[Clause] = []
    least = float(exception_bits(goal.member.sum(), learned.sum()))
    while len(clauses) < MOST_ALTERNATIVES:
        grown, bits = _settled(narrowed, goal, clauses)
        if bits >= least:
            break
        clauses, least = grown, bits
    return clauses


def _settled(fields: list[Field], goal: Goal, clauses: list[Clause]) -> tuple[list[Clause], float]:
    """One clause more, then each of the older ones searched again beside it, or dropped where it
    is no longer worth its words."""
    clause, bits = _best_clause(fields, goal, clauses)
    if clause is None:
        return clauses, np.inf
    grown = [*clauses, clause]
    for place in reversed(range(len(clauses))):
        before, after = grown[:place], grown[place + 1 :]
        again, fewer = _best_clause(fields, goal, before + after)
        if again is not None and fewer < bits:
            grown, bits = [*before, again, *after], fewer
        without = _bits(goal, before + after)
        if without < bits:
            grown, bits = before + after, without
    return grown, bits


def _bits(goal: Goal, clauses: list[Clause]) -> float:
    """What it takes to say a rule and its exceptions."""
    met = met_by(clauses, len(goal.learned))
    exceptions = goal.bits((goal.member & met).sum(), (goal.learned & met).sum())
    return float(exceptions) + _said(clauses)


def _said(clauses: list[Clause]) -> float:
    return sum(found.bits for clause in clauses for found in clause)


def _best_clause(
    fields: list[Field], goal: Goal, others: list[Clause]
) -> tuple[Clause | None, float]:
    """The conditions that, beside the `others`, make the rule shortest, and its bits."""
    outside = ~met_by(others, len(goal.learned))
    goal = replace(
        goal,
        found=float((goal.member & ~outside).sum()),
        covered=float((goal.learned & ~outside).sum()),
    )
    said = _said(others)
    beam: list[tuple[float, Clause, np.ndarray]] = [(np.inf, (), outside)]
    best: tuple[Clause | None, float] = (None, np.inf)
    for _ in range(MOST_CONDITIONS):
        beam = _longer(fields, goal, beam, said)
        for bits, clause, inside in beam:
            if bits < best[1] and (goal.member & inside).sum() >= _FEWEST_ADDED:
                best = (clause, bits)
    return best


def _longer(
    fields: list[Field],
    goal: Goal,
    beam: list[tuple[float, Clause, np.ndarray]],
    said: float,
) -> list[tuple[float, Clause, np.ndarray]]:
    """Every clause of the beam with one condition more, the best few of them."""
    grown: dict[bytes, tuple[float, Clause, np.ndarray]] = {}
    for _, clause, inside in beam:
        named = {found.condition.field for found in clause}
        for field in fields:
            if field.field in named:
                continue
            for found in field.best(inside, goal):
                longer = (*clause, found)
                left = inside & found.met
                counts = (goal.member & left).sum(), (goal.learned & left).sum()
                bits = float(goal.bits(*counts)) + said + sum(f.bits for f in longer)
                kept = grown.get(left.tobytes())
                if kept is None or bits < kept[0]:
                    grown[left.tobytes()] = (bits, longer, left)
    return sorted(grown.values(), key=lambda entry: entry[0])[:_BEAM]


def met_by(clauses: list[Clause], n: int) -> np.ndarray:
    """Which of the `n` tracks meet any of the clauses, (n,)."""
    met = np.zeros(n, dtype=bool)
    for clause in clauses:
        met |= np.logical_and.reduce([found.met for found in clause])
    return met


Splits = Iterable[tuple[np.ndarray, np.ndarray]]

_SURE = 1.96
"""Standard errors that a rule must be above chance by: 95 %, two-sided."""


@dataclass(frozen=True)
class Rule:
    """Alternatives of conditions: a track fits where it meets all conditions of any of them; no
    track fits a rule without alternatives.

    >>> house = Condition("genres", "is", ("house",))
    >>> print(Rule(((house, Condition("bpm", "between", low=118, high=126)),)))
    Genre is house AND BPM 118 to 126
    """

    alternatives: tuple[tuple[Condition, ...], ...] = ()

    def applies_to(self, tracks: pd.DataFrame) -> np.ndarray:
        """Which tracks fit, (n,)."""
        fits = np.zeros(len(tracks), dtype=bool)
        for conditions in self.alternatives:
            fits |= np.logical_and.reduce([c.met_by(tracks) for c in conditions])
        return fits

    @property
    def lines(self) -> list[str]:
        """Each alternative in words."""
        found = [" AND ".join(map(str, conditions)) for conditions in self.alternatives]
        return [line[0].upper() + line[1:] for line in found]

    def __str__(self) -> str:
        if len(self.alternatives) > 1:
            return " OR ".join(f"({line})" for line in self.lines)
        return "".join(self.lines) or "no short rule describes it"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        any_of = [[c.as_dict() for c in conditions] for conditions in self.alternatives]
        return {"text": str(self), "any_of": [{"all_of": all_of} for all_of in any_of]}


@dataclass(frozen=True)
class Fit:
    """How a rule fits a crate: `size` tracks are in it, the rule names `named`, `right` of them
    rightly, out of `n`."""

    n: int
    size: int
    named: int
    right: int

    @classmethod
    def of(cls, fits: np.ndarray, member: np.ndarray) -> Fit:
        """Count tracks that fit a rule against those that are in the crate, both (n,)."""
        return cls(len(member), int(member.sum()), int(fits.sum()), int((fits & member).sum()))

    @property
    def extra(self) -> int:
        """Tracks the rule would let in that are not in the crate."""
        return self.named - self.right

    @property
    def missed(self) -> int:
        """Tracks of the crate that the rule misses."""
        return self.size - self.right

    @property
    def precision(self) -> float | None:
        """Share of what it names that is in the crate; None where it names nothing."""
        return self.right / self.named if self.named else None

    @property
    def recall(self) -> float:
        """Share of the crate that it finds."""
        return self.right / self.size if self.size else 0.0

    @property
    def beats_chance(self) -> bool:
        """Whether it is right surely more often than tracks picked at random: the lower end of
        the 95 % interval (Wilson 1927) of its precision is above the crate's share."""
        if self.precision is None:
            return False
        p, n, z = self.precision, self.named, _SURE
        centre = p + z * z / (2 * n)
        spread = z * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
        return (centre - spread) / (1 + z * z / n) > self.size / self.n

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **self.__dict__,
            "extra": self.extra,
            "missed": self.missed,
            "precision": self.precision,
            "recall": self.recall,
        }


def describe(tracks: pd.DataFrame, member: np.ndarray) -> Rule:
    """Find the short rule that best tells the tracks that are `member` (n,) from the others.

    Raises `InputError` where none or all of them are.

    >>> tracks = pd.DataFrame({"genres": ["House", "DnB"] * 20, "bpm": [122, 174, 126, 172] * 10})
    >>> warm_up = (tracks["genres"] == "House").to_numpy()
    >>> rule = describe(tracks, warm_up)
    >>> print(rule)
    Genre is house
    >>> bool((rule.applies_to(tracks) == warm_up).all())
    True
    """
    return RuleFinder(tracks).describe(member)


class RuleFinder:
    """Finds rules for several crates of one library, which is read once. `without` names fields
    that no rule may speak of."""

    def __init__(self, tracks: pd.DataFrame, without: Collection[str] = ()) -> None:
        strange = [field for field in without if field not in RULE_FIELDS]
        if strange:
            known = ", ".join(RULE_FIELDS)
            raise UsageError(f"no rule speaks of {strange[0]!r}; the fields are {known}")
        self._tracks = tracks
        self._without = frozenset(without)

    def describe(self, member: np.ndarray) -> Rule:
        """Find the rule that best describes one crate; `member` (n,) are its tracks."""
        member = self._checked(member)
        found = search(self._fields, member, np.ones(len(member), dtype=bool))
        return Rule(tuple(tuple(part.condition for part in clause) for clause in found))

    def out_of_fold(self, member: np.ndarray, splits: Splits) -> Fit | None:
        """How rules found on each fold's other tracks fit its own; None where there are no
        folds. `splits` are row numbers to learn from and to test on."""
        member = self._checked(member)
        fits, tested = np.zeros((2, len(member)), dtype=bool)
        for train, test in splits:
            learned = np.zeros(len(member), dtype=bool)
            learned[train] = True
            found = search(self._fields, member, learned)
            fits[test] = met_by(found, len(member))[test]
            tested[test] = True
        return Fit.of(fits[tested], member[tested]) if tested.any() else None

    @cached_property
    def _fields(self) -> list[Field]:
        return [f for f in fields_of(self._tracks) if f.field not in self._without]

    def _checked(self, member: np.ndarray) -> np.ndarray:
        member = np.asarray(member, dtype=bool)
        if len(member) != len(self._tracks):
            raise InputError(f"{len(self._tracks)} tracks but {len(member)} say if they are in it")
        if member.all() or not member.any():
            which = "every" if len(member) and member.all() else "no"
            raise InputError(
                f"{which} track is in the crate: a rule needs tracks in it and others beside it"
            )
        return member
