"""A problem in one line."""

from __future__ import annotations

import pytest

from djlib.tables.plain_json import to_plain
from djlib.tables.problems import Problem


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem(7, "bpm", "fast", "no number"), "line 7, bpm 'fast': no number (row left out)"),
        (Problem(None, "bpm", "", "none", "note"), "bpm '': none (note)"),
        (Problem(3, "", "a,b", "short", "repaired"), "line 3, 'a,b': short (repaired)"),
        (Problem(3, "", "", "not UTF-8", "note"), "line 3: not UTF-8 (note)"),
        (Problem(None, "", "", "no row", "note"), "no row (note)"),
    ],
)
def test_a_problem_says_where_what_why_and_what_was_done(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_a_long_value_is_cut_in_the_line_but_kept_whole_for_programs() -> None:
    problem = Problem(1, "title", "x" * 500, "long")

    assert len(str(problem)) < 120
    assert to_plain(problem)["value"] == "x" * 500
