"""A predictions file a person has worked in is kept before the next one takes its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.bucketing.corrections import Correction
from djlib.settings import Settings, Workspace
from djlib.workflows.buckets.corrections import Corrections
from djlib.workflows.core.edits import keep_unread, state_of
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.core.runs import run

NOTHING_SAID: Corrections = {}


def said(track_id: str, *buckets: str) -> Corrections:
    return {track_id: (Correction(track_id, buckets), {})}


def written(folder: Path, answer: str = "", name: str = "given.csv") -> Path:
    file = folder / name
    file.write_text(f"track_id,predicted_bucket,correct_bucket\n7,Warm,{answer}\n")
    return file


def test_a_file_without_a_correction_loses_nothing(tmp_path: Path) -> None:
    assert keep_unread(Workspace(tmp_path), written(tmp_path), NOTHING_SAID) is None
    assert keep_unread(Workspace(tmp_path), tmp_path / "nowhere.csv", NOTHING_SAID) is None


def test_a_correction_nobody_read_is_kept_beside_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "Peak", "given.csv.txt")
    kept = keep_unread(Workspace(tmp_path), file, NOTHING_SAID)

    assert kept is not None
    assert kept.read_bytes() == file.read_bytes()
    assert kept.parent == tmp_path
    assert kept.name.startswith("given.kept-")
    assert kept.name.endswith(".csv.txt")


@pytest.mark.parametrize(
    ("answer", "so_far", "is_kept"),
    [
        ("Peak", said("7", "Peak"), False),
        ("Late|Peak", said("7", "Peak", "Late"), False),
        ("Peak", said("7", "Late"), True),
        ("Peak", said("8", "Peak"), True),
    ],
)
def test_only_what_the_log_does_not_know_is_worth_keeping(
    tmp_path: Path, answer: str, so_far: Corrections, is_kept: bool
) -> None:
    kept = keep_unread(Workspace(tmp_path), written(tmp_path, answer), so_far)

    assert (kept is not None) is is_kept


def test_a_file_that_is_no_prediction_is_kept(tmp_path: Path) -> None:
    for name, content in (("a.csv", b"artist\nRobyn\n"), ("b.csv", b""), ("c.parquet", b"PAR1")):
        (tmp_path / name).write_bytes(content)
        kept = keep_unread(Workspace(tmp_path), tmp_path / name, NOTHING_SAID)
        assert kept is not None
        assert kept.read_bytes() == content


def test_a_file_as_a_run_left_it_is_not_even_read(tmp_path: Path) -> None:
    here, file = Workspace(tmp_path), written(tmp_path, "Peak")
    with run(here, Settings(), "assign-buckets", NullReporter()) as noted:
        noted |= {"output": str(file), "state": state_of(file)}

    assert keep_unread(here, file, NOTHING_SAID) is None
    written(tmp_path, "Late, but not least")
    assert keep_unread(here, file, NOTHING_SAID) is not None
