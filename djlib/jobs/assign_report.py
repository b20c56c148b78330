"""What a run of `assign-buckets` may be asked and what it answers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..bucketing.explain import Explanation
from ..evaluation.abstention import Abstention
from ..tables.problems import Problem
from ..tables.schema import split_buckets

Rows = Literal["auto", "all", "unsorted"]
"""auto: every row of a table that is named, only the unsorted tracks of a library."""

SHOWN_AT_MOST = 200
"""Rows and explanations a report carries; the files have all."""

_CONFIDENCE_BINS = 10


@dataclass(frozen=True)
class AssignOptions:
    """What a person may ask: where to write, which rows, explanations, nothing written, a file
    made for spreadsheets, another version to answer for a share of the songs (A/B)."""

    output: Path | None = None
    rows: Rows = "auto"
    debug: bool = False
    dry_run: bool = False
    for_spreadsheet: bool = False
    ab: str | None = None
    ab_share: float = 0.5


@dataclass
class AssignReport:
    """What was answered: counts by version, status and bucket, confidence in ten bins from 0 to
    1, rows a second, the threshold in force, explanations when asked for, where it was written,
    the copy of an edited file that stood there, and the file of the audit trail."""

    source: str
    model_version: str
    abstention: Abstention
    rows: int = 0
    already_sorted: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    buckets: Counter[str] = field(default_factory=Counter)
    confidence: list[int] = field(default_factory=lambda: [0] * _CONFIDENCE_BINS)
    first_rows: list[dict[str, Any]] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    written: list[str] = field(default_factory=list)
    trained: str | None = None
    kept: str | None = None
    audit: str = ""

    @property
    def rows_per_second(self) -> float:
        """Tracks answered in a second, reading and writing included."""
        return self.rows / self.seconds if self.seconds else 0.0

    def count(self, table: pd.DataFrame) -> None:
        """Take a batch of predictions into account."""
        self.rows += len(table)
        self.versions.update(table["model_version"])
        self.statuses.update(table["status"])
        for cell, n in table["predicted_bucket"].value_counts().items():
            self.buckets.update(dict.fromkeys(split_buckets(cell), int(n)))
        bins, _ = np.histogram(table["confidence"], bins=_CONFIDENCE_BINS, range=(0, 1))
        self.confidence = [a + int(b) for a, b in zip(self.confidence, bins, strict=True)]
        room = SHOWN_AT_MOST - len(self.first_rows)
        self.first_rows += table.head(room).to_dict("records")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json` and metrics.json."""
        plain = {k: v for k, v in self.__dict__.items() if k != "first_rows"}
        plain["abstention"] = self.abstention.as_dict()
        plain["explanations"] = [e.as_dict() for e in self.explanations]
        plain["problems"] = [p.as_dict() for p in self.problems]
        plain["rows_per_second"] = round(self.rows_per_second, 1)
        return plain
