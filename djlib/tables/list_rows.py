"""Rows that each hold lists of numbers, in one Parquet file that says which version made it.

For what a program keeps for itself: a file that is damaged or of another version counts as none.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .atomic import replace_file

_VERSION = b"djlib_version"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lists:
    """A list of numbers for each of n rows: that of row i is `values[starts[i]:starts[i + 1]]`."""

    starts: np.ndarray
    values: np.ndarray

    def take(self, rows: np.ndarray) -> Lists:
        """The lists of some rows, in their order.

        >>> Lists(np.array([0, 2, 3]), np.array([7, 8, 9])).take(np.array([1, 0])).values.tolist()
        [9, 7, 8]
        """
        sizes = (self.starts[1:] - self.starts[:-1])[rows]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[:-1][rows] - starts[:-1], sizes)
        return Lists(starts, self.values[places])

    def then(self, other: Lists) -> Lists:
        """These lists and behind them those of `other`."""
        starts = np.concatenate([self.starts, other.starts[1:] + self.starts[-1]])
        return Lists(starts, np.concatenate([self.values, other.values]))


def write_lists(table: pd.DataFrame, lists: Mapping[str, Lists], path: Path, version: str) -> None:
    """Write a table with a further column for each of `lists`; the file appears whole or not at
    all.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "rows.parquet"
    >>> lists = {"terms": Lists(np.array([0, 2]), np.array([7, 8]))}
    >>> write_lists(pd.DataFrame({"id": ["a"]}), lists, file, "1")
    >>> read_lists(file, ["terms"], "1")[1]["terms"].values.tolist(), read_lists(file, [], "2")
    ([7, 8], None)
    """
    made = pa.Table.from_pandas(table, preserve_index=False)
    for name, column in lists.items():
        starts = pa.array(column.starts.astype(np.int64))
        made = made.append_column(
            name, pa.LargeListArray.from_arrays(starts, pa.array(column.values))
        )
    made = made.replace_schema_metadata({_VERSION: version.encode()})
    with replace_file(path) as handle:
        pq.write_table(made, handle, compression="zstd")


def read_lists(
    path: Path, names: list[str], version: str
) -> tuple[pd.DataFrame, dict[str, Lists]] | None:
    """Read back what `write_lists` wrote; None where there is no such file, where it is damaged or
    of another version."""
    try:
        read = pq.read_table(path)
        said = (read.schema.metadata or {}).get(_VERSION, b"").decode()
        if said != version:
            _log.info("%s is of version %r, not %r: made anew", path, said, version)
            return None
        lists = {name: _lists_of(read.column(name).combine_chunks()) for name in names}
        return read.drop_columns(names).to_pandas() if names else read.to_pandas(), lists
    except FileNotFoundError:
        return None
    except (pa.ArrowException, OSError, KeyError, UnicodeDecodeError) as error:
        _log.warning("%s is damaged (%s): made anew", path, str(error).splitlines()[0])
        return None


def _lists_of(column: pa.LargeListArray | pa.ChunkedArray) -> Lists:
    if isinstance(column, pa.ChunkedArray):  # an empty table
        column = pa.concat_arrays(column.chunks)
    starts = column.offsets.to_numpy()
    values = column.values.to_numpy(zero_copy_only=False)
    return Lists(starts - starts[0], values[starts[0] : starts[-1]])
