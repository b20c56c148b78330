"""`check`: what is wrong with a table or a library, before anybody learns from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...features.music import parse_key
from ...settings import Workspace
from ...tables.io import is_table, read_table
from ...tables.problems import Problem
from ...tables.quality import QualityReport, quality_report
from ...tables.schema import TRACKS, recognise
from ..buckets.train import training_source
from ..core.progress import ProgressReporter
from .tracks import read_tracks


@dataclass(frozen=True)
class CheckReport:
    """The quality of a table, the problems met reading it, and playlists that are no buckets."""

    source: str
    table: str
    quality: QualityReport
    left_out: dict[str, str]
    problems: list[Problem]


def check_table(workspace: Workspace, source: Path | None, talk: ProgressReporter) -> CheckReport:
    """Look at a table of any kind, a DJ library or a folder, by default at what was scanned;
    nothing is written."""
    source = source or training_source(workspace)
    problems: list[Problem] = []
    left_out: dict[str, str] = {}
    schema = TRACKS
    if is_table(source):
        with talk.step(f"Reading {source.name}"):
            table = read_table(source, problems=problems, duplicates="keep")
        schema = recognise(table.columns) or TRACKS
    else:
        table, choice, problems = read_tracks(workspace, source, talk, remember=False)
        left_out = dict(choice.left_out) if choice else {}
    readable = {"key": lambda text: parse_key(text) is not None}
    quality = quality_report(table, schema, readable=readable)
    return CheckReport(str(source), schema.name, quality, left_out, problems)
