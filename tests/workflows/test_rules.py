"""Which crates are described, from what, and which tracks stand behind the figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.bucketing.corrections import Correction
from djlib.errors import NotFoundError, UsageError
from djlib.settings import Settings, Workspace, load_settings
from djlib.tables.io import read_table, write_table
from djlib.workflows.buckets.corrections import log_corrections
from djlib.workflows.buckets.rules import crate_rules, named
from djlib.workflows.core.progress import NullReporter
from tests.cli.running import files
from tests.workflows.listening import Listener


def quick(folder: Path) -> tuple[Workspace, Settings]:
    return Workspace(folder), load_settings(folder, {})


def test_every_bucket_is_described_the_largest_first(learned: Path) -> None:
    here, settings = quick(learned)
    listener, before = Listener(), files()
    report = crate_rules(here, settings, talk=listener)

    sizes = [found.fit.size for found in report.rules]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 4
    assert report.tracks + report.unsorted == 180
    assert report.listed is None
    assert listener.steps[-1] == ("Looking for rules", 4, 4)
    assert files() == before


def test_the_tracks_behind_the_figures_are_those_counted(learned: Path) -> None:
    here, settings = quick(learned)
    name = crate_rules(here, settings, talk=NullReporter()).rules[0].bucket
    report = crate_rules(here, settings, name.upper(), talk=NullReporter())
    found, listed = report.rules[0], report.listed
    tracks = read_table(here.tracks)

    assert listed is not None
    assert len(listed.extra) == found.fit.extra
    assert len(listed.missed) == found.fit.missed
    assert all(row["bucket"] != name for row in listed.extra)
    assert all(row["bucket"] == name for row in listed.missed)
    fitting = set(tracks["track_id"][found.rule.applies_to(tracks)])
    unsorted = set(tracks["track_id"][tracks["bucket"] == ""])
    assert {row["track_id"] for row in listed.unsorted} == fitting & unsorted


def test_corrections_count_as_placements(learned: Path) -> None:
    here, settings = quick(learned)
    tracks = read_table(here.tracks)
    chosen = tracks[tracks["bucket"] == ""].iloc[:12].to_dict("records")
    said = [Correction(row["track_id"], ("Quite new",)) for row in chosen]
    log_corrections(here, said, {row["track_id"]: row for row in chosen}, "f")
    report = crate_rules(here, settings, "quite new", talk=NullReporter())

    assert report.rules[0].fit.size == 12


def test_a_track_in_several_buckets_counts_for_each(learned: Path) -> None:
    here, settings = quick(learned)
    table = read_table(here.tracks)
    both = table["buckets"].where(table["bucket"] == "", table["bucket"] + "|Second")
    write_table(table.assign(buckets=both), here.tracks)
    with pytest.raises(ValueError, match="every track is in the crate"):
        crate_rules(here, settings, "Second", talk=NullReporter())


def test_a_misspelled_bucket_is_answered_with_the_nearest() -> None:
    names = ["Open / Peak time", "Open / Warm up", "warm UP", "Warm up"]
    assert named("Warm up", names) == "Warm up"
    assert named("WARM UP", names[:3]) == "warm UP"
    with pytest.raises(NotFoundError, match="did you mean 'warm UP'"):
        named("WARM up", names)
    with pytest.raises(NotFoundError, match="did you mean 'Open / Peak time'"):
        named("peek time", names)
    with pytest.raises(NotFoundError, match="no bucket 'xyz'; 'djlib rules' lists them all"):
        named("xyz", names)


def test_what_cannot_be_said_is_said_before_the_work(learned: Path) -> None:
    here, settings = quick(learned)
    listener = Listener()
    with pytest.raises(UsageError, match="no rule speaks of 'mood'"):
        crate_rules(here, settings, without=["mood"], talk=listener)
    assert "Looking for rules" not in [name for name, *_ in listener.steps]
