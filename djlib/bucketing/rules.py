"""The rule that best describes a crate: a few conditions in a DJ's words, and how well they do.

A rule describes what a person did; it need not be why they did it. Its figures on the tracks it
was found on flatter it, so the search is also repeated on folds and judged on what it had not
seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError, UsageError
from .rule_conditions import RULE_FIELDS, Condition
from .rule_fields import Field, fields_of
from .rule_search import met_by, search

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
