"""The opportunities as a `Learner`: open calls that a person would want to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.learner import (
    Challenge,
    FeedbackRequest,
    Learner,
    Report,
    ScanRequest,
    TrainRequest,
)

if TYPE_CHECKING:
    from ...monitoring.finding import Finding
    from ...registry import Registry
    from ...settings import Settings, Workspace
    from ..core.progress import ProgressReporter

_FEEDS = (".xml", ".rss", ".atom", ".rdf")
_RECORDS = (
    ".json", ".jsonl", ".ndjson",
    ".csv", ".tsv", ".txt", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz",
)  # fmt: skip
_ROOTS = (b"rss", b"feed", b"rdf")
_HEAD = 8192
"""Bytes of an XML file within which a feed names its root."""


class Opportunities(Learner):
    """Learns how people rate open calls: the ranker."""

    name = "opportunity"
    subject = "calls"
    propose_step = "djlib recommend"
    answer_column = "rating"
    first_step = "djlib recommend"
    undo_log = "ratings"

    def is_there(self, workspace: Workspace) -> bool:
        """Whether anything was rated."""
        from .ratings import ratings_so_far

        return bool(ratings_so_far(workspace).by_key)

    def models(self, workspace: Workspace) -> Registry[Any]:
        """`models/opportunity_model.pkl` is the current one."""
        from .models import opportunity_models

        return opportunity_models(workspace)

    def challenge(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Challenge:
        """Learn all ratings anew, unless the model in force is that already."""
        from .retuning import challenge_opportunities

        return challenge_opportunities(workspace, settings, talk)

    def watch(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> list[Finding]:
        """New calls against those before; clicks and ratings against what was foreseen."""
        from .watch import watch_opportunities

        return watch_opportunities(workspace, settings, talk)

    def claims_source(self, source: str) -> bool:
        """A web address, a file of calls, or a folder of nothing else."""
        if "://" not in source and not _may_hold_calls(Path(source)):
            return False
        from .scan import inputs_of_calls

        return bool(inputs_of_calls(source))

    def has_own_sources(self, request: ScanRequest) -> bool:
        """The feeds in the settings."""
        return request.feeds

    def scan(
        self,
        workspace: Workspace,
        settings: Settings,
        sources: Sequence[str],
        request: ScanRequest,
        talk: ProgressReporter,
    ) -> Iterator[Report]:
        """Add calls to `data/opportunities.parquet`, those of broken sources aside."""
        from .scan import scan_opportunities

        yield scan_opportunities(
            workspace, settings, sources, talk=talk, trust=request.trust, dry_run=request.dry_run
        )

    def propose(
        self, workspace: Workspace, settings: Settings, source: Path | None, talk: ProgressReporter
    ) -> Report:
        """The open calls worth a look, into `data/recommendations.csv`."""
        from .recommend import recommend_calls

        return recommend_calls(workspace, settings, "me", talk=talk)

    def claims_feedback(self, file: Path) -> bool:
        """A file of ratings."""
        from .ratings import is_of_ratings

        return is_of_ratings(file)

    def feedback(
        self,
        workspace: Workspace,
        settings: Settings,
        file: Path | None,
        request: FeedbackRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Take ratings, or the last ones back."""
        from .feedback import opportunity_feedback

        return opportunity_feedback(
            workspace, settings, file, talk=talk, undo=request.undo, dry_run=request.dry_run
        )

    def train(
        self,
        workspace: Workspace,
        settings: Settings,
        source: Path | None,
        request: TrainRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Learn all ratings anew."""
        from .feedback import train_opportunities

        return train_opportunities(workspace, settings, talk=talk)

    def table(self, workspace: Workspace) -> tuple[str, Path]:
        """The scanned calls."""
        return "calls", workspace.opportunities

    def proposals(self, workspace: Workspace) -> Path:
        """The calls recommended last."""
        return workspace.recommendations

    def logs(self) -> tuple[str, ...]:
        """The log of ratings."""
        return (self.undo_log,)


def _may_hold_calls(source: Path) -> bool:
    """Whether it is worth a look inside, for which the readers of calls are loaded: a library of
    tracks is told from a feed by its first bytes."""
    from ...formats.locations import files_under

    files = files_under(source) if source.is_dir() else iter([source])
    known = (file for file in files if file.name.lower().endswith((*_FEEDS, *_RECORDS)))
    first = next(known, None)
    return first is not None and _may_be_calls(first) and all(map(_may_be_calls, known))


def _may_be_calls(file: Path) -> bool:
    if not file.name.lower().endswith(_FEEDS):
        return True
    try:
        with file.open("rb") as content:
            start = content.read(_HEAD).lower()
    except OSError:
        return False
    return any(root in start for root in _ROOTS)


OPPORTUNITIES = Opportunities()
