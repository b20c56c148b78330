"""The tracks of any source, with buckets as they are called now: what training and reports read.

Most often the source is djlib's own table, which is read as the table it is; the readers of DJ
libraries are loaded for a library only.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ...bucketing.corrections import with_current_names
from ...settings import Workspace
from ...tables.io import is_table, read_library_table
from ...tables.problems import Problem
from ..buckets.corrections import renames_so_far
from ..core.progress import ProgressReporter

if TYPE_CHECKING:
    from ...formats.playlists import Choice


def read_tracks(
    workspace: Workspace, source: Path, talk: ProgressReporter, *, remember: bool = True
) -> tuple[pd.DataFrame, Choice | None, list[Problem]]:
    """Read the tracks of a table, a DJ library or a folder.

    Gives the tracks, what became of the playlists (None for a table) and the problems met.
    `remember` lets the next scan rely on the tags read now.
    """
    choice: Choice | None = None
    if is_table(source):
        problems: list[Problem] = []
        with talk.step(f"Reading {source.name}"):
            tracks = read_library_table(source, problems)
    else:
        from .gather import ScanOptions, gather_tracks

        options = ScanOptions(remember=remember)
        tracks, choice, problems, _ = gather_tracks(workspace, [source], options, talk)
    return with_current_names(tracks, renames_so_far(workspace)), choice, problems
