"""A workspace with scanned calls, and people who rate them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from djlib.settings import Settings, Workspace, load_settings
from djlib.tables.io import read_table, write_table
from tests.opportunities.tastes import likes, some_calls

SETTINGS = 'lock_wait_s = 0.2\n[opportunities]\nengine = "none"\n'


def days_from_now(days: float) -> str:
    """A moment so many days from now, ISO 8601 in UTC."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def scanned(folder: Path, n: int = 240, seed: int = 0) -> tuple[Workspace, Settings]:
    """A workspace whose calls close in a month; every tenth closed yesterday."""
    (folder / "djlib.toml").write_text(SETTINGS)
    here = Workspace(folder)
    calls = some_calls(n, seed)
    late = np.arange(len(calls)) % 10 == 0
    calls["deadline"] = np.where(late, days_from_now(-1)[:10], days_from_now(30)[:10])
    write_table(calls, here.opportunities)
    return here, load_settings(folder, {})


def calls_of(here: Workspace) -> pd.DataFrame:
    """The scanned calls."""
    return read_table(here.opportunities, problems=[])


def rating_file(
    here: Workspace,
    rows: Sequence[int],
    user: str = "mara",
    topic: str = "sound",
    name: str = "ratings.csv",
    **columns: object,
) -> Path:
    """A file in which a person rates some calls by a topic, 1 or 0."""
    calls = calls_of(here).iloc[list(rows)]
    table = pd.DataFrame(
        {
            "user_id": user,
            "opportunity_id": calls["opportunity_id"],
            "rating": likes(calls, topic).astype(int).astype(str),
            **columns,
        }
    )
    file = here.root / name
    table.to_csv(file, index=False)
    return file
