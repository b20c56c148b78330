"""A scan of calls killed at any step: the next one loses nothing and tells everything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from djlib.settings import Workspace
from djlib.tables.events import read_events
from tests.workflows.feeds import broken, feed, hook, scan, sound

_KILLED = """
import os, signal, sys
from pathlib import Path
import djlib.workflows.opportunities.scan as scanning
import djlib.workflows.opportunities.sources as watching
from tests.jobs.feeds import scan
from djlib.settings import Workspace
root, name, when, nth = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
holder = scanning if hasattr(scanning, name) and name != "append_events" else watching
whole, calls = getattr(holder, name), []
def cut(*args, **options):
    calls.append(1)
    if when == "before" and len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    found = whole(*args, **options)
    if len(calls) == nth:
        os.kill(os.getpid(), signal.SIGKILL)
    return found
setattr(holder, name, cut)
scan(Workspace(root), root / "calls.json", root / "other.json")
"""

_POINTS = [
    ("fetch", "after", 1),
    ("rescrape", "before", 1),
    ("rescrape", "after", 1),
    ("set_aside", "after", 1),
    ("write_table", "before", 1),
    ("write_table", "after", 1),
    ("keep_samples", "after", 1),
    ("append_events", "after", 1),  # told
    ("append_events", "after", 2),  # on record
]


@pytest.mark.parametrize(("name", "when", "nth"), _POINTS)
def test_a_kill_anywhere_is_gone_on_with(fresh: Path, name: str, when: str, nth: int) -> None:
    here = Workspace(fresh)
    files = fresh / "calls.json", fresh / "other.json"
    for day in range(2):
        feed(files[0], sound(day))
        feed(files[1], sound(day, name="F"))
        scan(here, *files)
    hook(fresh, "")
    feed(files[0], broken(7))
    feed(files[1], sound(8, name="F"))
    before = pd.read_parquet(here.opportunities)
    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, str(fresh), name, when, str(nth)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert len(pd.read_parquet(here.opportunities)) in (len(before), len(before) + 40)
    for _ in range(2):
        report = scan(here, *files)
        assert [(v.source, v.state) for v in report.watched] == [("E", "broken")]
    after = pd.read_parquet(here.opportunities)
    assert len(after) == len(before) + 40
    assert after["opportunity_id"].is_unique
    assert after.head(len(before))["first_seen"].equals(before["first_seen"])
    assert len(list(here.quarantine.glob("*.parquet"))) == 1
    causes = {(e["cause"], e["at"][:10]) for e in read_events(here.events, "alerts")}
    assert [cause for cause, _ in causes] == ["source E"]
