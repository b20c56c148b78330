"""`demo`: the main job on an invented library, from empty folder to a file to correct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import DjlibError, UsageError
from ..settings import SETTINGS_FILE, Settings, Workspace
from ..tables.atomic import replace_file
from .assign import assign_buckets
from .assign_report import AssignOptions, AssignReport
from .scan import ScanOptions, ScanReport, scan
from .synth import synthesise
from .talk import Talk
from .train import draw_confidence, train
from .train_report import TrainReport

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
            "scan": self.scanned.as_dict(),
            "train": self.trained.as_dict(),
            "assign_buckets": self.assigned.as_dict(),
            "chart": self.chart,
        }


def demo(workspace: Workspace, settings: Settings, *, talk: Talk) -> DemoReport:
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
    scanned = scan(workspace, settings, sample, options=ScanOptions(), talk=talk)
    trained = train(workspace, settings, talk=talk)
    chart = workspace.data / "confidence.png"
    try:
        draw_confidence(workspace, trained, chart)
        drawn = str(chart)
    except DjlibError as error:
        talk.say(f"No chart: {error}")
        drawn = None
    assigned = assign_buckets(workspace, settings, options=AssignOptions(), talk=talk)
    return DemoReport(scanned, trained, assigned, drawn)
