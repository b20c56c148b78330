"""Rows that are one thing, found pair by pair: sets that grow, but never against a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence


class Clusters:
    """Disjoint sets of rows (Galler & Fischer 1964). Each row may carry a deadline, and two sets
    whose deadlines differ stay apart, whatever row between them would join them.

    >>> rows = Clusters(["2026-05-01", "", "2026-06-01"])
    >>> rows.join(0, 1), rows.join(1, 2), rows.groups()
    (True, False, [[0, 1], [2]])
    """

    def __init__(self, deadlines: Sequence[str]) -> None:
        self._above = list(range(len(deadlines)))
        self._deadline = list(deadlines)

    def of(self, row: int) -> int:
        """The first row of the set a row is in."""
        while self._above[row] != row:
            self._above[row] = self._above[self._above[row]]
            row = self._above[row]
        return row

    def are_one(self, one: int, other: int) -> bool:
        """Whether two rows are in one set."""
        return self.of(one) == self.of(other)

    def join(self, one: int, other: int, *, anyway: bool = False) -> bool:
        """Make one set of two; False, and nothing done, where their deadlines differ.

        `anyway` joins them all the same.
        """
        first, second = sorted((self.of(one), self.of(other)))
        if first == second:
            return True
        dates = self._deadline[first], self._deadline[second]
        if all(dates) and dates[0] != dates[1] and not anyway:
            return False
        self._above[second] = first
        self._deadline[first] = dates[0] or dates[1]
        return True

    def groups(self) -> list[list[int]]:
        """Every set, by its first row, rows in order."""
        found: dict[int, list[int]] = defaultdict(list)
        for row in range(len(self._above)):
            found[self.of(row)].append(row)
        return [found[first] for first in sorted(found)]
