"""Versions over time: what each was measured at, what people did with it, what they said."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import NotTrainedError
from djlib.settings import Workspace
from djlib.workflows.buckets.acceptance import log_left
from djlib.workflows.buckets.models import bucket_models, changes_of
from djlib.workflows.buckets.renames import take_renames
from djlib.workflows.buckets.report import bucket_report
from tests.workflows.feeding import corrected, feed, second_choice


@pytest.fixture
def here(proposed: Workspace) -> Workspace:
    """A workspace where a first version was corrected, with an opinion on it."""
    said = corrected(proposed, second_choice(0, 1, 2))
    feed(proposed, said, satisfaction=2, note="too much Peak", all_seen=True)
    return proposed


def test_each_version_has_its_line_oldest_first(here: Workspace) -> None:
    found = bucket_report(here)
    first, second = found.versions

    assert [v.id for v in found.versions] == sorted(v.id for v in bucket_models(here).versions())
    assert (first.update, second.update, second.is_current) == ("full", "fast", True)
    assert second.corrections == 3
    assert first.verdict is None
    assert second.verdict in ("better", "worse", "cannot tell")
    assert first.audit is not None
    assert second.audit is not None
    comparison = bucket_models(here).current().metadata["comparison"]
    assert second.audit.share == pytest.approx(comparison["after"])
    assert first.audit.share == pytest.approx(comparison["before"])


def test_what_people_did_counts_for_the_version_that_answered(here: Workspace) -> None:
    first, second = bucket_report(here).versions

    assert first.looked.corrected == 3
    assert first.accepted.n == first.looked.shown > 3
    assert second.looked.shown == 0
    assert (first.satisfaction, first.opinions, second.satisfaction) == (2.0, 1, None)
    feed(here, satisfaction=5)
    assert bucket_report(here).versions[1].satisfaction == 5.0
    assert [o.note for o in bucket_report(here).opinions] == ["too much Peak", ""]


def test_buckets_add_up_to_the_whole(here: Workspace) -> None:
    found = bucket_report(here)
    assert sum(a.shown for a in found.buckets.values()) == found.versions[0].looked.shown
    assert sum(a.corrected for a in found.buckets.values()) == 3


def test_buckets_are_named_as_they_are_now(here: Workspace) -> None:
    old = next(iter(bucket_report(here).buckets))
    take_renames(here, [f"{old}=Sunrise"])
    assert "Sunrise" in bucket_report(here).buckets
    assert old not in bucket_report(here).buckets


def test_changes_of_the_last_version_are_those_kept_with_it(here: Workspace) -> None:
    found = bucket_report(here)
    assert found.last_compared == found.versions[-1].id
    assert found.changes == changes_of(here, found.versions[-1].id)
    assert found.changes is not None
    assert sum(b["tracks"] for b in found.changes["buckets"]) == found.versions[-1].audit.n  # type: ignore[union-attr]
    assert changes_of(here, found.versions[0].id) is None


def test_a_version_that_was_removed_is_told_of_by_what_people_did(here: Workspace) -> None:
    import pandas as pd

    gone = "20200101T000000Z-00000000"
    row = {"track_id": "t000001", "predicted_bucket": "Peak time", "model_version": gone}
    log_left(here, pd.DataFrame([row]), "f")
    first = bucket_report(here).versions[0]

    assert (first.id, first.removed, first.audit) == (gone, True, None)
    assert first.accepted.share == 1.0


def test_before_any_model_it_says_what_to_do(fresh: Path) -> None:
    with pytest.raises(NotTrainedError, match="djlib train"):
        bucket_report(Workspace(fresh))
