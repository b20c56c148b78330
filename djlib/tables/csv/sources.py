"""A table file opened, CSV or Parquet: its header and its rows in batches, as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...errors import FormatError, InputError
from ..problems import Problem
from ..schema import BUCKET_SEPARATOR
from .delimited import DelimitedRows
from .sniffing import existing_file, open_text, sniff, table_kind

_INDEX = re.compile(r"__index_level_\d+__")


@contextmanager
def open_parquet(path: Path) -> Iterator[Any]:
    """The file as `pyarrow.parquet.ParquetFile`; raises `FormatError` where it is damaged."""
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        what = str(error).splitlines()[0]
        raise FormatError(f"{path} is not a whole Parquet file ({what}); write it again") from error


def parquet_headings(file: Any) -> list[str]:
    """The column names, without a row index that pandas stored."""
    return [name for name in file.schema_arrow.names if not _INDEX.fullmatch(name)]


def parquet_batches(file: Any, batch_rows: int) -> Iterator[pd.DataFrame]:
    """The rows in batches, at least one; lists of text joined by `|`, binary text decoded."""
    names = parquet_headings(file)
    n_rows = file.metadata.num_rows
    empty = [file.schema_arrow.empty_table()]
    for batch in file.iter_batches(batch_rows, columns=names) if n_rows else empty:
        columns = [_as_table_column(batch.column(name)) for name in names]
        yield pa.table(columns, names=names).to_pandas()


def _as_table_column(values: Any) -> Any:
    kind = values.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):  # text of older writers
        return values.cast(pa.large_string())
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if lists and (pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)):
        return pc.binary_join(values, BUCKET_SEPARATOR)
    return values


Places = npt.NDArray[np.int64]

_SAMPLED_LINES = 20_000


@dataclass(frozen=True)
class Source:
    """An open table. Each batch comes with the line (or row number, from 1) of its rows.

    There is always one batch, if only an empty one. `problems` grows while batches are read.
    """

    headings: list[str]
    unit: Literal["line", "row"]
    batches: Iterator[tuple[pd.DataFrame, Places]]
    problems: list[Problem]


@contextmanager
def open_source(
    path: str | Path, batch_rows: int, *, delimiter: str | None = None, encoding: str | None = None
) -> Iterator[Source]:
    """Open a delimited or Parquet file; raises what `sniff` and `open_parquet` raise."""
    file = existing_file(path)
    if table_kind(file) == "parquet":
        with open_parquet(file) as parquet:
            numbered = _numbered(parquet_batches(parquet, batch_rows))
            yield Source(parquet_headings(parquet), "row", numbered, [])
        return
    layout, notes = sniff(file, delimiter=delimiter, encoding=encoding)
    with open_text(file, layout) as text:
        try:
            rows = DelimitedRows(text, layout.delimiter)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        rows.problems[:0] = notes
        yield Source(rows.headings, "line", _frames(rows, batch_rows), rows.problems)


def estimate_rows(path: str | Path) -> int | None:
    """About how many rows a table has; None where the file cannot be read."""
    file = existing_file(path)
    try:
        if table_kind(file) == "parquet":
            with open_parquet(file) as parquet:
                return int(parquet.metadata.num_rows)
        layout, _ = sniff(file)
        with open_text(file, layout) as text:
            # How far a packed file is read says little, gzip reads ahead; and counting is fast.
            sampled = None if layout.packed else _SAMPLED_LINES
            lines = sum(1 for _ in islice(text, sampled))
            if sampled is None or lines < sampled:
                return max(lines - 1, 0)
            return int(lines * file.stat().st_size // text.buffer.tell())
    except InputError:
        return None


def _frames(rows: DelimitedRows, batch_rows: int) -> Iterator[tuple[pd.DataFrame, Places]]:
    cells, lines = rows.take(batch_rows)
    while True:
        columns = zip(*cells, strict=True) if cells else ((),) * len(rows.headings)
        arrays = [pa.array(column, pa.large_string()) for column in columns]
        table = pa.table(arrays, names=rows.headings).to_pandas()
        yield table, np.array(lines, dtype=np.int64)
        cells, lines = rows.take(batch_rows)
        if not cells:
            return


def _numbered(tables: Iterator[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame, Places]]:
    start = 1
    for table in tables:
        yield table, np.arange(start, start + len(table))
        start += len(table)
