"""What two people's libraries say of the simple models."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.bucketing.comparison.model_comparison import ComparisonOptions
from djlib.settings import Settings, Workspace
from djlib.workflows.buckets.compare import compare_on_library
from djlib.workflows.buckets.compare_page import compare_page
from djlib.workflows.core.progress import NullReporter

from ..evaluation.reading import assert_stands_alone

pytestmark = pytest.mark.slow

CRATES = Path(__file__).resolve().parents[3] / "shared" / "data" / "crates"


@pytest.mark.parametrize(("name", "several"), [("library_c", False), ("library_d", True)])
def test_genre_and_artist_beat_the_majority(name: str, several: bool, tmp_path: Path) -> None:
    source = CRATES / f"{name}.csv"
    if not source.is_file():
        pytest.skip(f"needs real libraries: {source} is not there")
    report = compare_on_library(
        Workspace(tmp_path),
        Settings(),
        ("majority", "genre", "artist"),
        source=source,
        rules=ComparisonOptions(n_folds=2),
        baselines=False,
        several=several,
        talk=NullReporter(),
    )
    assert report.is_multi is several
    new_tracks = report.rounds[0]
    assert [(d.name, d.verdict) for d in new_tracks.comparisons] == [
        ("genre", "better"),
        ("artist", "better"),
    ]
    assert report.rounds[1].result("artist").figures["log_loss"] < 3
    page = assert_stands_alone(compare_page(report))
    assert all(bucket.rsplit(" / ", 1)[-1] in page.text for bucket in report.buckets)
    assert list(tmp_path.iterdir()) == []
