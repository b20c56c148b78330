"""Learning in threads: in order, no more at once than allowed, and nothing left changed."""

from __future__ import annotations

import threading
import time
import warnings

import joblib
import pytest
from sklearn.exceptions import ConvergenceWarning

from djlib.bucketing.linear_solvers import side_by_side


@pytest.fixture(autouse=True)
def _many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 64)


@pytest.mark.parametrize("most", [1, 3])
def test_answers_come_in_order_and_no_more_learn_at_once_than_allowed(most: int) -> None:
    running, seen = 0, []
    lock = threading.Lock()

    def learn(n: int) -> int:
        nonlocal running
        with lock:
            running += 1
            seen.append(running)
        time.sleep(0.01 * (n % 3))
        with lock:
            running -= 1
        return n * n

    assert side_by_side(learn, range(12), most=most) == [n * n for n in range(12)]
    assert max(seen) == most


def test_nothing_to_learn_is_nothing_learned() -> None:
    assert side_by_side(len, []) == []


def test_what_goes_wrong_is_told() -> None:
    def learn(n: int) -> int:
        raise MemoryError(f"too many: {n}")

    with pytest.raises(MemoryError, match="too many: 0"):
        side_by_side(learn, range(3))


def test_filters_of_warnings_hold_for_all_and_are_left_as_they_were() -> None:
    both_in = threading.Barrier(2, timeout=30)

    def learn(n: int) -> None:
        both_in.wait()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            time.sleep(0.02 * n)
        warnings.warn("not there yet", ConvergenceWarning, stacklevel=1)
        both_in.wait()

    before = list(warnings.filters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inside = list(warnings.filters)
        side_by_side(learn, range(2), most=2)
        assert list(warnings.filters) == inside
    assert list(warnings.filters) == before
