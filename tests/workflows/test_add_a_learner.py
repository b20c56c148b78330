"""A learner of sixty lines, added as docs/how-to/add-a-learner.md says: one entry in the table, and
every command and job reaches it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from djlib.errors import UsageError
from djlib.jobs.run_job import run_job
from djlib.monitoring.finding import Finding
from djlib.registry import Registry
from djlib.settings import Settings, Workspace, load_settings
from djlib.tables.events import append_events, read_events
from djlib.workflows.core.learner import (
    Challenge,
    ExplainRequest,
    FeedbackRequest,
    Learner,
    Report,
    ScanRequest,
    TrainRequest,
    served_and_before,
)
from djlib.workflows.core.progress import NullReporter, ProgressReporter
from djlib.workflows.learner import LEARNERS, learner_of_source, split_sources
from tests.cli.running import as_json, done

VENUES, LIKES = "venues", "venue_likes"


@dataclass(frozen=True)
class VenueReport:
    """How many venues a step was about, and the version it made."""

    what: str
    venues: int
    version: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class VenueModel:
    """The towns in which somebody liked a venue."""

    def __init__(self, towns: Sequence[str]) -> None:
        self.towns = list(towns)

    def save(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "towns.json").write_text(json.dumps(self.towns))

    @classmethod
    def load(cls, folder: Path) -> VenueModel:
        return cls(json.loads((folder / "towns.json").read_text()))


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


class Venues(Learner):
    """Learns which venues a person likes."""

    name = "venue"
    subject = "venues"
    first_step = "djlib feedback VENUES.csv"

    def is_there(self, workspace: Workspace) -> bool:
        return bool(read_events(workspace.events, LIKES))

    def models(self, workspace: Workspace) -> Registry[VenueModel]:
        return Registry(workspace.models, self.name, VenueModel.load)

    def challenge(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Challenge:
        likes = read_events(workspace.events, LIKES)
        served = served_and_before(self.models(workspace))[0]
        model = VenueModel(sorted({like["town"] for like in likes if like["liked"] == "1"}))
        version = self.models(workspace).save(
            model, metadata={"likes": len(likes)}, parent=served, promote=served is None
        )
        return Challenge(version.id, served)

    def watch(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> list[Finding]:
        return []

    def claims_source(self, source: str) -> bool:
        return source.endswith(".venues")

    def scan(
        self,
        workspace: Workspace,
        settings: Settings,
        sources: Sequence[str],
        request: ScanRequest,
        talk: ProgressReporter,
    ) -> Iterator[Report]:
        rows = [row for source in sources for row in rows_of(Path(source))]
        append_events(workspace.events, VENUES, rows)
        yield VenueReport("scanned", len(rows))

    def claims_feedback(self, file: Path) -> bool:
        return "liked" in file.read_text(encoding="utf-8").partition("\n")[0].split(",")

    def feedback(
        self,
        workspace: Workspace,
        settings: Settings,
        file: Path | None,
        request: FeedbackRequest,
        talk: ProgressReporter,
    ) -> Report:
        rows = rows_of(file) if file else []
        append_events(workspace.events, LIKES, rows)
        version = self.challenge(workspace, settings, talk).version
        return VenueReport("learned", len(rows), version)

    def explains(self, workspace: Workspace, request: ExplainRequest) -> bool:
        return any(v["venue"] == request.row for v in read_events(workspace.events, VENUES))

    def explain(
        self,
        workspace: Workspace,
        settings: Settings,
        request: ExplainRequest,
        talk: ProgressReporter,
    ) -> Report:
        towns = self.models(workspace).load().towns
        return VenueReport(f"{request.row}: you like {', '.join(towns)}", 1)

    def progress(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Report | None:
        return VenueReport("liked", len(read_events(workspace.events, LIKES)))

    def logs(self) -> tuple[str, ...]:
        return (LIKES,)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with venues scanned and two of them answered for, by commands."""
    monkeypatch.setitem(LEARNERS, "venue", Venues())
    monkeypatch.chdir(tmp_path)
    Path("clubs.venues").write_text(
        "venue,town\nTresor,Berlin\nFabric,London\nGolden Pudel,Hamburg\n"
    )
    Path("answers.csv").write_text("venue,town,liked\nTresor,Berlin,1\nFabric,London,0\n")
    assert as_json("scan", "clubs.venues") == {"what": "scanned", "venues": 3, "version": ""}
    assert as_json("feedback", "answers.csv")["venues"] == 2
    return tmp_path


def test_a_source_goes_to_the_learner_that_claims_it(here: Path) -> None:
    assert learner_of_source("clubs.venues").name == "venue"
    both = split_sources(["clubs.venues", "library.nml", "https://example.org/feed"])
    assert {name: len(sources) for name, sources in both.items()} == {
        "venue": 1,
        "opportunity": 1,
        "bucket": 1,
    }


def test_its_versions_are_listed_and_shown(here: Path) -> None:
    (version,) = as_json("models", "list")
    assert version["likes"] == 2
    assert version["id"] in done("models", "list").stdout
    assert version["id"] in done("models", "show", version["id"]).stdout


def test_it_explains_what_is_its_own(here: Path) -> None:
    assert as_json("explain", "Tresor")["what"] == "Tresor: you like Berlin"
    assert "you like Berlin" in done("explain", "Tresor").stdout  # as names and values


def test_the_report_and_the_doctor_count_it(here: Path) -> None:
    assert as_json("report")["venues"]["venues"] == 2
    looked_at = {finding["what"]: finding["note"] for finding in as_json("doctor")}
    assert looked_at["log of venue_likes"] == "2 events"
    assert "current venue model" in looked_at


def test_the_nightly_job_trains_it_again(here: Path) -> None:
    settings = load_settings(here, {})
    report = run_job(Workspace(here), settings, "retrain", talk=NullReporter(), day="2026-01-01")
    assert [(step.learner, step.outcome) for step in report.steps] == [("venue", "done")]
    assert len(as_json("models", "list")) == 2


def test_what_it_cannot_do_is_refused(here: Path) -> None:
    request = TrainRequest()
    with pytest.raises(UsageError, match="venues cannot be trained by hand here"):
        Venues().train(Workspace(here), Settings(), None, request, NullReporter())
