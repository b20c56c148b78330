"""`report`: is it getting better? Both learners, as far as each is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import NotTrainedError
from ..reporting.progress_chart import Batch, progress_chart
from ..settings import Settings, Workspace
from .buckets.acceptance import TARGET
from .buckets.report import ProgressReport, bucket_report, points_of
from .core.progress import ProgressReporter
from .keepers.report import KeeperProgress, keeper_progress

_NOTHING = ProgressReport([], {}, None, None, [], [])


@dataclass(frozen=True)
class Progress:
    """How the buckets and the keepers went; None for what is not used here."""

    buckets: ProgressReport | None
    keepers: KeeperProgress | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`: the buckets at the top, the keepers as `keepers`."""
        buckets = self.buckets or _NOTHING
        return {**buckets.as_dict(), "keepers": self.keepers}


def progress_report(
    workspace: Workspace, settings: Settings, *, talk: ProgressReporter
) -> Progress:
    """Gather what is known of both learners. Raises `NotTrainedError` where neither is there."""
    keepers = keeper_progress(workspace, settings, talk=talk)
    try:
        buckets = bucket_report(workspace)
    except NotTrainedError as error:
        if keepers is None:
            raise NotTrainedError(
                "nothing to report yet: 'djlib train' learns your buckets, 'djlib select-batch' "
                "asks about records"
            ) from error
        buckets = None
    return Progress(buckets, keepers)


def draw_progress(found: Progress, path: Path) -> None:
    """Draw versions and batches as a chart; PNG, SVG or HTML by suffix."""
    batches = [
        Batch(
            str(line.number + 1),
            line.exploit if line.exploit.n else None,
            line.by_chance if line.by_chance.n else None,
            line.said,
            line.kept.share,
        )
        for line in (found.keepers.batches if found.keepers else ())
        if line.answered
    ]
    points = points_of(found.buckets) if found.buckets else []
    progress_chart(points, path, target=TARGET, batches=batches)
