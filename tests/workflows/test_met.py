"""Tracks a workspace has met: scanned, learned from, answered for or corrected."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from djlib.bucketing.corrections import Correction
from djlib.errors import NotFoundError
from djlib.settings import Settings, Workspace
from djlib.tables.io import write_table
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.core.runs import run
from djlib.workflows.library.known_tracks import names_met, rows_met


def tracks(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["track_id", "title"]).assign(bpm=120.0)


def answered(here: Workspace, source: Path) -> None:
    with run(here, Settings(), "assign-buckets", NullReporter()) as noted:
        noted |= {"source": str(source), "rows": 1}


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    """A workspace that scanned s, has a training file with t and answered for a, then for b."""
    made = Workspace(tmp_path)
    write_table(tracks(("s", "scanned"), ("both", "scanned")), made.tracks)
    write_table(tracks(("t", "trained"), ("both", "trained")), made.training)
    for name in "ab":
        write_table(tracks((name, f"answered {name}"), ("late", name)), tmp_path / f"{name}.csv")
        answered(made, tmp_path / f"{name}.csv")
    return made


def test_names_of_every_source_are_known_once(here: Workspace) -> None:
    known = names_met(here, {}).set_index("track_id")["title"]

    assert known.to_dict() == {
        "s": "scanned",
        "both": "scanned",
        "t": "trained",
        "b": "answered b",
        "late": "b",
        "a": "answered a",
    }


def test_rows_come_from_the_newest_source_and_only_those_wanted(here: Workspace) -> None:
    rows = rows_met(here, {}, {"both", "late", "nobody"})

    assert {t: row["title"] for t, row in rows.items()} == {"both": "scanned", "late": "b"}


def test_a_source_that_is_gone_or_broken_is_passed_over(
    here: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    (here.root / "a.csv").unlink()
    (here.root / "b.csv").write_text("")

    assert set(names_met(here, {})["track_id"]) == {"s", "both", "t"}
    assert "b.csv: not searched for tracks" in caplog.text


def test_the_log_knows_tracks_that_no_file_has_any_more(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    said = {"x": (Correction("x", ("Peak",)), {"track_id": "x", "title": "logged"})}

    assert names_met(here, said)["title"].tolist() == ["logged"]
    assert rows_met(here, said, {"x"})["x"]["title"] == "logged"


def test_a_workspace_that_met_nothing_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="run 'djlib scan LIBRARY' first"):
        names_met(Workspace(tmp_path), {})
