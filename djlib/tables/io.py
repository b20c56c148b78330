"""Tables read and written: CSV and Parquet by suffix, checked row by row.

Every reader of djlib comes through here: the suffix decides the kind of file, the schema the
columns, and each row that cannot be used is reported with its line and reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ..errors import InputError, UsageError
from .checking import Duplicates, Report, RowCheck
from .problems import Problem
from .schema import SCHEMAS, Schema, recognise, rename_to_schema
from .sources import estimate_rows, open_source
from .spreadsheet import undefuse
from .writing import TableWriter, write_table

__all__ = ["TableWriter", "count_rows", "iter_table", "read_table", "undefuse", "write_table"]

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


def count_rows(path: str | Path) -> int | None:
    """About how many rows a table has, for a progress bar; None where the file cannot be read.

    Exact for Parquet; estimated for delimited files from their first 20,000 lines. Raises
    `NotFoundError` for a missing file and `UsageError` for an unknown suffix.
    """
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
    report = Report(path, problems)
    with open_source(path, batch_rows, delimiter=delimiter, encoding=encoding) as source:
        found = _schema_for(path, schema, source.headings)
        names = rename_to_schema(source.headings, found, str(path))
        check = RowCheck(found, source.unit, duplicates)
        n_rows = 0
        for table, places in source.batches:
            n_rows += len(table)
            checked, kept = check.batch(table.set_axis(names, axis=1), places)
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
