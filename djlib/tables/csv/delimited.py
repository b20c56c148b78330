"""Rows of a delimited file, each with the line it starts on; damage is mended or reported.

The csv module reads in strict mode. Where a quote is broken, the record is read again line by
line, so that a stray quote costs at most its own row and never the rest of the file.
"""

from __future__ import annotations

import csv
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ...errors import InputError
from ..problems import Outcome, Problem
from .sniffing import separator_line

LARGEST_CELL = 1_000_000
"""Signs a cell may hold; a row with a larger one is left out."""

_LARGEST_RECORD = 1 << 25
_LARGEST_MENDED = 100_000
_SHOWN = 100
_LIMIT_LOCK = threading.Lock()

Row = list[str]


class DelimitedRows:
    """The header of an open file, then its rows in batches.

    `headings` are the column names as written; `problems` what was met so far. Raises
    `InputError` where there is no header.

    >>> import io
    >>> rows = DelimitedRows(io.StringIO("track_id,title\\n1,Low\\n\\n2\\n"), ",")
    >>> rows.headings, rows.take(100)
    (['track_id', 'title'], ([['1', 'Low'], ['2', '']], [2, 4]))
    >>> str(rows.problems[0])
    "line 4, '2': 1 of 2 cells; the others are taken as empty (repaired)"
    """

    def __init__(self, text: TextIO, delimiter: str) -> None:
        self.problems: list[Problem] = []
        self._feed = _LineFeed(text, self.problems)
        self._reader = csv.reader(self._feed, delimiter=delimiter, strict=True)
        self._delimiter = delimiter
        self.headings: Row = []
        with _large_cells():
            self.headings = self._read_header()

    def take(self, n: int) -> tuple[list[Row], list[int]]:
        """The next `n` rows, all as wide as the header, and their lines; fewer at the end."""
        rows: list[Row] = []
        lines: list[int] = []
        feed, width = self._feed, len(self.headings)
        with _large_cells():
            while len(rows) < n:
                row = self._next_row()
                if row is None:
                    break
                if len(row) != width or feed.size > LARGEST_CELL:
                    row = self._fitted(row)
                if row:
                    rows.append(row)
                    lines.append(feed.line)
        return rows, lines

    def _read_header(self) -> Row:
        while (row := self._next_row()) is not None:
            if separator_line(self._feed.taken[0]) and self._feed.line == 1:
                continue
            while row and not row[-1].strip():  # spreadsheets leave empty columns on the right
                row.pop()
            if row:
                row[0] = row[0].removeprefix("\ufeff")
                return row
        raise InputError("no header; a table begins with a line of column names")

    def _next_row(self) -> Row | None:
        """The next record as it stands, [] for one that is left out, None at the end."""
        self._feed.start_record()
        try:
            return next(self._reader)
        except StopIteration:
            return None
        except csv.Error as error:
            return self._reread(str(error))

    def _fitted(self, row: Row) -> Row:
        """A row as wide as the header, or [] where there is none to be had."""
        width, found = len(self.headings), len(row)
        if any(len(cell) > LARGEST_CELL for cell in row):
            size = max(map(len, row))
            return self._left_out(f"a cell of {size:,} signs; {LARGEST_CELL:,} are allowed")
        if not any(cell.strip() for cell in row[width if found > width else 0 :]):
            return row[:width] if found > width else []  # a blank line, or empty extra cells
        if found == width:
            return row
        if any(len(self._split(line)) == width for line in self._feed.taken[1:]):
            return self._reread("swallowed whole rows")
        if found > width:
            return self._left_out(f"{found} cells, the header has {width}")
        self._report(f"{found} of {width} cells; the others are taken as empty", "repaired")
        return row + [""] * (width - found)

    def _reread(self, error: str) -> Row:
        """The first line of a record with broken quotes, by itself; the others come again."""
        endless = len(self._feed.taken) > 1 or "end of data" in error
        quote = "a quote opens here and never closes" if endless else "a quote inside a quoted cell"
        line = self._feed.keep_first_line()
        row, width = self._split(line), len(self.headings)
        while len(row) > width > 0 and not row[-1]:
            row.pop()
        if len(row) == width or not width:
            self._report(f"{quote}; taken as text", "repaired")
            return row
        return self._left_out(f"{quote}; as text it has {len(row)} cells, the header {width}")

    def _split(self, line: str) -> Row:
        """The cells of one line where a quote ends a cell only before a delimiter."""
        line = line.rstrip("\r\n")
        if len(line) > _LARGEST_MENDED:
            return []
        sign = re.escape(self._delimiter)
        cell = re.compile(rf'"((?:[^"]|"(?!{sign}|\Z))*)"(?={sign}|\Z)|[^{sign}]*')
        cells, start = [], 0
        while start <= len(line):
            found = cell.match(line, start)
            assert found is not None  # the last alternative fits everywhere
            quoted = found[1]
            cells.append(found[0] if quoted is None else quoted.replace('""', '"'))
            start = found.end() + 1
        return cells

    def _left_out(self, reason: str) -> Row:
        self._report(reason, "row left out")
        return []

    def _report(self, reason: str, outcome: Outcome) -> None:
        value = self._feed.taken[0][:_SHOWN].rstrip("\r\n")
        self.problems.append(Problem(self._feed.line, "", value, reason, outcome))


class _LineFeed:
    """Lines for the csv reader that remember the record they make up and can come again."""

    def __init__(self, text: TextIO, problems: list[Problem]) -> None:
        self.taken: list[str] = []
        self.size = 0
        self._text = text
        self._again: deque[str] = deque()
        self._lines_done = 0
        self._problems = problems

    @property
    def line(self) -> int:
        """The line of the file on which the record starts; 1 is the first."""
        return self._lines_done + 1

    def start_record(self) -> None:
        self._lines_done += len(self.taken)
        self.taken.clear()
        self.size = 0

    def keep_first_line(self) -> str:
        """Cut the record down to its first line; the others are handed out again."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.taken[:] = [first]
        self.size = len(first)
        return first

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        if "\0" in line:
            line = self._without_nul(line)
        self.taken.append(line)
        self.size += len(line)
        if self.size > _LARGEST_RECORD and len(self.taken) > 1:
            raise csv.Error("a record without end")
        return line

    def _without_nul(self, line: str) -> str:
        cleaned = line.replace("\0", "")
        shown = cleaned[:_SHOWN].rstrip("\r\n")
        n = len(line) - len(cleaned)
        reason = f"{n} NUL byte{'s'[: n > 1]} removed"
        self._problems.append(Problem(self.line + len(self.taken), "", shown, reason, "repaired"))
        return cleaned


@contextmanager
def _large_cells() -> Iterator[None]:
    """Let the csv module read large cells for a moment; its limit belongs to the whole process."""
    with _LIMIT_LOCK:
        before = csv.field_size_limit(2**31 - 1)
        try:
            yield
        finally:
            csv.field_size_limit(before)
