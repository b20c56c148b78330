"""`report`: is it getting better? Every learner, as far as each is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import NotTrainedError
from ..reporting.progress_chart import Batch, progress_chart
from ..settings import Settings, Workspace
from .buckets.acceptance import TARGET
from .buckets.report import ProgressReport, points_of
from .core.learner import Report
from .core.progress import ProgressReporter
from .keepers.report import KeeperProgress
from .learner import LEARNERS

_NOTHING = ProgressReport([], {}, None, None, [], [])


@dataclass(frozen=True)
class Progress:
    """How the learners in use went, by their names."""

    reports: Mapping[str, Report]

    @property
    def buckets(self) -> ProgressReport | None:
        """How the buckets went; None where they are not used here."""
        report = self.reports.get("bucket")
        return report if isinstance(report, ProgressReport) else None

    @property
    def keepers(self) -> KeeperProgress | None:
        """How the keepers went; None where they are not used here."""
        report = self.reports.get("keeper")
        return report if isinstance(report, KeeperProgress) else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`: the buckets at the top, the others by name, as `keepers`."""
        others = {f"{name}s": report for name, report in self.reports.items() if name != "bucket"}
        return {**(self.buckets or _NOTHING).as_dict(), "keepers": None, **others}


def progress_report(
    workspace: Workspace, settings: Settings, *, talk: ProgressReporter
) -> Progress:
    """Gather what is known of every learner. Raises `NotTrainedError` where none is there."""
    reports = {
        name: report
        for name, learner in LEARNERS.items()
        if (report := learner.progress(workspace, settings, talk)) is not None
    }
    if not reports:
        raise NotTrainedError(
            "nothing to report yet: 'djlib train' learns your buckets, 'djlib select-batch' "
            "asks about records"
        )
    return Progress(reports)


def draw_progress(progress: Progress, path: Path) -> None:
    """Draw versions of buckets and batches of records as a chart; PNG, SVG or HTML by suffix."""
    batches = [
        Batch(
            str(line.number + 1),
            line.exploit if line.exploit.n else None,
            line.by_chance if line.by_chance.n else None,
            line.said,
            line.kept.share,
        )
        for line in (progress.keepers.batches if progress.keepers else ())
        if line.answered
    ]
    points = points_of(progress.buckets) if progress.buckets else []
    progress_chart(points, path, target=TARGET, batches=batches)
