"""The keepers as a `Learner`: records worth keeping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

_MAY_HOLD_LISTINGS = (
    ".json", ".csv", ".tsv", ".txt", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz",
)  # fmt: skip


class Keepers(Learner):
    """Learns which record listings a person keeps: the contextual bandit."""

    name = "keeper"
    subject = "records"
    propose_step = "djlib select-batch"
    answer_column = "keeper"
    first_step = "djlib select-batch"
    undo_log = "keeps"

    def is_there(self, workspace: Workspace) -> bool:
        """Whether anything was answered."""
        from .labels import labels_so_far

        return bool(labels_so_far(workspace).by_id)

    def models(self, workspace: Workspace) -> Registry[Any]:
        """`models/keeper_model.pkl` is the current one."""
        from .models import keeper_models

        return keeper_models(workspace)

    def challenge(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Challenge:
        """Learn all answers anew, unless the model in force is that already."""
        from .models import challenge_keepers

        return challenge_keepers(workspace, settings, talk)

    def watch(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> list[Finding]:
        """New listings against those learned from; answers against what was foreseen."""
        from .watch import watch_keepers

        return watch_keepers(workspace, settings, talk)

    def claims_source(self, source: str) -> bool:
        """A file of listings, or a folder of nothing else."""
        return _holds_listings(Path(source))

    def scan(
        self,
        workspace: Workspace,
        settings: Settings,
        sources: Sequence[str],
        request: ScanRequest,
        talk: ProgressReporter,
    ) -> Iterator[Report]:
        """Add listings to `data/listings.parquet`, or replace those there."""
        from .scan import scan_listings

        paths = [Path(source) for source in sources]
        yield scan_listings(
            workspace, settings, paths, talk=talk, anew=request.anew, dry_run=request.dry_run
        )

    def propose(
        self, workspace: Workspace, settings: Settings, source: Path | None, talk: ProgressReporter
    ) -> Report:
        """The next records worth a look, into `data/batch.csv`."""
        from .select_batch import select_listings

        return select_listings(workspace, settings, source, talk=talk)

    def claims_feedback(self, file: Path) -> bool:
        """A file about listings."""
        from .labels import is_of_listings

        return is_of_listings(file)

    def feedback(
        self,
        workspace: Workspace,
        settings: Settings,
        file: Path | None,
        request: FeedbackRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Take answers, or the last ones back."""
        from .feedback import keeper_feedback

        return keeper_feedback(
            workspace, settings, file, talk=talk, undo=request.undo, dry_run=request.dry_run
        )

    def claims_training(self, source: Path) -> bool:
        """A file of listings, which may hold answers or a collection."""
        return _holds_listings(source)

    def train(
        self,
        workspace: Workspace,
        settings: Settings,
        source: Path | None,
        request: TrainRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Learn from answers that stand in a table, or from what is owned and wanted."""
        from .warm_start import warm_start

        return warm_start(workspace, settings, source, talk=talk)

    def explains(self, workspace: Workspace, request: ExplainRequest) -> bool:
        """The id of a listing; any words where only listings are here."""
        from .explain import is_listing

        if request.row is None or request.history:
            return False
        return is_listing(workspace, request.row)

    def explain(
        self,
        workspace: Workspace,
        settings: Settings,
        request: ExplainRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Why a record was chosen, and what the model thinks of it now."""
        from .explain import explain_listing

        return explain_listing(workspace, settings, str(request.row))

    def claims_review(self, workspace: Workspace, file: Path | None) -> bool:
        """A batch; without a file that of the workspace, unless there are predictions."""
        from .labels import batch_meant

        return batch_meant(workspace, file) is not None

    def review(
        self,
        workspace: Workspace,
        settings: Settings,
        file: Path | None,
        ask: Callable[[Any], None] | None,
        write: bool,
        talk: ProgressReporter,
    ) -> Report:
        """Go through a batch; every answer is written at once."""
        from .review import review_batch

        return review_batch(workspace, file, ask=ask)

    def learn_review(
        self, workspace: Workspace, settings: Settings, report: Any, talk: ProgressReporter
    ) -> Report:
        """Learn from the answers in the batch."""
        talk.say(f"{report.answered} of {report.listings} answered in {report.file}")
        return self.feedback(workspace, settings, Path(report.file), FeedbackRequest(), talk)

    def progress(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Report | None:
        """How many of the records asked about are kept, batch by batch."""
        from .report import keeper_progress

        return keeper_progress(workspace, settings, talk=talk)

    def table(self, workspace: Workspace) -> tuple[str, Path]:
        """The scanned listings."""
        return "listings", workspace.listings

    def proposals(self, workspace: Workspace) -> Path:
        """The batch asked about last."""
        return workspace.batch

    def logs(self) -> tuple[str, ...]:
        """The log of answers."""
        return (self.undo_log,)


def _holds_listings(source: Path) -> bool:
    """As `holds_listings`, which is loaded only where the suffix says that there may be some."""
    from ...formats.locations import files_under

    first = next(files_under(source), None) if source.is_dir() else source
    if first is None or not first.name.lower().endswith(_MAY_HOLD_LISTINGS):
        return False
    from ...formats.records.listings import holds_listings

    return holds_listings(source)


KEEPERS = Keepers()
