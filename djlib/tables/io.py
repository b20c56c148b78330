"""Tables read and written: CSV and Parquet by suffix, checked row by row, replaced atomically."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import InputError, UsageError
from .atomic import replace_file
from .cells import defused, undefuse, undefused
from .csv.sniffing import table_kind
from .problems import Problem
from .schema import SCHEMAS, TRACKS, Schema, recognise, rename_to_schema

if TYPE_CHECKING:
    from .csv.checking import Duplicates

__all__ = [
    "TableWriter",
    "count_rows",
    "is_table",
    "iter_table",
    "read_library_table",
    "read_table",
    "undefuse",
    "write_table",
]

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz")

_BATCH_ROWS = 50_000
_ALL_ROWS = 1 << 60


def read_table(
    path: str | Path,
    *,
    schema: Schema | str | None = None,
    problems: list[Problem] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    duplicates: Duplicates = "first",
    line_column: str | None = None,
) -> pd.DataFrame:
    """Read a table, checked against its schema: text as `str` with "" for missing, numbers float64.

    Without a schema the header decides which one it is. Unknown columns are kept as they are. Of
    rows with one id `duplicates` keeps the first, the last or all. What could not be used is
    appended to `problems`, or counted in a logged warning. `line_column` adds a column of that
    name with the file line of each row (for Parquet its number, from 1).

    Raises `NotFoundError`, `FormatError` for a damaged file, `InputError` for a table that lacks
    a header or a required column, and `UsageError` for an unknown suffix, schema or encoding.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "tracks.csv"
    >>> _ = file.write_text("track_id;artist;bpm\\n007;NA;128,5\\n8;null;fast\\n")
    >>> met = []
    >>> read_table(file, problems=met)
      track_id artist    bpm
    0      007     NA  128.5
    1        8   null    NaN
    >>> str(met[0])
    "line 3, bpm 'fast': not a number (value ignored)"
    """
    batches = _checked_batches(
        path,
        schema,
        # Which of several rows is the last is known only at the end: then all is one batch.
        _ALL_ROWS if duplicates == "last" else _BATCH_ROWS,
        problems,
        delimiter=delimiter,
        encoding=encoding,
        duplicates=duplicates,
        line_column=line_column,
    )
    return pd.concat(batches, ignore_index=True)


def iter_table(
    path: str | Path,
    *,
    schema: Schema | str | None = None,
    batch_rows: int = _BATCH_ROWS,
    problems: list[Problem] | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Iterator[pd.DataFrame]:
    """Read a table as `read_table` does, a batch at a time, in bounded memory.

    A row whose id stood in any earlier row is left out. There is always a first batch, if only
    an empty one. Errors are raised when the first batch is asked for.
    """
    return _checked_batches(
        path, schema, batch_rows, problems, delimiter=delimiter, encoding=encoding
    )


def is_table(path: Path) -> bool:
    """Whether a path names a table rather than a library: by its suffix."""
    return path.name.lower().endswith(TABLE_SUFFIXES) and not path.is_dir()


def read_library_table(path: Path, problems: list[Problem]) -> pd.DataFrame:
    """Read a table of tracks as a library. A file of predictions has track ids too, but taking it
    for a library would replace the library: it raises `InputError`."""
    table = read_table(path, schema=TRACKS, problems=problems)
    answers = {"predicted_bucket", "correct_bucket"}.intersection(table.columns)
    if answers and "bucket" not in table:
        raise InputError(
            f"{path}: its column {min(answers)!r} says it holds predictions or corrections, "
            f"no library; 'djlib feedback {path}' takes corrections"
        )
    return table


def count_rows(path: str | Path) -> int | None:
    """About how many rows a table has, for a progress bar; None where the file cannot be read.

    Exact for Parquet; estimated for delimited files from their first 20,000 lines. Raises
    `NotFoundError` for a missing file and `UsageError` for an unknown suffix.
    """
    from .csv.sources import estimate_rows

    return estimate_rows(path)


def _checked_batches(
    path: str | Path,
    schema: Schema | str | None,
    batch_rows: int,
    problems: list[Problem] | None,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    duplicates: Duplicates = "first",
    line_column: str | None = None,
) -> Iterator[pd.DataFrame]:
    from .csv.checking import Report, RowCheck
    from .csv.sources import open_source

    report = Report(path, problems)
    with open_source(path, batch_rows, delimiter=delimiter, encoding=encoding) as source:
        found = _schema_for(path, schema, source.headings)
        names = rename_to_schema(source.headings, found, str(path))
        check = RowCheck(found, source.unit, duplicates)
        n_rows = 0
        for table, places in source.batches:
            n_rows += len(table)
            table = table.set_axis(names, axis=1)
            if found.for_people and source.unit == "line":
                table = undefused(table)
            checked, kept = check.batch(table, places)
            if line_column is not None:
                checked[line_column] = kept
            report.add(source.problems + check.problems)
            source.problems.clear()
            yield checked
        report.add(source.problems)
    if not n_rows:
        report.add([Problem(None, "", "", "there is a header, but no row", "note")])
    report.close()


def _schema_for(path: str | Path, schema: Schema | str | None, headings: list[str]) -> Schema:
    """The schema asked for, else the one the header fits; raises where the header fits none."""
    if isinstance(schema, str) and schema not in SCHEMAS:
        raise UsageError(f"unknown schema {schema!r}; known: {', '.join(SCHEMAS)}")
    asked = SCHEMAS[schema] if isinstance(schema, str) else schema
    candidates = [asked] if asked else list(SCHEMAS.values())
    shown = ", ".join(repr(heading[:40]) for heading in headings[:8])
    if not any(c.known_as(heading) for c in candidates for heading in headings):
        wanted = " or ".join(", ".join(c.names[: 6 if asked else 2]) for c in candidates)
        raise InputError(
            f"{path}: no header: the first line holds {shown}; expected are column names such as "
            f"{wanted}: write them there, or name the delimiter"
        )
    fitting = asked or recognise(headings)
    if fitting is None:
        wanted = "; ".join(f"{', '.join(c.required)} ({c.name})" for c in candidates)
        raise InputError(f"{path}: no known table has only the columns {shown}; needed: {wanted}")
    return fitting


_LARGEST_WHOLE = 2.0**53


def write_table(
    table: pd.DataFrame, path: str | Path, *, for_spreadsheet: bool = False, defuse: bool = False
) -> None:
    """Write a table as CSV (UTF-8, comma; tab in a `.tsv`) or Parquet, by suffix; `.gz` packs.

    The file appears whole or not at all. `defuse` puts an apostrophe before cells a spreadsheet
    would run as formulas, which `read_table` takes away where the schema is `for_people`;
    `for_spreadsheet` does so too and adds the byte order mark that Excel needs. With neither
    `read_table` gives back exactly what was written, but for NUL signs. Raises `UsageError` for an
    unknown suffix.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "tracks.csv"
    >>> write_table(pd.DataFrame({"track_id": ["007"], "title": ["-"], "year": [1999.0]}), file)
    >>> file.read_text()
    'track_id,title,year\\n007,-,1999\\n'
    """
    with TableWriter(path, for_spreadsheet=for_spreadsheet, defuse=defuse) as writer:
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

    def __init__(
        self, path: str | Path, *, for_spreadsheet: bool = False, defuse: bool = False
    ) -> None:
        self._path = Path(path)
        self._kind = table_kind(path)
        self._for_spreadsheet = for_spreadsheet
        self._is_defused = for_spreadsheet or defuse
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
        return _DelimitedSink(columns, text, delimiter, self._is_defused)


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
        self, columns: list[str], text: io.TextIOWrapper, delimiter: str, is_defused: bool
    ) -> None:
        self.columns = columns
        self._is_defused = is_defused
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
        return (defused(given) if self._is_defused else given).tolist()


def _holds_cr(column: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    return bool(column.astype("str").str.contains("\r", regex=False, na=False).any())


def _number(number: float) -> float | int | str:
    """As short as it reads back: 1999 for 1999.0, nothing for NaN."""
    if number != number:
        return ""
    return int(number) if number.is_integer() and abs(number) < _LARGEST_WHOLE else number
