"""Which rows of a table can be used: each needs an id, and an id stands once."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..problems import Problem
from ..schema import Schema, coerce

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class SeenKeys:
    """Finds rows whose key stood in an earlier row; keeps 24 bytes a row.

    Keys and rows are compared by 64-bit hashes: among a million rows the chance of one false
    alarm is about 3 in 100 million.

    >>> seen = SeenKeys()
    >>> table = pd.DataFrame({"id": ["a", "b", "a"], "bpm": ["128", "90", "128"]}, dtype="str")
    >>> first, same = seen.look(table, "id", np.array([2, 3, 4]))
    >>> first.tolist(), same.tolist()
    ([-1, -1, 2], [False, False, True])
    """

    def __init__(self) -> None:
        # Sorted runs, each more than twice as long as the next: a row is merged log(n) times.
        self._runs: list[tuple[Hashes, Hashes, Places]] = []

    def look(self, table: pd.DataFrame, key: str, places: Places) -> tuple[Places, Mask]:
        """For each row where its key stood first (-1: new), and whether that row was the same.

        `places` are the lines or row numbers of the rows. New keys are remembered.
        """
        keys, rows = _hashes(table[[key]]), _hashes(table)
        first = np.full(len(table), -1, dtype=np.int64)
        same = np.zeros(len(table), dtype=np.bool_)
        for run in self._runs:
            _fill(first, same, keys, rows, run)
        fresh = np.flatnonzero(first < 0)
        unique, earliest = np.unique(keys[fresh], return_index=True)
        chosen = fresh[earliest]
        run = (unique, rows[chosen], places[chosen])
        again = np.setdiff1d(fresh, chosen, assume_unique=True)
        later, alike = first[again], same[again]
        _fill(later, alike, keys[again], rows[again], run)
        first[again], same[again] = later, alike
        self._remember(run)
        return first, same

    def _remember(self, run: tuple[Hashes, Hashes, Places]) -> None:
        while self._runs and len(self._runs[-1][0]) <= 2 * len(run[0]):
            older = self._runs.pop()
            order = np.argsort(np.concatenate([older[0], run[0]]), kind="stable")
            run = (
                np.concatenate([older[0], run[0]])[order],
                np.concatenate([older[1], run[1]])[order],
                np.concatenate([older[2], run[2]])[order],
            )
        self._runs.append(run)


def _fill(
    first: Places,
    same: Mask,
    keys: Hashes,
    rows: Hashes,
    run: tuple[Hashes, Hashes, Places],
) -> None:
    """Note in `first` and `same` the keys that stand in `run`."""
    if not len(run[0]):
        return
    at = np.searchsorted(run[0], keys).clip(max=len(run[0]) - 1)
    found = run[0][at] == keys
    first[found] = run[2][at][found]
    same[found] = (run[1][at] == rows)[found]


def _hashes(table: pd.DataFrame) -> Hashes:
    plain = {
        name: column.astype("str") if column.dtype == object else column
        for name, column in table.items()
    }
    return pd.util.hash_pandas_object(pd.DataFrame(plain), index=False).to_numpy()


Duplicates = Literal["first", "last", "keep"]

log = logging.getLogger(__name__)


class RowCheck:
    """Checks a table batch by batch; `problems` holds what the last batch met.

    Of rows with one id the first is kept, the last of a batch, or all: see `duplicates`.
    """

    def __init__(
        self, schema: Schema, unit: Literal["line", "row"], duplicates: Duplicates = "first"
    ) -> None:
        self.problems: list[Problem] = []
        self._schema = schema
        self._unit = unit
        self._duplicates = duplicates
        self._seen = SeenKeys()

    def batch(self, table: pd.DataFrame, places: Places) -> tuple[pd.DataFrame, Places]:
        """The usable rows, each column of its dtype, and their places (lines or row numbers)."""
        lines = places.tolist() if self._unit == "line" else None
        table, self.problems = coerce(table, self._schema, lines)
        table, places = self._with_key(table, places)
        if self._duplicates == "first":
            kept = self._first_of_each(table, places)
        elif self._duplicates == "last":
            kept = self._last_of_each(table, places)
        else:
            kept = np.ones(len(table), dtype=np.bool_)
        return table[kept].reset_index(drop=True), places[kept]

    def _with_key(self, table: pd.DataFrame, places: Places) -> tuple[pd.DataFrame, Places]:
        key = self._schema.key
        has_key = table[key].str.strip().ne("").to_numpy()
        if has_key.all():
            return table, places
        without = table[~has_key]
        text = without.astype("str")
        blank = (without.isna() | text.apply(lambda column: column.str.strip().eq(""))).all(axis=1)
        for row in np.flatnonzero(~has_key)[~blank.to_numpy()]:
            self._report(places[row], "", f"no {key}")
        return table[has_key], places[has_key]

    def _first_of_each(self, table: pd.DataFrame, places: Places) -> Mask:
        key = self._schema.key
        first, same = self._seen.look(table, key, places)
        again = first >= 0
        for row in np.flatnonzero(again):
            what = "an exact copy" if same[row] else "other values: the first is used"
            where = f"stands in {self._unit} {first[row]}, {what}"
            self._report(places[row], table[key].iloc[row], where)
        return ~again

    def _last_of_each(self, table: pd.DataFrame, places: Places) -> Mask:
        key = table[self._schema.key]
        again = key.duplicated(keep="last").to_numpy()
        earlier = np.flatnonzero(again)
        last = key.iloc[earlier].map({k: row for row, k in enumerate(key)}).to_numpy()
        rows, winners = table.iloc[earlier], table.iloc[last].set_axis(key.index[earlier])
        same = ((rows == winners) | (rows.isna() & winners.isna())).all(axis=1).to_numpy()
        for row, winner, alike in zip(earlier, last, same, strict=True):
            what = "an exact copy" if alike else "other values: the last is used"
            where = f"stands again in {self._unit} {places[winner]}, {what}"
            self._report(places[row], key.iloc[row], where)
        return ~again

    def _report(self, place: np.int64, value: str, reason: str) -> None:
        line = int(place) if self._unit == "line" else None
        reason = reason if self._unit == "line" else f"row {place}: {reason}"
        self.problems.append(Problem(line, self._schema.key, value, reason))


class Report:
    """Hands problems to who asked for them, or logs how many there were."""

    def __init__(self, path: str | Path, problems: list[Problem] | None) -> None:
        self._path = path
        self._asked_for = problems
        self._n = 0
        self._first: Problem | None = None

    def add(self, problems: list[Problem]) -> None:
        """Take the problems of a batch, in the order of their lines."""
        ordered = sorted(problems, key=lambda problem: problem.line or 0)
        if self._asked_for is not None:
            self._asked_for += ordered
        elif ordered:
            self._first = self._first or ordered[0]
            self._n += len(ordered)

    def close(self) -> None:
        """Log what nobody asked for."""
        if self._first is not None:
            log.warning("%s: problems: %d; the first: %s", self._path, self._n, self._first)
