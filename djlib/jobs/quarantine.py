"""Calls of sources that looked broken, kept aside until somebody looks; of each source the newest.

The scan that removes older ones names them. A file that no scan has on record is never touched.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pandas as pd

from ..settings import Workspace
from ..tables.events import read_events
from ..tables.io import write_table
from .source_history import SCRAPES


def set_aside(workspace: Workspace, source: str, calls: pd.DataFrame) -> str | None:
    """Keep the calls of a broken source in a file of their own; the same ones only once."""
    if not len(calls):
        return None
    plain = re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-")[:40] or "source"
    content = "\x1f".join([source, *calls[["title", "url", "deadline"]].to_numpy().ravel()])
    digest = hashlib.blake2b(content.encode("utf-8", "replace"), digest_size=4).hexdigest()
    file = workspace.quarantine / f"{plain}-{digest}.parquet"
    if not file.exists():
        write_table(calls, file)
    return str(file)


def clear_out(workspace: Workspace, most: int) -> list[str]:
    """Remove what was kept aside of a source beyond its newest files, `most` of them, and the one
    somebody was told of while the source is broken; gives those that were removed."""
    by_source: dict[str, dict[str, None]] = {}
    told: dict[str, str] = {}
    for event in read_events(workspace.events, SCRAPES):
        source = str(event["source"])
        if event["state"] != "broken":
            told.pop(source, None)
        if event.get("quarantined"):
            names = by_source.setdefault(source, {})
            name = Path(str(event["quarantined"])).name
            names.pop(name, None)  # what came again is new again
            names[name] = None
            told.setdefault(source, name)
    old = [name for names in by_source.values() for name in list(names)[:-most]]
    files = [workspace.quarantine / name for name in old if name not in told.values()]
    there = [file for file in files if file.is_file()]
    for file in there:
        file.unlink()
    return [str(file) for file in there]
