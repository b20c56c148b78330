"""What names mean moves: found in the embeddings, told when it stays, never from few tracks."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import djlib.features.embedding.encoder as embeddings
from djlib.errors import EmbeddingsMissingError
from djlib.jobs.run_job import run_job
from djlib.monitoring.finding import Finding
from djlib.settings import Workspace, load_settings
from djlib.workflows.buckets.watch import watch_buckets
from djlib.workflows.core.progress import NullReporter
from tests.features.tiny_model import write_tiny_model
from tests.monitoring.servers import webhook

OLD, NEW = ["deep", "love", "night", "house"], ["xq", "zj", "vk", "w7"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("watched") / "tiny")


@pytest.fixture
def here(learned: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with a model in use, whose sentences a tiny model reads."""
    toml = learned / "djlib.toml"
    toml.write_text(toml.read_text().replace('"simple_ml"', '"hybrid"'))
    small = partial(embeddings.SentenceEmbedder, model=str(model), cache=str(learned / "cache"))
    monkeypatch.setattr(embeddings, "SentenceEmbedder", small)
    return Workspace(learned)


def library(here: Workspace, recent: list[str], n_recent: int = 60) -> None:
    """Two months of tracks; the names of those of the second are made of other words."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(140 + n_recent):
        words = recent if number >= 140 else OLD
        day = pd.Timestamp("2026-01-01" if number < 140 else "2026-02-01")
        rows.append(
            {
                "track_id": f"t{number}",
                "artist": "Somebody",
                "title": " ".join(rng.choice(words, 3)),
                "genres": "House",
                "bpm": 124.0,
                "bucket": "One" if number % 2 else "Two",
                "date_added": f"{day + pd.Timedelta(days=int(rng.integers(28))):%Y-%m-%d}",
            }
        )
    pd.DataFrame(rows).to_parquet(here.tracks)


def sentences(here: Workspace) -> Finding:
    settings = load_settings(here.root, {})
    found = watch_buckets(here, settings, NullReporter())
    return next(finding for finding in found if finding.what == "sentences")


def test_names_of_other_words_have_moved(here: Workspace) -> None:
    library(here, NEW)
    found = sentences(here)
    assert (found.kind, found.verdict, found.n_before, found.n_since) == (
        "embedding", "moved", 140, 60,
    )  # fmt: skip
    assert found.effect is not None
    assert found.effect > 1


def test_names_of_the_same_words_are_still(here: Workspace) -> None:
    library(here, OLD)
    assert sentences(here).verdict == "still"


def test_few_tracks_say_nothing(here: Workspace) -> None:
    library(here, NEW, n_recent=49)
    assert sentences(here).verdict == "too few"


def test_it_is_told_on_the_second_day_and_no_reason_to_go_back(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(here, NEW)
    settings = load_settings(here.root, {})
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        for day in (1, 2):
            told = [taken["text"] for taken in hook.taken if "embedding of bucket" in taken["text"]]
            assert told == []
            run_job(here, settings, "monitor", talk=NullReporter(), day=f"2026-03-0{day}")
    assert len([t for t in hook.taken if "embedding of bucket has moved" in t["text"]]) == 1


def test_without_the_language_model_the_rest_is_looked_at(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        def __init__(self, engine: str) -> None:
            pass

        def transform(self, tracks: pd.DataFrame) -> np.ndarray:
            raise EmbeddingsMissingError("not installed")

    library(here, NEW)
    monkeypatch.setattr(embeddings, "SentenceEmbedder", Missing)
    found = watch_buckets(here, load_settings(here.root, {}), NullReporter())
    assert "sentences" not in [finding.what for finding in found]
    assert "genre" in [finding.what for finding in found]
