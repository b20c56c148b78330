"""A file of proposals answered row by row in the terminal, each answer in it before the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from ...errors import InputError, NotFoundError
from ...tables.io import read_table, write_table
from ...tables.problems import Problem
from ...tables.schema import Schema
from .edits import copy_aside, state_of

_BOM = b"\xef\xbb\xbf"


class AnsweredFile(ABC):
    """The rows of a file and what was said of them; every step is written at once. `schema` is
    that of the file, `column` where answers stand, `missing` what to do where there is no file."""

    schema: ClassVar[Schema]
    column: ClassVar[str]
    missing: ClassVar[str]

    def __init__(self, file: Path) -> None:
        if not file.exists():
            raise NotFoundError(f"nothing to review: {file} does not exist; {self.missing}")
        self.file, self.kept = file, ""
        problems: list[Problem] = []
        self._table = read_table(file, schema=self.schema, problems=problems, duplicates="keep")
        self._is_damaged = any(p.outcome in ("row left out", "value ignored") for p in problems)
        with file.open("rb") as handle:
            self._is_for_excel = handle.read(len(_BOM)) == _BOM
        self._state = state_of(file)
        self._waiting = [n for n in self._table.index if not self.is_answered(self._row(n))]
        self._done: list[tuple[int, str | None]] = []

    @abstractmethod
    def is_answered(self, row: dict[str, Any]) -> bool:
        """Whether a row has an answer that counts."""

    @property
    def current(self) -> dict[str, Any] | None:
        """The row that is asked about, None when all were."""
        return self._row(self._waiting[0]) if self._waiting else None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every row as it stands now."""
        return [self._row(place) for place in self._table.index]

    @property
    def n_answered(self) -> int:
        """Rows with an answer."""
        return sum(map(self.is_answered, self.rows))

    def answer(self, said: int) -> None:
        """Write what is said of the current row, and go on."""
        place = self._waiting.pop(0)
        self._done.append((place, str(self._table.at[place, self.column])))
        self._write(place, str(said))

    def skip(self) -> None:
        """Put the current row at the end."""
        place = self._waiting.pop(0)
        self._done.append((place, None))
        self._waiting.append(place)

    def undo(self) -> bool:
        """Take the last step of this session back; False where there is none."""
        if not self._done:
            return False
        place, before = self._done.pop()
        if before is None:
            self._waiting.remove(place)
        else:
            self._write(place, before)
        self._waiting.insert(0, place)
        return True

    def _row(self, place: int) -> dict[str, Any]:
        row = self._table.loc[place].to_dict()
        return {c: "" if pd.isna(value) else value for c, value in row.items()}

    def _write(self, place: int, cell: str) -> None:
        if state_of(self.file) != self._state:
            raise InputError(
                f"{self.file} was changed by somebody else in the meantime; "
                "'djlib review' goes on with what it holds now"
            )
        if self._is_damaged and not self.kept:
            self.kept = str(copy_aside(self.file))
        self._table.at[place, self.column] = cell
        write_table(self._table, self.file, for_spreadsheet=self._is_for_excel, defuse=True)
        self._state = state_of(self.file)
