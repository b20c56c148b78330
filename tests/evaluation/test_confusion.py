from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.evaluation.confusion import clustered, confusion_table, worst_mistakes
from djlib.reporting.pages import ENVIRONMENT

from .reading import Page


def drawn(matrix: np.ndarray, names: list[str]) -> Page:
    """The matrix as a page shows it."""
    template = '{% import "macros.html" as ui %}{{ ui.share_or_count(matrix) }}'
    table = confusion_table(matrix, names)
    return Page(ENVIRONMENT.from_string(template).render(matrix=table))


@given(k=st.integers(1, 12), seed=st.integers(0, 50))
@settings(deadline=None, max_examples=40)
def test_the_order_holds_every_bucket_once(k: int, seed: int) -> None:
    matrix = np.random.default_rng(seed).integers(0, 9, (k, k))
    assert sorted(clustered(matrix)) == list(range(k))


def test_buckets_taken_for_each_other_become_neighbours() -> None:
    matrix = np.eye(8, dtype=int) * 9
    for a, b in ((0, 5), (3, 6), (1, 7)):
        matrix[a, b] = matrix[b, a] = 4
    place = np.argsort(clustered(matrix))
    assert [abs(place[a] - place[b]) for a, b in ((0, 5), (3, 6), (1, 7))] == [1, 1, 1]


def test_the_worst_mistakes_are_counted_and_right_answers_are_none() -> None:
    matrix = np.array([[90, 5, 0], [7, 3, 0], [0, 0, 4]])
    found = worst_mistakes(matrix, ["A", "B", "C"])
    assert [(m.truth, m.said, m.count, m.tracks) for m in found] == [
        ("B", "A", 7, 10),
        ("A", "B", 5, 95),
    ]
    assert worst_mistakes(np.diag([3, 4]), ["A", "B"]) == []


@pytest.mark.parametrize("k", [1, 2, 5, 34])
def test_every_count_and_share_is_in_the_table(k: int) -> None:
    matrix = np.random.default_rng(k).integers(1, 50, (k, k))
    names = [f"<i>{n}</i> & a bucket of a very long name" for n in range(k)]
    page = drawn(matrix, names)
    assert len(page.all("th")) == 2 + 2 * k
    shown = [int(w) for w in page.words if w.isdigit()]
    assert sum(shown[i] for i in range(len(shown))) >= matrix.sum()
    titles = {str(cell.get("title")) for cell in page.all("td") if cell.get("title")}
    assert len(titles) == k * k
    assert "<i>0</i> & a bucket of a very long name" in page.words


def test_an_empty_cell_says_nothing() -> None:
    page = drawn(np.diag([3, 0]), ["A", "B"])
    assert page.words.count("0") == 1  # how many tracks B has
    assert len([c for c in page.all("td") if c.get("title")]) == 1
