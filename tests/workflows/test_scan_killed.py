"""A scan of calls killed at any step: the next one loses nothing and tells everything."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import djlib.workflows.opportunities.scan as scanning
import djlib.workflows.opportunities.sources as watching
from djlib.settings import Workspace
from djlib.tables.events import read_events
from tests.processes import ended, start
from tests.workflows.feeds import broken, feed, hook, scan, sound

pytestmark = pytest.mark.slow

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


def scan_and_die(root: Path, name: str, when: str, nth: int) -> None:
    """A scan that is killed before or after it calls something for the `nth` time."""
    is_there = hasattr(scanning, name) and name != "append_events"
    holder: Any = scanning if is_there else watching
    whole, calls = getattr(holder, name), itertools.count(1)

    def cut(*args: Any, **options: Any) -> Any:
        is_last = next(calls) == nth
        if is_last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = whole(*args, **options)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(holder, name, cut)
    scan(Workspace(root), root / "calls.json", root / "other.json")


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources that were scanned on two good days."""
    root = tmp_path_factory.mktemp("days")
    for day in range(2):
        feed(root / "calls.json", sound(day))
        feed(root / "other.json", sound(day, name="F"))
        scan(Workspace(root), root / "calls.json", root / "other.json")
    return root


@pytest.mark.parametrize(("name", "when", "nth"), _POINTS)
def test_a_kill_anywhere_is_gone_on_with(
    two_days: Path, fresh: Path, name: str, when: str, nth: int
) -> None:
    shutil.copytree(two_days, fresh, dirs_exist_ok=True)
    here = Workspace(fresh)
    files = fresh / "calls.json", fresh / "other.json"
    hook(fresh, "")
    feed(files[0], broken(7))
    feed(files[1], sound(8, name="F"))
    before = pd.read_parquet(here.opportunities)
    assert ended(start(scan_and_die, fresh, name, when, nth)) == -signal.SIGKILL
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
