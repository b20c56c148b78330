"""`status`: where things stand, and the next command, without loading a model."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from djlib.settings import Workspace
from djlib.tables.events import append_events
from djlib.workflows.learner import ledger_of
from djlib.workflows.status import workspace_status


class Weights:
    """The smallest model there is."""

    def save(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "weights.json").write_text("{}")

    @classmethod
    def load(cls, folder: Path) -> Weights:
        return cls()


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    made.data.mkdir()
    return made


def scan(here: Workspace) -> None:
    pd.DataFrame({"track_id": ["a", "b", "c"]}).to_parquet(here.tracks)


def learn(here: Workspace, learner: str = "bucket") -> str:
    from djlib.registry import Registry

    models = Registry(here.models, learner, Weights.load)
    return models.save(Weights(), metadata={}).id


def propose(here: Workspace, *answers: str, after: float = 10.0) -> None:
    rows = "".join(f"{n},{answer}\n" for n, answer in enumerate(answers))
    here.predictions.write_text("track_id,correct_bucket\n" + rows)
    later = here.tracks.stat().st_mtime + after
    os.utime(here.predictions, (later, later))


def next_of(here: Workspace) -> str:
    return workspace_status(here).next.command


def test_a_fresh_folder_is_told_to_scan(here: Workspace) -> None:
    assert next_of(here) == "djlib scan LIBRARY"
    assert not any(learner.is_begun for learner in workspace_status(here).learners)


def test_each_step_of_the_loop_names_the_one_after_it(here: Workspace) -> None:
    scan(here)
    assert next_of(here) == "djlib train"
    learn(here)
    assert next_of(here) == "djlib assign-buckets"
    propose(here, "", "", "")
    assert next_of(here) == "djlib review data/bucket_predictions.csv"
    propose(here, "Peak", "", "")
    assert next_of(here) == "djlib feedback data/bucket_predictions.csv"
    bucket = workspace_status(here).learners[0]
    assert (bucket.rows, bucket.proposals, bucket.answered) == (3, 3, 1)


def test_answers_given_to_feedback_no_longer_wait(here: Workspace) -> None:
    scan(here)
    learn(here)
    propose(here, "Peak", "", "", after=-3600)
    append_events(here.events, "runs", [{"command": "feedback", "outcome": "done"}])
    assert next_of(here) == "djlib assign-buckets"  # scanned after the proposals were made


def test_proposals_older_than_the_scan_are_made_anew(here: Workspace) -> None:
    scan(here)
    learn(here)
    propose(here, "", after=-3600)
    assert next_of(here) == "djlib assign-buckets"


def test_answers_after_the_version_are_counted(here: Workspace) -> None:
    scan(here)
    learn(here)
    event = {"track_id": "a", "correct_bucket": "Peak", "at": "2999-01-01T00:00:00Z"}
    append_events(here.events, "corrections", [event])
    bucket = workspace_status(here).learners[0]
    assert (bucket.logged, bucket.unlearned) == (1, 1)
    assert next_of(here) == "djlib jobs run retrain"


def test_a_damaged_version_comes_first(here: Workspace) -> None:
    scan(here)
    version = learn(here)
    (ledger_of(here, "bucket").folder / "versions/bucket" / version / "manifest.json").unlink()
    assert next_of(here) == "djlib doctor"


def test_the_more_urgent_learner_is_named(here: Workspace) -> None:
    scan(here)
    learn(here)
    propose(here, "", "")
    here.batch.write_text("listing_id,keeper\n1,1\n2,\n")
    assert next_of(here) == "djlib feedback data/batch.csv"


def test_files_that_cannot_be_read_are_passed_over(here: Workspace) -> None:
    here.tracks.write_bytes(b"no table")
    here.predictions.write_bytes(b"\xff\xfe\x00")
    here.events.mkdir()
    (here.events / "corrections.jsonl").write_bytes(b"\0" * 50)
    bucket = workspace_status(here).learners[0]
    assert (bucket.rows, bucket.proposals, bucket.logged) == (None, None, 0)


def test_it_loads_nothing_heavy(here: Workspace) -> None:
    scan(here)
    learn(here)
    code = (
        "import sys; from pathlib import Path; from djlib.settings import Workspace; "
        "from djlib.workflows.status import workspace_status; "
        f"workspace_status(Workspace(Path({str(here.root)!r}))); "
        "print({'pandas', 'scipy', 'sklearn', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
