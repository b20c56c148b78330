"""`scan --watch`: look at the sources again and again, and scan when they changed and are at rest.

A program that writes its library does so for a while: a change counts once nothing changed for
`settle_s`. Times come from the monotonic clock, since the wall clock may jump.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import BusyError, DjlibError
from ...settings import Settings, Workspace
from ..core.progress import ProgressReporter
from .gather import ScanOptions
from .scan import ScanReport, own_folders, remembered, same, scan_library, state_of


def watch(
    workspace: Workspace,
    settings: Settings,
    sources: Sequence[Path],
    *,
    options: ScanOptions,
    talk: ProgressReporter,
    stop: threading.Event,
    every_s: float = 2.0,
    settle_s: float = 3.0,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[ScanReport]:
    """Give the report of a first scan, then one for every change, until `stop` is set.

    What goes wrong later is said and tried again with the next change, or at once where another
    run held the workspace.
    """
    yield scan_library(workspace, settings, sources, options=options, talk=talk)
    watched = remembered(workspace)
    ignored = own_folders(workspace)
    done = seen = list(watched.states)
    quiet_since = clock()
    while not stop.wait(every_s):
        now = [
            state_of(source, state, ignored)
            for source, state in zip(watched.sources, seen, strict=True)
        ]
        if now != seen:
            seen, quiet_since = now, clock()
        if all(map(same, done, seen)) or clock() - quiet_since < settle_s:
            continue
        try:
            report = scan_library(workspace, settings, watched.sources, options=options, talk=talk)
        except BusyError as error:
            talk.say(f"{error}; trying again")
            continue
        except DjlibError as error:
            talk.say(f"{error}; waiting for the next change")
            done = seen
            continue
        done = seen
        yield report


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set, so that a running scan ends whole."""
    stop = threading.Event()

    def note(*_: Any) -> None:
        stop.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
