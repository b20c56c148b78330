"""Buckets, keepers and opportunities asked through the table of learners."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from djlib.errors import UsageError
from djlib.jobs.run_job import JobReport, run_job
from djlib.settings import Workspace, load_settings
from djlib.workflows.buckets.models import bucket_models
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.keepers.labels import KEEPS, Label, labels_so_far, log_labels
from djlib.workflows.keepers.models import keeper_models, learn_labels
from djlib.workflows.learner import LEARNERS, chosen
from djlib.workflows.opportunities.ratings import RATING_LOG


def retrain(here: Path, day: str, *names: str) -> JobReport:
    settings = load_settings(here, {})
    return run_job(Workspace(here), settings, "retrain", talk=NullReporter(), day=day, names=names)


def test_buckets_learn_again_only_what_is_new(learned: Path) -> None:
    models = bucket_models(Workspace(learned))
    first = models.current().id
    report = retrain(learned, "2026-01-01")
    assert report.steps[0].said == f"nothing new since version {first}"
    (learned / "djlib.toml").write_text(
        (learned / "djlib.toml").read_text().replace("trees = 8", "trees = 9")
    )
    report = retrain(learned, "2026-01-02")
    second = models.current()
    assert second.parent == first
    assert second.metadata["comparison"]["n"] > 0
    assert report.steps[0].detail["version"] == second.id
    assert models.history()[-1].reason.startswith("retrain: ")
    assert "nothing new" in retrain(learned, "2026-01-03").steps[0].said


def test_a_version_one_went_back_from_is_not_made_again(learned: Path) -> None:
    models = bucket_models(Workspace(learned))
    first = models.current().id
    (learned / "djlib.toml").write_text(
        (learned / "djlib.toml").read_text().replace("trees = 8", "trees = 9")
    )
    retrain(learned, "2026-01-01")
    models.rollback("test")
    assert "nothing new" in retrain(learned, "2026-01-02").steps[0].said
    assert models.current().id == first


def answered(n: int, seed: int) -> list[Label]:
    rng = np.random.default_rng(seed)
    likes = rng.random(n) < 0.4
    return [
        Label(
            f"{seed}-{i}",
            int(like),
            {
                "artist": f"Artist {i % 7}",
                "title": f"Record {seed} {i}",
                "label": "Deep" if like else "Loud",
                "genres": "House" if like else "Metal",
            },
        )
        for i, like in enumerate(likes)
    ]


def test_keepers_are_compared_on_answers_the_served_model_has_not_seen(fresh: Path) -> None:
    here = Workspace(fresh)
    (fresh / "djlib.toml").write_text('[keepers]\nengine = "none"\n')
    settings = load_settings(fresh, {})
    log_labels(here, answered(60, 1), "test")
    retrain(fresh, "2026-01-01", "keeper")
    first = keeper_models(here).current()
    assert "nothing new" in retrain(fresh, "2026-01-02", "keeper").steps[0].said
    log_labels(here, answered(60, 2), "test")
    report = retrain(fresh, "2026-01-03", "keeper")
    compared = report.steps[0].detail["comparisons"]["the newest answers"]
    assert compared["n"] == 60
    assert keeper_models(here).current().parent == first.id
    second = keeper_models(here).current()
    keeper_models(here).rollback("test")
    said = retrain(fresh, "2026-01-04", "keeper").steps[0].said
    assert said == f"nothing new since version {second.id}, gone back from"
    assert keeper_models(here).current().id == first.id
    unserved = learn_labels(
        here, settings, labels_so_far(here), NullReporter(), anew=True, promotion="never"
    )
    assert keeper_models(here).current().id != unserved.id


def test_a_learner_that_is_none_is_refused(fresh: Path) -> None:
    with pytest.raises(UsageError, match="known: bucket, keeper"):
        chosen(Workspace(fresh), ["buckets"])


def test_an_empty_workspace_has_nothing_to_do(fresh: Path) -> None:
    assert retrain(fresh, "2026-01-01").steps == []


def test_the_logs_named_in_the_table_are_those_that_are_written() -> None:
    assert LEARNERS["keeper"].logs() == (KEEPS,)
    assert LEARNERS["opportunity"].logs() == (RATING_LOG,)


def test_a_dj_library_is_told_from_calls_without_their_readers(tmp_path: Path) -> None:
    for name, start in (("a.nml", "<NML>"), ("b.xml", "<DJ_PLAYLISTS>"), ("c.csv", "track_id\n")):
        (tmp_path / name).write_text(start)
    script = (
        "import sys; from djlib.workflows.learner import learner_of_source as of;"
        "print(of('a.nml').name, of('b.xml').name, 'djlib.formats.calls.feeds' in sys.modules);"
        "print(of('c.csv').name, of('https://example.org/feed').name)"
    )
    end = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert end.stdout.split("\n")[:2] == ["bucket bucket False", "bucket opportunity"]
