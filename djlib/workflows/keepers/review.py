"""`review` of a batch: listings answered one by one, each answer in the file before the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from ...errors import InputError, NotFoundError
from ...settings import Workspace
from ...tables.io import read_table, write_table
from ...tables.problems import Problem
from ...tables.schema import BATCH
from ..core.edits import copy_aside, state_of
from .labels import answer_of

AskBatch = Callable[["BatchReview"], None]
"""Puts the questions to a person until they leave."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class BatchReviewReport:
    """Where the answers to a batch stand; `kept` is a copy of the file as it was, where a part of
    it could not be read."""

    plain_extra: ClassVar = ("left",)

    file: str
    listings: int
    answered: int
    keepers: int
    kept: str | None = None

    @property
    def left(self) -> int:
        """Listings without an answer."""
        return self.listings - self.answered


def review_batch(
    workspace: Workspace, file: Path | None = None, *, ask: AskBatch | None
) -> BatchReviewReport:
    """Let `ask` go through a batch (that of the workspace by default); without `ask` only say where
    it stands. Raises `NotFoundError` where there is none."""
    session = BatchReview(file or workspace.batch)
    if ask is not None:
        ask(session)
    return session.report()


class BatchReview:
    """The listings of a batch and what was said of them; every step is written at once."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            raise NotFoundError(
                f"no batch to review: {file} does not exist; run 'djlib select-batch'"
            )
        self.file, self.kept = file, ""
        problems: list[Problem] = []
        self._table = read_table(file, schema=BATCH, problems=problems, duplicates="keep")
        self._is_damaged = any(p.outcome in ("row left out", "value ignored") for p in problems)
        with file.open("rb") as handle:
            self._is_for_excel = handle.read(len(_BOM)) == _BOM
        self._state = state_of(file)
        open_rows = self._table.index[[answer_of(c) is None for c in self._table["keeper"]]]
        self._waiting = list(open_rows)
        self._done: list[tuple[int, str | None]] = []

    @property
    def current(self) -> dict[str, Any] | None:
        """The listing that is asked about, None when all were."""
        return self._row(self._waiting[0]) if self._waiting else None

    @property
    def n_answered(self) -> int:
        """Listings with an answer."""
        return sum(answer_of(cell) is not None for cell in self._table["keeper"])

    def answer(self, keeper: int) -> None:
        """Say whether the current listing is kept, and go on."""
        place = self._waiting.pop(0)
        self._done.append((place, str(self._table.at[place, "keeper"])))
        self._write(place, str(keeper))

    def skip(self) -> None:
        """Put the current listing at the end."""
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

    def report(self) -> BatchReviewReport:
        """Where the answers stand."""
        answers = [answer_of(cell) for cell in self._table["keeper"]]
        n_kept = sum(answer == 1 for answer in answers)
        return BatchReviewReport(
            str(self.file), len(answers), self.n_answered, n_kept, self.kept or None
        )

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
        self._table.at[place, "keeper"] = cell
        write_table(self._table, self.file, for_spreadsheet=self._is_for_excel, defuse=True)
        self._state = state_of(self.file)
