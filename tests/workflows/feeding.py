"""A person who corrects predictions and feeds the file back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from djlib.settings import Workspace, load_settings
from djlib.tables.io import read_table, write_table
from djlib.workflows.buckets.assign import AssignOptions, propose_buckets
from djlib.workflows.buckets.feedback import FeedbackOptions, FeedbackReport, bucket_feedback
from djlib.workflows.core.progress import NullReporter

Row = dict[str, Any]


def propose(here: Workspace, **options: Any) -> pd.DataFrame:
    """Answer for the unsorted tracks; gives the rows of the predictions file."""
    settings = load_settings(here.root, {})
    propose_buckets(here, settings, options=AssignOptions(**options), talk=NullReporter())
    return read_table(here.predictions)


def corrected(here: Workspace, answer: Callable[[int, Row], str], name: str = "said.csv") -> Path:
    """The predictions file with a person's answers in it, under another name."""
    table = read_table(here.predictions)
    table["correct_bucket"] = [answer(n, row) for n, row in enumerate(table.to_dict("records"))]
    write_table(table, here.root / name)
    return here.root / name


def second_choice(*numbers: int) -> Callable[[int, Row], str]:
    """Says of these rows that the second choice is right, of others nothing."""
    return lambda number, row: str(row["second_bucket"]) if number in numbers else ""


def feed(here: Workspace, file: Path | None = None, **options: Any) -> FeedbackReport:
    """Feed a file back, with options as a person would give them."""
    settings = load_settings(here.root, {})
    return bucket_feedback(
        here, settings, file, options=FeedbackOptions(**options), talk=NullReporter()
    )
