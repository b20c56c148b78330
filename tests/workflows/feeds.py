"""Feeds as files, and scans of them one after the other."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from djlib.settings import Workspace, load_settings
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.opportunities.scan import CallsReport, scan_opportunities
from tests.opportunities.records import source


def feed(path: Path, table: pd.DataFrame) -> Path:
    """Write what a scraper brought as JSON."""
    path.write_text(table.to_json(orient="records"))
    return path


def sound(seed: int, n: int = 40, name: str = "E") -> pd.DataFrame:
    """What a source brings on a good day."""
    return source(n, np.random.default_rng(seed), name=name)


def broken(seed: int, n: int = 40, name: str = "E") -> pd.DataFrame:
    """What it brings when its page has changed."""
    return sound(seed, n, name).assign(deadline="2026-05-01")


def scan(here: Workspace, *sources: Path | str, trust: bool = False) -> CallsReport:
    """Scan as the command does, with the settings of the workspace."""
    settings = load_settings(here.root, {})
    return scan_opportunities(here, settings, sources, talk=NullReporter(), trust=trust)


def hook(root: Path, script: str) -> None:
    """Set the command that fetches a source anew: a script that is told the source, and notes it
    in `asked`."""
    file = root / "again.py"
    note = f"import sys\nopen({str(root / 'asked')!r}, 'a').write(sys.argv[1] + '\\n')\n"
    file.write_text(note + script)
    with (root / "djlib.toml").open("a") as settings:
        settings.write(f"[opportunities]\nrescrape = '{sys.executable} {file} {{source}}'\n")


def asked(root: Path) -> list[str]:
    """The sources that the command was called for."""
    file = root / "asked"
    return file.read_text().splitlines() if file.exists() else []
