"""What went wrong with a row or a value: found while reading, shown to the person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["row left out", "value ignored", "repaired", "note"]

_SHOWN = 60


@dataclass(frozen=True)
class Problem:
    """One thing a reader met, where, and what it did about it.

    `line` is the line of the file (1 is the header), or None where a file has no lines.

    >>> str(Problem(7, "bpm", "fast", "not a number", "value ignored"))
    "line 7, bpm 'fast': not a number (value ignored)"
    """

    line: int | None
    column: str
    value: str
    reason: str
    outcome: Outcome = "row left out"

    def __str__(self) -> str:
        shown = self.value if len(self.value) <= _SHOWN else self.value[: _SHOWN - 1] + "…"
        where = [f"line {self.line}"] if self.line is not None else []
        if self.column or self.value:
            where.append(f"{self.column} {shown!r}".lstrip())
        what = f"{', '.join(where)}: " if where else ""
        return f"{what}{self.reason} ({self.outcome})"
