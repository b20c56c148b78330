"""Sentence models to embed with: a tiny one made here, and the one that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sentence model that answers in a moment."""
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny")
