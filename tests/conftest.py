"""Workspaces to try jobs and commands in: small, seeded, with a model that learns in a moment."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # a busy one is slow, not wrong
settings.load_profile("any machine")

QUICK = """
lock_wait_s = 0.2
[buckets]
model = "simple_ml"
trees = 8
folds = 2
"""


gc.disable()  # until all is imported and collected, none of which can go


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not walk it each time."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first: one that is begun last keeps a single core busy at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True, scope="session")
def _cache_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the vectors a person keeps, and none embeds a text twice."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all workers
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "vectors"))
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_power_cut() -> Iterator[None]:
    """Nothing waits for the disk: what is written outlives a killed process without that too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace with settings for quick training, and the tests are in it."""
    for variable in [v for v in os.environ if v.startswith("DJLIB_")]:
        monkeypatch.delenv(variable)
    folder = tmp_path / "crates"
    folder.mkdir()
    (folder / "djlib.toml").write_text(QUICK)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def _learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 180 tracks in 4 buckets, three quarters sorted, scanned and learned from."""
    from djlib.settings import Workspace, load_settings
    from djlib.workflows.buckets.train import train_buckets
    from djlib.workflows.core.progress import NullReporter
    from djlib.workflows.library.demo import synthesise
    from djlib.workflows.library.gather import ScanOptions
    from djlib.workflows.library.scan import scan_library

    made = Workspace(tmp_path_factory.mktemp("made") / "crates")
    made.root.mkdir()
    (made.root / "djlib.toml").write_text(QUICK)
    settings = load_settings(made.root, {})
    library = made.root / "library.csv"
    synthesise("tracks", library, rows=180, buckets=4, labelled=0.75, seed=3)
    scan_library(made, settings, library, options=ScanOptions(), talk=NullReporter())
    train_buckets(made, settings, talk=NullReporter())
    # Moved, so that no copy of it finds the tracks it was made from.
    return Path(shutil.move(made.root, tmp_path_factory.mktemp("learned")))


@pytest.fixture
def learned(_learned: Path, fresh: Path) -> Path:
    """A workspace with `library.csv` scanned and a first model; the tests are in it."""
    shutil.copytree(_learned, fresh, dirs_exist_ok=True)
    return fresh
