"""Features are computed once, kept by version, and as they were known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.opportunities.call_features import counted
from djlib.opportunities.feature_store import FeatureStore
from djlib.opportunities.history import History
from tests.opportunities.tastes import moments, some_calls


@pytest.fixture
def calls() -> pd.DataFrame:
    return some_calls(40)


def history(calls: pd.DataFrame, n: int) -> History:
    return History.of(calls.head(n).assign(liked=1.0, at=moments(n)))


def test_only_new_and_changed_calls_are_computed(tmp_path: Path, calls: pd.DataFrame) -> None:
    store = FeatureStore(tmp_path)
    first = store.counts(calls.head(30))
    assert store.computed == 30
    assert (first != counted(calls.head(30))).nnz == 0
    again = FeatureStore(tmp_path)
    changed = calls.copy()
    changed.loc[3, "title"] = "Another title"
    found = again.counts(changed)
    assert again.computed == len(calls) - 30 + 1
    assert (found != counted(changed)).nnz == 0
    backwards = FeatureStore(tmp_path)
    order = np.arange(len(calls))[::-1]
    assert (backwards.counts(changed.iloc[order]) != found[order]).nnz == 0
    assert backwards.computed == 0


def test_another_version_computes_all_anew(tmp_path: Path, calls: pd.DataFrame) -> None:
    FeatureStore(tmp_path).counts(calls)
    newer = FeatureStore(tmp_path, version="other")
    newer.counts(calls)
    assert newer.computed == len(calls)
    same = FeatureStore(tmp_path, version="other")
    same.counts(calls)
    assert same.computed == 0


def test_a_damaged_file_is_made_anew(
    tmp_path: Path, calls: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    FeatureStore(tmp_path).counts(calls)
    file = tmp_path / "calls.parquet"
    file.write_bytes(file.read_bytes()[:200])
    store = FeatureStore(tmp_path)
    assert (store.counts(calls) != counted(calls)).nnz == 0
    assert store.computed == len(calls)
    assert "is damaged" in caplog.text


def test_how_a_call_stood_is_kept_by_its_moment(tmp_path: Path, calls: pd.DataFrame) -> None:
    rated = calls.head(20).assign(at=moments(20))
    store = FeatureStore(tmp_path)
    found = store.standing(rated, history(calls, 20))
    assert store.computed == 20
    later = FeatureStore(tmp_path)
    more = calls.head(25).assign(at=moments(25))
    grown = later.standing(more, history(calls, 25))
    assert later.computed == 5
    assert np.array_equal(grown[:20], found)


def test_what_comes_to_light_later_about_earlier_is_not_left_out(
    tmp_path: Path, calls: pd.DataFrame
) -> None:
    rated = calls.head(5).assign(at="2026-08-09T00:00:00Z")
    FeatureStore(tmp_path).standing(rated, history(calls, 1))
    more = history(calls, 30)
    store = FeatureStore(tmp_path)
    assert np.array_equal(store.standing(rated, more), more.standing(rated))
    assert store.computed == 5


def test_nothing_is_written_where_nothing_may_be(tmp_path: Path, calls: pd.DataFrame) -> None:
    store = FeatureStore(tmp_path, keep=False)
    store.counts(calls)
    store.standing(calls.head(3).assign(at=moments(3)), history(calls, 3))
    assert list(tmp_path.iterdir()) == []


def test_no_rows_at_all(tmp_path: Path, calls: pd.DataFrame) -> None:
    store = FeatureStore(tmp_path)
    assert store.counts(calls.head(0)).shape[0] == 0
    assert len(store.standing(calls.head(0).assign(at=""), history(calls, 0))) == 0
