"""A source that broke is found at every size, and one that did not is not accused at any."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from djlib.opportunities.anomalies import Batch, State, find_anomalies, judge
from tests.opportunities.records import WORDS, source

SIZES = (20, 200, 20_000)
LOOKS = {20: 150, 200: 40, 20_000: 3}


def states(n_before: int, n: int, looks: int) -> list[State]:
    """How a source that stays as it is is judged, looked at again and again."""
    found: list[State] = []
    for look in range(looks):
        rng = np.random.default_rng([look, n_before, n])
        before, now = source(n_before, rng), source(n, rng)
        found.append(judge(find_anomalies(Batch(n, now), before, [n_before] * 3), []))
    return found


@pytest.mark.parametrize("n", SIZES)
def test_a_stable_source_is_left_alone_at_every_size(n: int) -> None:
    found = states(n, n, LOOKS[n])
    assert "broken" not in found
    assert found.count("suspect") <= 0.01 * len(found)


@pytest.mark.parametrize(("n_before", "n"), [(20, 180), (180, 20), (2000, 20)])
def test_nor_does_it_matter_that_sizes_differ(n_before: int, n: int) -> None:
    assert set(states(n_before, n, 12)) == {"fine"}


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("relisted", [0.5, 1.0])
def test_the_same_calls_again_are_no_fault(n: int, relisted: float) -> None:
    rng = np.random.default_rng(n)
    before = source(n, rng)
    again = pd.concat([before.head(round(n * relisted)), source(n - round(n * relisted), rng)])
    assert find_anomalies(Batch(n, again), before, [n] * 3) == []


def page_of_another_language(calls: pd.DataFrame) -> pd.DataFrame:
    changed = {word: f"{word[::-1]}en" for word in WORDS}
    said = calls["description"].map(lambda text: " ".join(changed[w] for w in text.split()))
    titles = calls["title"].map(lambda text: " ".join(changed[w] for w in text.split()))
    return calls.assign(description=said, title=titles)


def page_with_its_menu(calls: pd.DataFrame) -> pd.DataFrame:
    return calls.assign(description="Home | About | Jobs | Contact | " * 30 + calls["description"])


def code_of_the_page(calls: pd.DataFrame) -> pd.DataFrame:
    return calls.assign(title="<a href='x'>" + calls["title"].str.replace(" ", "</a><b>") + "</b>")


BREAKS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "deadlines": (lambda c: c.assign(deadline="2026-05-01"), "identical deadlines"),
    "no deadlines": (lambda c: c.assign(deadline=""), "missing deadline"),
    "no texts": (lambda c: c.assign(description=""), "missing description"),
    "language": (page_of_another_language, "share of known words"),
    "menu": (page_with_its_menu, "length of texts"),
    "code": (code_of_the_page, "share of marks"),
    "no titles": (lambda c: c.assign(title="A call"), "length of titles"),
}


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("broken", BREAKS)
def test_a_break_is_found_at_every_size(broken: str, n: int) -> None:
    change, name = BREAKS[broken]
    rng = np.random.default_rng(n)
    before, now = source(n, rng), change(source(n, rng))
    signals = find_anomalies(Batch(n, now), before, [n] * 3)
    assert name in [signal.name for signal in signals]
    assert judge(signals, [name]) == "broken"


@pytest.mark.parametrize("n", [0, 1, 19])
def test_under_the_floor_nothing_is_compared(n: int) -> None:
    rng = np.random.default_rng(n)
    before, now = source(n, rng), source(n, rng).assign(description="", title="A call")
    assert find_anomalies(Batch(max(n, 1), now), before, [max(n, 1)] * 3) == []
    assert find_anomalies(Batch(40, source(40, rng)), before, []) == []


@pytest.mark.parametrize(
    ("counts", "is_unread", "state"),
    [
        ([], False, "fine"),
        ([4, 4], False, "fine"),
        ([5, 6], False, "suspect"),
        ([12, 30], False, "broken"),
        ([20_000], False, "broken"),
        ([20_000], True, "suspect"),
    ],
)
def test_no_records_mean_something_of_a_source_that_has_some(
    counts: list[int], is_unread: bool, state: str
) -> None:
    nothing = source(0, np.random.default_rng(0))
    signals = find_anomalies(Batch(0, nothing, is_unread), nothing, counts)
    assert judge(signals, []) == state
    assert judge(signals, [s.name for s in signals]) == ("broken" if signals else "fine")


@pytest.mark.parametrize(
    ("n", "counts", "state"),
    [(199, [20, 20], "fine"), (200, [20, 20], "broken"), (29, [1, 1], "fine"),
     (30, [1, 1], "broken"), (500, [20], "fine"), (500, [], "fine")],
)  # fmt: skip
def test_ten_times_the_records_are_too_many(n: int, counts: list[int], state: str) -> None:
    rng = np.random.default_rng(n)
    assert judge(find_anomalies(Batch(n, source(n, rng)), source(20, rng), counts), []) == state


def test_a_source_of_junk_is_broken_only_where_it_was_none() -> None:
    few = source(2, np.random.default_rng(0))
    assert judge(find_anomalies(Batch(40, few), few, [40], junk_before=0.2), []) == "broken"
    assert judge(find_anomalies(Batch(40, few), few, [40], junk_before=0.95), []) == "fine"
    assert judge(find_anomalies(Batch(40, few), few, []), []) == "fine"


def test_a_source_of_one_yearly_day_is_not_accused_of_it() -> None:
    rng = np.random.default_rng(0)
    before, now = (source(40, rng).assign(deadline="2026-05-01") for _ in range(2))
    assert find_anomalies(Batch(40, now), before, [40] * 3) == []
