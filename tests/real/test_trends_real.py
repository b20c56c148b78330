"""Trends of strangers' libraries, read in place, and a review of what is proposed for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.settings import Settings, Workspace
from djlib.workflows.buckets.review import review_predictions
from djlib.workflows.buckets.review_session import Session
from djlib.workflows.core.progress import NullReporter
from tests.cli.running import PREDICTIONS, as_json, done, refused, rows
from tests.conftest import QUICK

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_LIBRARIES = [
    "crates/library_a.csv",
    "crates/library_b.csv",
    "crates/library_c.csv",
    "crates/library_d.csv",
    "dj_software/rekordbox_5.4_windows.xml",
    "dj_software/traktor_v19.nml",
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _DATA.is_dir(), reason=f"no real data at {_DATA}"),
]


@pytest.mark.parametrize("name", _LIBRARIES)
def test_a_library_has_trends_or_says_that_it_cannot_tell(fresh: Path, name: str) -> None:
    report = as_json("trends", _DATA / name)
    assert report["dated"] == report["tracks"] == sum(report["added"])
    assert all(sum(trend["tracks"]) == trend["n"] for trend in report["buckets"])
    told = [trend for trend in report["buckets"] if trend["direction"] != "cannot tell"]
    assert len(told) < len(report["buckets"]) / 2
    if report["n_days"] < 5:
        assert told == []
    assert {field["field"] for field in report["drift"]} <= {
        "tempo", "key", "year", "genre", "new artists",
    }  # fmt: skip


def test_a_library_without_dates_is_one_line(fresh: Path) -> None:
    assert "no track says when it was added" in refused("trends", _DATA / "crates/charts24.csv")


@pytest.mark.parametrize("name", ["library_a.csv", "library_b.csv"])
def test_proposals_for_a_library_can_be_reviewed(fresh: Path, name: str) -> None:
    (fresh / "djlib.toml").write_text(QUICK)
    done("train", _DATA / "crates" / name)
    done("assign-buckets", _DATA / "crates" / name)

    def ask(session: Session) -> None:
        for number in range(60):
            if number % 3:
                session.accept()
            else:
                session.answer([session.numbered()[1][0]])

    report = review_predictions(
        Workspace(fresh), Settings(), ask=ask, write=True, talk=NullReporter()
    )
    assert (report.answered, report.corrected, report.waiting) == (60, 20, 0)
    assert sum(bool(row["correct_bucket"]) for row in rows()) == 60
    assert len(as_json("feedback", PREDICTIONS)["taken"]) == 60
