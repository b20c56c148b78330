"""Parquet files in batches of rows; what tables exchange as lists becomes text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import FormatError
from .schema import BUCKET_SEPARATOR

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
