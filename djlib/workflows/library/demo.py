"""`synth` and `demo`: invented tables, and the main job on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...errors import DjlibError, UsageError
from ...settings import SETTINGS_FILE, Settings, Workspace
from ...synthetic.tables import (
    synthetic_library_batches,
    synthetic_listings,
    synthetic_opportunities,
)
from ...tables.atomic import replace_file
from ...tables.io import TableWriter
from ..buckets.assign import AssignOptions, AssignReport, propose_buckets
from ..buckets.train import TrainReport, draw_confidence, train_buckets
from ..core.progress import ProgressReporter
from .gather import ScanOptions
from .scan import ScanReport, scan_library

Invented = Literal["tracks", "listings", "opportunities"]


def synthesise(
    table: Invented, output: Path, *, rows: int, buckets: int = 8, labelled: float = 1.0, seed: int
) -> None:
    """Write `rows` invented rows to `output`; the same seed gives the same file."""
    with TableWriter(output) as writer:
        if table == "tracks":
            for batch in synthetic_library_batches(rows, buckets, seed, labelled=labelled):
                writer.write(batch)
        elif table == "listings":
            writer.write(synthetic_listings(rows, seed))
        else:
            writer.write(synthetic_opportunities(rows, seed))


_TRACKS, _BUCKETS, _LABELLED = 600, 8, 0.75
_SETTINGS = """\
# djlib works in the nearest folder upward that holds this file. Settings, if any, stand here:
# [buckets]
# threshold = 0.6
"""


@dataclass(frozen=True)
class DemoReport:
    """What each step of the demo reported, and its chart where one could be drawn."""

    scanned: ScanReport
    trained: TrainReport
    assigned: AssignReport
    chart: str | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "scan": self.scanned,
            "train": self.trained,
            "assign_buckets": self.assigned,
            "chart": self.chart,
        }


def run_demo(workspace: Workspace, settings: Settings, *, talk: ProgressReporter) -> DemoReport:
    """Invent a library of 600 tracks in 8 buckets, three quarters of them sorted; scan it, learn
    from it, sort the rest."""
    sample = workspace.data / "sample_library.csv"
    if workspace.tracks.exists() and not sample.exists():
        raise UsageError(
            f"{workspace.root} holds a library already; give the demo a folder of its own: --folder"
        )
    if not (workspace.root / SETTINGS_FILE).exists():  # else a workspace further up would be used
        with replace_file(workspace.root / SETTINGS_FILE, "w") as file:
            file.write(_SETTINGS)
    synthesise(
        "tracks", sample, rows=_TRACKS, buckets=_BUCKETS, labelled=_LABELLED, seed=settings.seed
    )
    scanned = scan_library(workspace, settings, sample, options=ScanOptions(), talk=talk)
    trained = train_buckets(workspace, settings, talk=talk)
    chart = workspace.data / "confidence.png"
    try:
        draw_confidence(workspace, trained, chart)
        drawn = str(chart)
    except DjlibError as error:
        talk.say(f"No chart: {error}")
        drawn = None
    assigned = propose_buckets(workspace, settings, options=AssignOptions(), talk=talk)
    return DemoReport(scanned, trained, assigned, drawn)
