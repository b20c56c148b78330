"""The buckets as a `Learner`: tracks into a person's own crates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import NotFoundError, NotTrainedError, UsageError
from ..core.learner import (
    Challenge,
    ExplainRequest,
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
    from ..library.gather import ScanOptions


class Buckets(Learner):
    """Sorts tracks into buckets. Claims nothing: what no other learner claims is its own."""

    name = "bucket"
    subject = "tracks"
    propose_step = "djlib assign-buckets"
    answer_column = "correct_bucket"

    def is_there(self, workspace: Workspace) -> bool:
        """Whether anything is sorted."""
        from .train import training_source

        try:
            training_source(workspace)
        except NotFoundError:
            return False
        return True

    def models(self, workspace: Workspace) -> Registry[Any]:
        """`models/bucket_model.pkl` is the current one."""
        from .models import bucket_models

        return bucket_models(workspace)

    def challenge(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Challenge:
        """Train a challenger, unless a version has learned exactly this already."""
        from .train import challenge_buckets

        return challenge_buckets(workspace, settings, talk)

    def watch(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> list[Finding]:
        """New tracks against those learned from; corrections against predictions."""
        from .watch import watch_buckets

        return watch_buckets(workspace, settings, talk)

    def scan(
        self,
        workspace: Workspace,
        settings: Settings,
        sources: Sequence[str],
        request: ScanRequest,
        talk: ProgressReporter,
    ) -> Iterator[Report]:
        """Read a library, once or whenever it changed, into `data/tracks.parquet`."""
        from ..library.gather import ScanOptions
        from ..library.scan import scan_library

        paths = [Path(source) for source in sources]
        options = ScanOptions(
            tuple(request.include),
            tuple(request.exclude),
            request.everything,
            request.folders_as_buckets,
            request.processes,
        )
        if request.watch:
            yield from _watched(workspace, settings, paths, options, request, talk)
            return
        yield scan_library(
            workspace, settings, paths, options=options, talk=talk, dry_run=request.dry_run
        )

    def propose(
        self, workspace: Workspace, settings: Settings, source: Path | None, talk: ProgressReporter
    ) -> Report:
        """A bucket for every unsorted track, into `data/bucket_predictions.csv`."""
        from .assign import AssignOptions, propose_buckets

        return propose_buckets(workspace, settings, source, options=AssignOptions(), talk=talk)

    def feedback(
        self,
        workspace: Workspace,
        settings: Settings,
        file: Path | None,
        request: FeedbackRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Take corrections and renames. Of a track the last word counts: nothing is undone."""
        from .feedback import FeedbackOptions, bucket_feedback

        options = FeedbackOptions(
            request.allow_new,
            request.renames,
            request.pace,
            request.promotion,
            request.satisfaction,
            request.note,
            request.dry_run,
            request.all_seen,
        )
        return bucket_feedback(workspace, settings, file, options=options, talk=talk)

    def train(
        self,
        workspace: Workspace,
        settings: Settings,
        source: Path | None,
        request: TrainRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Learn from what is sorted, and measure."""
        from .train import train_buckets

        return train_buckets(
            workspace,
            settings,
            source,
            several=request.several,
            promotion=request.promotion,
            talk=talk,
        )

    def draw_training(self, workspace: Workspace, report: Any, chart: Path) -> bool:
        """Confidence against truth, cross-validated (reliability diagram)."""
        from .train import draw_confidence

        draw_confidence(workspace, report, chart)
        return True

    def explain(
        self,
        workspace: Workspace,
        settings: Settings,
        request: ExplainRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Why a track gets its bucket, its history, or the fields the model leans on."""
        from .explain import ExplainOptions, explain_model, explain_track, track_history

        if request.row is None:
            return explain_model(
                workspace, settings, version=request.version, chart=request.chart, talk=talk
            )
        if request.history:
            return track_history(workspace, request.row, request.data, talk=talk)
        options = ExplainOptions(request.data, request.version, request.top)
        return explain_track(workspace, settings, request.row, options=options, talk=talk)

    def review(
        self,
        workspace: Workspace,
        settings: Settings,
        file: Path | None,
        ask: Callable[[Any], None] | None,
        write: bool,
        talk: ProgressReporter,
    ) -> Report:
        """Go through the predictions, by default those of the workspace."""
        from .review import review_predictions

        return review_predictions(workspace, settings, file, ask=ask, write=write, talk=talk)

    def learn_review(
        self, workspace: Workspace, settings: Settings, report: Any, talk: ProgressReporter
    ) -> Report:
        """Learn from the answers; names met for the first time are new buckets."""
        talk.say(f"{report.answered} of {report.tracks} answered in {report.file}")
        request = FeedbackRequest(allow_new=bool(report.new_buckets))
        return self.feedback(workspace, settings, Path(report.file), request, talk)

    def progress(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Report | None:
        """How often each version is right and is let stand; None before the first one."""
        from .report import bucket_report

        try:
            return bucket_report(workspace)
        except NotTrainedError:
            return None

    def table(self, workspace: Workspace) -> tuple[str, Path]:
        """The scanned tracks."""
        return "library", workspace.tracks

    def proposals(self, workspace: Workspace) -> Path:
        """The predictions, to be corrected."""
        return workspace.predictions

    def logs(self) -> tuple[str, ...]:
        """The log of corrections and renames."""
        from ..core.event_log import CORRECTIONS

        return (CORRECTIONS,)


def _watched(
    workspace: Workspace,
    settings: Settings,
    paths: list[Path],
    options: ScanOptions,
    request: ScanRequest,
    talk: ProgressReporter,
) -> Iterator[Report]:
    """A report of every scan until a signal ends it."""
    from ..library.watch import stopped_by_signals, watch

    if request.dry_run:
        raise UsageError("--watch scans and writes; it cannot be a --dry-run")
    with stopped_by_signals() as stop:
        for report in watch(workspace, settings, paths, options=options, talk=talk, stop=stop):
            yield report
            talk.say("Watching; Ctrl-C ends it.")


BUCKETS = Buckets()
