"""Workspaces that are further on, made once and copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from djlib.settings import Workspace, load_settings
from djlib.workflows.buckets.train import train_buckets
from djlib.workflows.core.progress import NullReporter
from tests.workflows.feeding import propose


@pytest.fixture(scope="session")
def _proposed(_learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("proposed") / "crates"
    shutil.copytree(_learned, made)
    propose(Workspace(made))
    return made


@pytest.fixture(scope="session")
def _with_two_versions(_learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("two") / "crates"
    shutil.copytree(_learned, made)
    train_buckets(Workspace(made), load_settings(made, {}), talk=NullReporter(), promotion="always")
    return made


@pytest.fixture
def proposed(_proposed: Path, fresh: Path) -> Workspace:
    """A workspace with a model and predictions that nobody has corrected yet."""
    shutil.copytree(_proposed, fresh, dirs_exist_ok=True)
    return Workspace(fresh)


@pytest.fixture
def with_two_versions(_with_two_versions: Path, fresh: Path) -> Workspace:
    """A workspace with two versions, the second in use."""
    shutil.copytree(_with_two_versions, fresh, dirs_exist_ok=True)
    return Workspace(fresh)
