"""Tables to CSV and Parquet files, atomically, whole or a batch at a time."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError
from .atomic import replace_file
from .sniffing import table_kind
from .spreadsheet import defused

_LARGEST_WHOLE = 2.0**53


def write_table(table: pd.DataFrame, path: str | Path, *, for_spreadsheet: bool = False) -> None:
    """Write a table as CSV (UTF-8, comma; tab in a `.tsv`) or Parquet, by suffix; `.gz` packs.

    The file appears whole or not at all. `for_spreadsheet` adds the byte order mark that Excel
    needs and puts an apostrophe before cells it would run as formulas; without it `read_table`
    gives back exactly what was written, but for NUL signs. Raises `UsageError` for an unknown
    suffix.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "tracks.csv"
    >>> write_table(pd.DataFrame({"track_id": ["007"], "title": ["-"], "year": [1999.0]}), file)
    >>> file.read_text()
    'track_id,title,year\\n007,-,1999\\n'
    """
    with TableWriter(path, for_spreadsheet=for_spreadsheet) as writer:
        writer.write(table)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as `write_table` writes it into a `.csv`, for whoever writes the file.

    >>> csv_bytes(pd.DataFrame({"track_id": ["007"], "year": [1999.0]}))
    b'track_id,year\\n007,1999\\n'
    """
    held = io.BytesIO()
    text = io.TextIOWrapper(held, "utf-8", errors="replace", newline="")
    _DelimitedSink(list(table.columns), text, ",", False).write(table)
    text.flush()
    return held.getvalue()


class TableWriter:
    """Writes batches of one table; the file appears when the block ends without an error.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "tracks.csv"
    >>> with TableWriter(file) as writer:
    ...     for track_id in ["1", "2"]:
    ...         writer.write(pd.DataFrame({"track_id": [track_id]}))
    >>> file.read_text()
    'track_id\\n1\\n2\\n'
    """

    def __init__(self, path: str | Path, *, for_spreadsheet: bool = False) -> None:
        self._path = Path(path)
        self._kind = table_kind(path)
        self._for_spreadsheet = for_spreadsheet
        self._open = ExitStack()
        self._handle: IO[bytes]
        self._sink: _Sink | None = None

    def __enter__(self) -> TableWriter:
        self._handle = self._open.enter_context(replace_file(self._path))
        return self

    def write(self, batch: pd.DataFrame) -> None:
        """Add rows; raises `InputError` where the columns are not those of the first batch."""
        if self._sink is None:
            self._sink = self._start(batch)
        columns = list(batch.columns)
        if columns != self._sink.columns:
            raise InputError(
                f"{self._path}: a batch has columns {columns}, the first had {self._sink.columns}"
            )
        self._sink.write(batch)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None and self._sink is None:
            empty = InputError(f"{self._path}: no table was given to write")
            self._open.__exit__(InputError, empty, None)
            raise empty
        self._open.__exit__(kind, error, trace)

    def _start(self, first: pd.DataFrame) -> _Sink:
        columns = list(first.columns)
        if self._kind == "parquet":
            schema = pa.Schema.from_pandas(first, preserve_index=False)
            return _ParquetSink(
                columns, self._open.enter_context(pq.ParquetWriter(self._handle, schema)), schema
            )
        binary = self._handle
        if self._path.name.lower().endswith(".gz"):
            packer = gzip.GzipFile("", "wb", fileobj=binary, mtime=0)  # same rows, same bytes
            binary = cast(IO[bytes], self._open.enter_context(packer))
        encoding = "utf-8-sig" if self._for_spreadsheet else "utf-8"
        text = io.TextIOWrapper(binary, encoding, newline="")
        self._open.callback(text.detach)  # flushed, while the file below stays open to be synced
        delimiter = "\t" if ".tsv" in self._path.suffixes else ","
        return _DelimitedSink(columns, text, delimiter, self._for_spreadsheet)


class _Sink(Protocol):
    columns: list[str]

    def write(self, batch: pd.DataFrame) -> None: ...


class _ParquetSink:
    def __init__(self, columns: list[str], writer: Any, schema: Any) -> None:
        self.columns = columns
        self._writer = writer
        self._schema = schema

    def write(self, batch: pd.DataFrame) -> None:
        try:
            rows = pa.Table.from_pandas(batch, self._schema, preserve_index=False)
        except pa.ArrowException as error:
            raise InputError(f"a batch has values unlike those of the first: {error}") from error
        self._writer.write_table(rows)


class _DelimitedSink:
    def __init__(
        self, columns: list[str], text: io.TextIOWrapper, delimiter: str, for_spreadsheet: bool
    ) -> None:
        self.columns = columns
        self._for_spreadsheet = for_spreadsheet
        self._plain = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        # The csv module quotes a lone CR only from Python 3.13 on; a reader ends the row there.
        self._quoting = csv.writer(
            text, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL
        )
        self._write_row(columns)

    def write(self, batch: pd.DataFrame) -> None:
        cells = [self._cells(batch.iloc[:, i]) for i in range(batch.shape[1])]
        rows = zip(*cells, strict=True)
        if any(_holds_cr(batch.iloc[:, i]) for i in range(batch.shape[1])):
            for row in rows:
                self._write_row(row)
        else:
            self._plain.writerows(rows)

    def _write_row(self, row: Iterable[Any]) -> None:
        cells = list(row)
        has_cr = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (self._quoting if has_cr else self._plain).writerow(cells)

    def _cells(self, column: pd.Series) -> list[Any]:
        if pd.api.types.is_float_dtype(column.dtype):
            return [_number(n) for n in column.to_numpy("float64", na_value=float("nan")).tolist()]
        given = column.astype(object).where(column.notna().to_numpy(), "")
        return (defused(given) if self._for_spreadsheet else given).tolist()


def _holds_cr(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    return bool(column.astype("str").str.contains("\r", regex=False, na=False).any())


def _number(number: float) -> float | int | str:
    """As short as it reads back: 1999 for 1999.0, nothing for NaN."""
    if number != number:
        return ""
    return int(number) if number.is_integer() and abs(number) < _LARGEST_WHOLE else number
