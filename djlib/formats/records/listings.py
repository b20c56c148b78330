"""Record listings out of any file that holds some, and several files of them as one table."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

import numpy as np
import pandas as pd

from ...errors import DjlibError
from ...tables.cells import text_of
from ...tables.csv.sniffing import open_text, sniff
from ...tables.csv.sources import open_source
from ...tables.io import iter_table, read_table
from ...tables.problems import Problem
from ...tables.schema import LISTINGS, TRACKS, coerce, recognise
from ..locations import files_under
from .discogs import read_objects, row_of, source_of

_TABLES = (".csv", ".tsv", ".txt", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz")
_ALL_ROWS = 1 << 60
_NUMBERS = ("rating", "cost", "price_min", "price_median", "price_max")
_OF_NAMES = "h[0-9a-f]{12}"
"""An id made of the names, for a row that has none."""
_NAMED_BY = ("artist", "title", "label", "year")


def holds_listings(path: Path) -> bool:
    """Whether a file holds listings rather than tracks: by its format or its headings. A folder
    does where each file under it does."""
    if path.is_dir():
        files = files_under(path)
        first = next(files, None)
        return first is not None and holds_listings(first) and all(map(holds_listings, files))
    if path.suffix.lower() == ".json":
        return True
    if not path.is_file() or not path.name.lower().endswith(_TABLES):
        return False
    try:
        headings = _headings(path)
    except (DjlibError, OSError):
        return False
    return source_of(headings) is not None or _is_listings(headings)


def _is_listings(headings: list[str]) -> bool:
    found = recognise(headings)
    is_tracks = TRACKS.key in {TRACKS.known_as(h) for h in headings if h.lower() != "id"}
    return found is not None and found.key == LISTINGS.key and not is_tracks


def _headings(path: Path) -> list[str]:
    with open_source(path, 1) as source:
        return list(source.headings)


def read_listings(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read listings: a table with `listing_id`, an export of Discogs, JSON of its API, or a folder
    of these; every release once.

    Exports also give `owned` and `wanted` ("1" or ""), `rating` and `date_added`. Raises what
    `read_table` raises, and `FormatError` for JSON without releases; of several files one that
    cannot be read is a problem.
    """
    if path.is_dir():
        return read_all_listings(list(files_under(path)))
    problems: list[Problem] = []
    if path.suffix.lower() == ".json":
        return merged(_typed(pd.DataFrame(read_objects(path)), problems)), problems
    source = source_of(_headings(path))
    if source is None:
        table = read_table(path, schema=LISTINGS, problems=problems)
        return table, problems
    return merged(_typed(_export(path, source, problems), problems)), problems


def iter_listings(path: Path, problems: list[Problem]) -> Iterator[pd.DataFrame]:
    """The same in parts, of which there is one at least: a table with `listing_id` is never held
    whole. What could not be used is appended to `problems`."""
    if path.is_dir() or path.suffix.lower() == ".json" or source_of(_headings(path)) is not None:
        whole, met = read_listings(path)
        problems += met
        return iter([whole])
    return iter_table(path, schema=LISTINGS, problems=problems)


def read_all_listings(paths: Sequence[Path]) -> tuple[pd.DataFrame, list[Problem]]:
    """Listings of several files and folders as one table, the later word before the earlier.

    Raises the first error where none can be read.
    """
    tables: list[pd.DataFrame] = []
    problems: list[Problem] = []
    failed: list[DjlibError] = []
    for path in paths:
        try:
            table, met = read_listings(path)
        except DjlibError as error:
            failed.append(error)
            problems.append(Problem(None, "source", str(path), str(error)))
        else:
            tables.append(table)
            problems += met
    if failed and not tables:
        raise failed[0]
    return reduce(joined, tables), problems


def _export(path: Path, source: str, problems: list[Problem]) -> pd.DataFrame:
    rows, lines = [], []
    nameless = _with_a_nameless_column(path) if source == "wanted" else []
    if nameless:
        return pd.DataFrame([row_of(record, source) for record in nameless])
    with open_source(path, _ALL_ROWS) as opened:
        for frame, places in opened.batches:
            rows += [row_of(record, source) for record in frame.to_dict("records")]
            lines += [int(place) for place in places]
        unread = [p for p in opened.problems if p.outcome == "row left out"]
        problems += unread
    for row, line in zip(rows, lines, strict=True):
        if not row["title"] and not row["artist"]:
            problems.append(Problem(line, "title", "", "neither artist nor title"))
    return pd.DataFrame([row for row in rows if row["title"] or row["artist"]])


def _with_a_nameless_column(path: Path) -> list[dict[str, str]]:
    """Records of a wantlist export as Discogs writes it: one more cell a row than headings, the
    date; [] for any other table."""
    if path.suffix.lower() != ".csv":
        return []
    with open_text(path, sniff(path)[0]) as text:
        headings, *rows = [row for row in csv.reader(text) if row] or [[]]
    if not rows or any(len(row) != len(headings) + 1 for row in rows):
        return []
    return [dict(zip([*headings, "Date Added"], row, strict=True)) for row in rows]


def _typed(table: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Numbers as numbers, and an id for rows that have none."""
    if not len(table):
        return pd.DataFrame({"listing_id": pd.Series(dtype="str")})
    table, met = coerce(table.fillna(""), LISTINGS)
    problems += met
    for column in _NUMBERS:
        if column in table:
            table[column] = pd.to_numeric(table[column], errors="coerce")
    nameless = table["listing_id"] == ""
    table.loc[nameless, "listing_id"] = ["h" + key for key in _keys(table[nameless])]
    empty = [c for c in _NUMBERS if c in table and table[c].isna().all()]
    return table.drop(columns=empty)


def merged(table: pd.DataFrame) -> pd.DataFrame:
    """Every release once: by its id, else by artist, title, label and year. Of several rows the
    first value that is given counts; what is owned or wanted in one of them is so.

    >>> table = pd.DataFrame({"listing_id": ["r1", "r1"], "title": ["A", "A"], "label": ["", "L"],
    ...                       "owned": ["", "1"]})
    >>> merged(table).to_dict("records")
    [{'listing_id': 'r1', 'title': 'A', 'label': 'L', 'owned': '1'}]
    """
    if not len(table):
        return table
    known = table["listing_id"].mask(table["listing_id"].str.fullmatch(_OF_NAMES), "")
    by_name = pd.Series(_keys(table), index=table.index)
    ids = known.groupby(by_name.to_numpy()).transform("max")  # a row without a number joins one
    group = known.mask(known == "", ids.mask(ids == "", "h" + by_name)).to_numpy()
    if len(set(group)) == len(group):
        return table.reset_index(drop=True)
    blank = table.mask(table == "")
    first = blank.groupby(group, sort=False).first()
    first["listing_id"] = first.index
    first = first.reset_index(drop=True)
    text = [c for c in table if not pd.api.types.is_numeric_dtype(table[c].dtype)]
    first[text] = first[text].fillna("").astype("str")
    return first[list(table.columns)]


def joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Listings of two tables as one; the newer word counts where both have one."""
    alike = all(old[c].dtype == new[c].dtype for c in old if c in new)
    if alike and all(map(_is_told_apart_by_id, (old, new))):
        return _joined_by_id(old, new)
    both = pd.concat([new, old], ignore_index=True)
    text = [c for c in both if not pd.api.types.is_numeric_dtype(both[c].dtype)]
    both[text] = both[text].fillna("").astype("str")
    return merged(both)


def _is_told_apart_by_id(table: pd.DataFrame) -> bool:
    ids = table["listing_id"]
    return bool(ids.is_unique) and not ids.str.fullmatch(_OF_NAMES).any()


def _joined_by_id(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The same where no row has to be found by its names: a column at a time, for a million."""
    place = pd.Index(old["listing_id"]).get_indexer(new["listing_id"])
    is_old_only = np.ones(len(old), dtype=bool)
    is_old_only[place[place >= 0]] = False
    rest = np.flatnonzero(is_old_only)
    columns = {}
    for name in [*new.columns, *(c for c in old.columns if c not in new)]:
        parts = [_cells(old, name, rows, like=new) for rows in (place, rest)]
        if name in new:
            here = new[name].reset_index(drop=True)
            is_blank = here.isna() | (here == "")
            parts[0] = here.where(~is_blank, parts[0])
        column = pd.concat(parts, ignore_index=True)
        is_number = pd.api.types.is_numeric_dtype(column.dtype)
        columns[name] = column if is_number else column.fillna("").astype("str")
    return pd.DataFrame(columns)


def _cells(table: pd.DataFrame, name: str, rows: np.ndarray, *, like: pd.DataFrame) -> pd.Series:
    """Some rows of a column; missing for a row of -1, and where only `like` has the column."""
    if name not in table:
        return pd.Series(index=range(len(rows)), dtype=like[name].dtype)
    return table[name].reset_index(drop=True).reindex(rows).reset_index(drop=True)


def _keys(table: pd.DataFrame) -> list[str]:
    parts = [text_of(table, column).str.strip().str.lower() for column in _NAMED_BY]
    names = zip(*parts, strict=True)
    return [hashlib.sha256("\x1f".join(n).encode()).hexdigest()[:12] for n in names]
