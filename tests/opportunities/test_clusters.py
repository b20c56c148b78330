"""Sets of rows never hold two deadlines, whatever joins them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from djlib.opportunities.merging import DatedDisjointSet


@given(
    st.lists(st.sampled_from(["", "1", "2"]), min_size=1, max_size=9),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=20),
)
def test_no_set_holds_two_deadlines(deadlines: list[str], pairs: list[tuple[int, int]]) -> None:
    rows = DatedDisjointSet(deadlines)
    for one, other in pairs:
        if max(one, other) < len(deadlines):
            rows.join(one, other)
    groups = rows.groups()
    assert sorted(row for group in groups for row in group) == list(range(len(deadlines)))
    assert all(len({deadlines[row] for row in group} - {""}) <= 1 for group in groups)


def test_a_date_is_overruled_only_when_asked() -> None:
    rows = DatedDisjointSet(["1", "2"])
    assert not rows.join(0, 1)
    assert rows.join(1, 0, anyway=True)
    assert rows.groups() == [[0, 1]]
