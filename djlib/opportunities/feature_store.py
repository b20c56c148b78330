"""What was computed of calls, kept: their terms, and how each stood at the moments it was rated."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from ..tables.atomic import replace_file
from ..tables.cells import text_of
from .call_features import WIDTH, counted
from .history import COLUMNS, History

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
        written = (read.schema.metadata or {}).get(_VERSION, b"").decode()
        if written != version:
            _log.info("%s is of version %r, not %r: made anew", path, written, version)
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


FEATURES_VERSION = "1"
"""Raised with every change of what a column means."""
_READ = ("title", "description", "tags", "source", "sources")
_EVENTS = ["events_of_call", "events_of_source", "events"]
_LISTS = ["terms", "counts"]
_STANDING = "standing.parquet"


class FeatureStore:
    """The features in `folder`: `calls.parquet` by call, `standing.parquet` by call and moment.

    `computed` counts the rows that were not there yet. With `keep` False nothing is written.

    >>> import tempfile
    >>> store = FeatureStore(Path(tempfile.mkdtemp()))
    >>> calls = pd.DataFrame({"opportunity_id": ["a"], "title": ["Dub night"]})
    >>> store.counts(calls).sum(), store.computed, store.counts(calls).sum(), store.computed
    (np.uint64(3), 1, np.uint64(3), 1)
    """

    def __init__(self, folder: Path, *, version: str = FEATURES_VERSION, keep: bool = True) -> None:
        self.folder, self.version, self.keep = folder, version, keep
        self.computed = 0

    def counts(self, calls: pd.DataFrame) -> sparse.csr_matrix:
        """What each call says, as `call_words.counted` gives it, (n, WIDTH)."""
        file = self.folder / "calls.parquet"
        named = pd.DataFrame({"opportunity_id": text_of(calls, "opportunity_id").tolist()})
        named["text"] = _hashes(calls)
        known = read_lists(file, _LISTS, self.version)
        place = _places(known[0], named, ["opportunity_id", "text"]) if known else _none(named)
        fresh = np.flatnonzero(place < 0)
        if not len(fresh) and known:
            return _matrix({n: column.take(place) for n, column in known[1].items()})
        made = counted(calls.iloc[fresh])
        new = {"terms": Lists(made.indptr, made.indices.astype(np.int32)),
               "counts": Lists(made.indptr, made.data)}  # fmt: skip
        self.computed += len(fresh)
        table, lists = named.iloc[fresh], new
        if known:
            stays = ~known[0]["opportunity_id"].isin(table["opportunity_id"]).to_numpy()
            kept = np.flatnonzero(stays)
            lists = {n: known[1][n].take(kept).then(new[n]) for n in _LISTS}
            table = pd.concat([known[0].iloc[kept], table], ignore_index=True)
        if self.keep:
            write_lists(table, lists, file, self.version)
        place = _places(table, named, ["opportunity_id", "text"])
        return _matrix({n: column.take(place) for n, column in lists.items()})

    def standing(self, rated: pd.DataFrame, history: History) -> np.ndarray:
        """How each call (opportunity_id, source) stood at its moment (`at`), (n, len(COLUMNS))."""
        file = self.folder / _STANDING
        keys = ["opportunity_id", "as_of", *_EVENTS]
        named = pd.DataFrame(
            {
                "opportunity_id": text_of(rated, "opportunity_id").tolist(),
                "as_of": text_of(rated, "at").tolist(),
            }
        )
        named[_EVENTS] = history.n_before(rated)
        read = read_lists(file, [], self.version)
        known = named.head(0).assign(**dict.fromkeys(COLUMNS, 0.0)) if read is None else read[0]
        place = _places(known, named, keys)
        fresh = np.flatnonzero(place < 0)
        if len(fresh):
            values = history.standing(rated.iloc[fresh])
            new = named.iloc[fresh].reset_index(drop=True)
            new[list(COLUMNS)] = values
            new = new.drop_duplicates(keys)
            self.computed += len(new)
            both = known.merge(new[keys[:2]], how="left", on=keys[:2], indicator="found")
            stays = (both["found"] == "left_only").to_numpy()
            known = pd.concat([known[stays], new], ignore_index=True)
            if self.keep:
                write_lists(known, {}, file, self.version)
            place = _places(known, named, keys)
        return known[list(COLUMNS)].to_numpy(dtype=float)[place]

    def forget_standing(self) -> None:
        """Compute how calls stood anew: something that happened has been taken back, which the
        number of events known does not always tell."""
        (self.folder / _STANDING).unlink(missing_ok=True)


def _hashes(calls: pd.DataFrame) -> np.ndarray:
    columns = pd.DataFrame({name: text_of(calls, name).astype(object) for name in _READ})
    return pd.util.hash_pandas_object(columns, index=False).to_numpy().astype(np.int64)


def _places(known: pd.DataFrame, wanted: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """The row of `known` for each row asked for, -1 where there is none."""
    there = pd.MultiIndex.from_frame(known[keys].drop_duplicates(keys))
    rows = np.flatnonzero(~known.duplicated(keys).to_numpy())
    found = there.get_indexer(pd.MultiIndex.from_frame(wanted[keys]))
    return np.where(found < 0, -1, rows[np.clip(found, 0, None)] if len(rows) else -1)


def _none(wanted: pd.DataFrame) -> np.ndarray:
    return np.full(len(wanted), -1)


def _matrix(lists: dict[str, Lists]) -> sparse.csr_matrix:
    terms, counts = lists["terms"], lists["counts"]
    return sparse.csr_matrix(
        (counts.values, terms.values, terms.starts), shape=(len(terms.starts) - 1, WIDTH)
    )
