"""Odd placements of a workspace: corrections count, answers go back in, nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.bucketing.corrections import Correction
from djlib.errors import UsageError
from djlib.settings import Workspace, load_settings
from djlib.tables.io import read_table, write_table
from djlib.workflows.buckets.check_labels import COLUMNS, LabelReport, check_labels
from djlib.workflows.buckets.corrections import corrections_so_far, log_corrections
from djlib.workflows.buckets.feedback import bucket_feedback
from djlib.workflows.core.progress import NullReporter
from tests.bucketing.test_label_quality import clear_library
from tests.cli.running import files
from tests.workflows.listening import Listener

ODD = 2
"""The row that the library below has in the wrong bucket."""


@pytest.fixture
def library(learned: Path) -> Workspace:
    """A workspace whose scanned library has one track in the wrong bucket, and 30 unsorted."""
    here = Workspace(learned)
    tracks = clear_library()
    tracks.loc[ODD, ["bucket", "buckets"]] = "Early"
    tracks.loc[210:, ["bucket", "buckets"]] = ""
    write_table(tracks, here.tracks)
    return here


def checked(here: Workspace, output: Path | None = None) -> LabelReport:
    return check_labels(here, load_settings(here.root, {}), output=output, talk=NullReporter())


def test_odd_placements_are_reported_and_nothing_is_written(library: Workspace) -> None:
    before, listener = files(), Listener()
    report = check_labels(library, load_settings(library.root, {}), talk=listener)

    assert [(row["track_id"], row["bucket"]) for row in report.odd] == [(str(ODD), "Early")]
    assert report.odd[0]["suggested_bucket"] == "Late"
    assert report.odd[0]["your_correction"] is False
    assert (report.tracks, report.buckets) == (210, 3)
    assert report.corrections == []
    assert listener.steps[-1] == ("Checking your placements", 2, 2)
    assert files() == before


def test_answers_written_into_the_file_are_corrections(library: Workspace) -> None:
    output = Path("odd.csv")
    assert checked(library, output).written == "odd.csv"
    answers = read_table(output)
    assert list(answers.columns) == list(COLUMNS)
    assert answers["correct_bucket"].tolist() == [""]

    settings = load_settings(library.root, {})
    train_again(library)
    write_table(answers.assign(correct_bucket=answers["suggested_bucket"]), output)
    taken = bucket_feedback(library, settings, output, talk=NullReporter()).taken
    assert [(c.track_id, c.buckets) for c in taken] == [(str(ODD), ("Late",))]
    again = checked(library)
    assert again.odd == []
    assert [(row["bucket"], row["odd"]) for row in again.corrections] == [("Late", False)]


def train_again(here: Workspace) -> None:
    """Learn the buckets of the library that is there now."""
    from djlib.workflows.buckets.train import train_buckets

    train_buckets(here, load_settings(here.root, {}), promotion="always", talk=NullReporter())


def test_a_correction_that_looks_odd_is_marked(library: Workspace) -> None:
    tracks = read_table(library.tracks)
    said = {ODD: "Late", 3: "Late", 4: "Peak"}  # a soul track in Late is the slip now
    rows = tracks.to_dict("records")
    log_corrections(
        library,
        [Correction(str(row), (bucket,)) for row, bucket in said.items()],
        {str(row): rows[row] for row in said},
        "f",
    )
    report = checked(library)

    assert [(row["track_id"], row["your_correction"]) for row in report.odd] == [("3", True)]
    assert [row["odd"] for row in report.corrections] == [True, False, False]
    assert report.corrections[0]["track_id"] == "3"
    assert len(corrections_so_far(library)) == 3


def test_answers_that_were_not_fed_back_are_copied_aside(library: Workspace) -> None:
    output, listener = Path("odd.csv"), Listener()
    checked(library, output)
    checked(library, output)
    assert not list(Path().glob("odd.kept-*"))

    write_table(read_table(output).assign(correct_bucket="Late"), output)
    check_labels(library, load_settings(library.root, {}), output=output, talk=listener)
    kept = list(Path().glob("odd.kept-*.csv"))
    assert len(kept) == 1
    assert read_table(kept[0])["correct_bucket"].tolist() == ["Late"]
    assert str(kept[0]) in listener.lines[0]
    assert read_table(output)["correct_bucket"].tolist() == [""]


def test_no_file_of_another_kind_is_written_over(library: Workspace) -> None:
    with pytest.raises(UsageError, match=r"name a \.csv file"):
        checked(library, Path("odd.xlsx"))
    with pytest.raises(UsageError, match="is the file the tracks are in"):
        checked(library, library.tracks)
