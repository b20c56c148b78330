"""Keys met before, over batches of a table that may not fit into memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

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
