"""The cache of vectors: what it gives back, and that nothing that happens to it stops the work."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.features.embedding import cache as embedding_cache
from djlib.features.embedding.cache import EmbeddingCache
from djlib.tables import cache_file

TEXTS = [f"artist {n} - title {n}" for n in range(1200)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "vectors.sqlite"


@pytest.fixture(autouse=True)
def _warn_again() -> None:
    cache_file._warn_once.cache_clear()


def unit_vectors(n: int, dimension: int = 8) -> np.ndarray:
    """Seeded vectors of length one, as they are stored."""
    drawn = np.random.default_rng(n).normal(size=(n, dimension))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)


def filled(file: Path) -> np.ndarray:
    """Vectors of TEXTS, stored in `file`."""
    vectors = unit_vectors(len(TEXTS))
    with EmbeddingCache(file, 8) as cache:
        cache.store(TEXTS, vectors)
    return vectors


def test_what_is_stored_comes_back_in_the_order_asked(file: Path) -> None:
    vectors = filled(file)

    with EmbeddingCache(file, 8) as cache:
        found, rows = cache.load([*TEXTS[::-1], "never met"])

    assert found.tolist() == [True] * len(TEXTS) + [False]
    assert np.array_equal(rows[:-1], vectors[::-1].astype(np.float32))
    assert not rows[-1].any()


@settings(deadline=None, max_examples=30)
@given(texts=st.lists(st.text(), unique=True, max_size=20))
def test_any_text_is_a_key(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    vectors = unit_vectors(len(texts))
    with EmbeddingCache(tmp_path_factory.mktemp("keys") / "vectors.sqlite", 8) as cache:
        cache.store(texts, vectors)
        found, rows = cache.load(texts)

    assert found.all()
    assert np.array_equal(rows, vectors.astype(np.float32))


def test_the_first_vector_of_a_text_stays(file: Path) -> None:
    vectors = filled(file)
    with EmbeddingCache(file, 8) as cache:
        cache.store(TEXTS[:1], vectors[1:2])
        assert np.array_equal(cache.load(TEXTS[:1])[1], vectors[:1])


@pytest.mark.parametrize(
    "cell", [b"", b"short", b"\x00" * 16, np.full(8, np.nan, np.float16).tobytes(), b"\x30" * 18]
)
def test_what_cannot_be_a_vector_is_missing_and_can_be_stored_again(
    file: Path, cell: bytes
) -> None:
    vectors = filled(file)
    with sqlite3.connect(file) as db:
        key = embedding_cache._key(TEXTS[3])
        assert db.execute("UPDATE vectors SET vector=? WHERE text=?", (cell, key)).rowcount == 1
    db.close()

    with EmbeddingCache(file, 8) as cache:
        assert np.flatnonzero(~cache.load(TEXTS)[0]).tolist() == [3]
        cache.store([TEXTS[3]], vectors[3:4])
        assert cache.load(TEXTS)[0].all()


@pytest.mark.parametrize("damage", ["text", "half", "middle", "empty"])
def test_a_damaged_file_is_set_aside_and_begun_anew(
    file: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    vectors = filled(file)
    whole = file.read_bytes()
    file.write_bytes(
        {
            "text": b"this is no database at all" * 300,
            "half": whole[: len(whole) // 2],
            "middle": whole[:4096] + b"\xff" * (len(whole) - 4096),
            "empty": b"",
        }[damage]
    )

    with EmbeddingCache(file, 8) as cache:
        cache.load(TEXTS)
        cache.store(TEXTS, vectors)
        assert cache.load(TEXTS)[0].all()

    aside = sorted(p.name for p in file.parent.iterdir() if "corrupt" in p.name)
    assert aside == ([] if damage == "empty" else [f"{file.name}.corrupt-1"])
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * len(aside)


def test_a_second_damaged_file_takes_the_next_number(file: Path) -> None:
    for n in (1, 2):
        filled(file)
        file.write_bytes(b"no database" * 1000)
        with EmbeddingCache(file, 8):
            assert (file.parent / f"{file.name}.corrupt-{n}").exists()


def test_where_there_can_be_no_cache_nothing_is_known_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "deep").write_text("a file where the folder should be")

    for _ in range(2):
        with EmbeddingCache(tmp_path / "deep" / "vectors.sqlite", 8) as cache:
            cache.store(TEXTS, unit_vectors(len(TEXTS)))
            assert not cache.load(TEXTS)[0].any()

    assert [r.getMessage().endswith("embedding without") for r in caplog.records] == [True]


def test_a_full_disk_does_not_stop_the_work(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with EmbeddingCache(file, 8) as cache:
        assert cache._db is not None
        cache._db.execute("PRAGMA max_page_count = 3")
        cache.store(TEXTS, unit_vectors(len(TEXTS)))
        assert not cache.load(TEXTS)[0].any()

    assert "full" in caplog.text


def test_what_passes_costs_no_vector(file: Path) -> None:
    """A machine short of memory is no reason to begin anew."""
    vectors, error = filled(file), sqlite3.OperationalError("out of memory")
    error.sqlite_errorcode = sqlite3.SQLITE_NOMEM

    def short(keys: object) -> None:
        raise error

    with EmbeddingCache(file, 8) as cache:
        assert cache._do(short) is None
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    with EmbeddingCache(file, 8) as cache:
        assert np.array_equal(cache.load(TEXTS)[1], vectors.astype(np.float32))
