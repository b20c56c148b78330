"""What buckets and keepers are watched for, from what people really answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from djlib.jobs.run_job import run_job
from djlib.monitoring.finding import Finding
from djlib.settings import Workspace, load_settings
from djlib.tables.events import append_events
from djlib.workflows.buckets.acceptance import log_left
from djlib.workflows.buckets.audit import confidences_of
from djlib.workflows.buckets.models import bucket_models
from djlib.workflows.buckets.train import train_buckets
from djlib.workflows.buckets.watch import watch_buckets
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.keepers.labels import Label, labels_so_far, log_labels
from djlib.workflows.keepers.models import keeper_models, learn_labels
from djlib.workflows.keepers.selections import SELECTIONS
from djlib.workflows.keepers.watch import watch_keepers
from tests.workflows.feeding import propose


def by_what(found: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in found}


def test_buckets_that_people_stop_accepting_are_gone_back_from(learned: Path) -> None:
    here, settings = Workspace(learned), load_settings(learned, {})
    models = bucket_models(here)
    first = models.current().id
    log_left(here, propose(here), "test")
    second = train_buckets(here, settings, talk=NullReporter(), promotion="always").version
    said = propose(here)
    log = [
        {
            "track_id": row["track_id"],
            "correct_buckets": ["Somewhere else"],
            "predicted_bucket": row["predicted_bucket"],
            "model_version": second,
            "source": "test",
            "track": {},
        }
        for row in said.to_dict("records")
    ]
    append_events(here.events, "corrections", log)
    found = by_what(watch_buckets(here, settings, NullReporter()))
    stood = found["proposals let stand"]
    assert (stood.verdict, stood.worse, stood.n_since) == ("moved", True, len(said))
    honesty = found["confidence against answers"]
    assert honesty.n_since == len(said)
    assert honesty.verdict == "moved"
    assert {"tempo", "key", "genre", "confidence"} <= set(found)
    assert "year" not in found
    for day in ("2026-01-01", "2026-01-02"):
        run_job(here, settings, "monitor", talk=NullReporter(), day=day)
    assert models.current().id == first


def test_confidences_are_those_of_the_trail(learned: Path) -> None:
    here = Workspace(learned)
    said = propose(here)
    version = bucket_models(here).current().id
    found = confidences_of(here, [version])
    assert len(found) == len(said)
    for row in said.to_dict("records"):
        assert found[version, row["track_id"]] == pytest.approx(row["confidence"], abs=1e-3)
    assert confidences_of(here, ["another"]) == {}


def listing(number: int, price: float) -> dict[str, Any]:
    return {
        "artist": f"Artist {number % 9}",
        "title": f"Record {number}",
        "genres": "House",
        "year": 1990 + number % 20,
        "price": price,
    }


def show(here: Workspace, version: str, numbers: range, kept: int, price: float) -> None:
    """A batch that a version chose, and what a person kept of it."""
    rng = np.random.default_rng(numbers.start)
    listings = {f"L{n}": listing(n, price + rng.normal()) for n in numbers}
    slots = [
        {"listing_id": i, "selection_strategy": "exploit", "mean": 0.7, "listing": about}
        for i, about in listings.items()
    ]
    batch = f"b{numbers.start}"
    event = {"batch_id": batch, "batch_number": 1, "model_version": version, "slots": slots}
    append_events(here.events, SELECTIONS, [event])
    answers = [
        Label(i, int(n < kept), about, batch, "exploit")
        for n, (i, about) in enumerate(listings.items())
    ]
    log_labels(here, answers, "test")


def test_keepers_that_are_kept_less_are_found_and_so_are_dearer_listings(fresh: Path) -> None:
    here = Workspace(fresh)
    (fresh / "djlib.toml").write_text('[keepers]\nengine = "none"\n')
    settings = load_settings(fresh, {})
    assert watch_keepers(here, settings, NullReporter()) == []
    show(here, "", range(40), 20, 10)
    first = learn_labels(here, settings, labels_so_far(here), NullReporter()).id
    show(here, first, range(100, 200), 70, 10)
    second = learn_labels(here, settings, labels_so_far(here), NullReporter()).id
    show(here, second, range(300, 370), 20, 30)
    assert keeper_models(here).current().id == second
    found = by_what(watch_keepers(here, settings, NullReporter()))
    kept = found["listings kept"]
    assert (kept.n_before, kept.n_since, kept.verdict, kept.worse) == (100, 70, "moved", True)
    honesty = found["confidence against answers"]
    assert (honesty.verdict, honesty.worse) == ("moved", True)
    assert found["price"].verdict == "moved"
    assert found["year"].verdict != "moved"
    assert found["taste space"].n_since == 70
    assert found["keep probability"].verdict == "still"
