"""Formulas defused for spreadsheets only, and given back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.tables.cells import defuse, undefuse

_cells = st.text(alphabet="'=+-@＝＠＋－ \t\r\na1\u00a0\u200b\ufeff", max_size=6) | st.text()


@settings(deadline=None, max_examples=300)
@given(_cells)
def test_undefuse_gives_back_what_defuse_was_given(cell: str) -> None:
    assert undefuse(defuse(cell)) == cell


@settings(deadline=None, max_examples=300)
@given(_cells)
def test_no_defused_cell_begins_like_a_formula(cell: str) -> None:
    shown = defuse(cell).strip(" \t\r\n\u00a0\u200b\ufeff")

    assert not shown.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "+44",
        "-",
        "@SUM(A1)",
        "\t=1",
        "\rx",
        " =1",
        "\u00a0=1",
        "＝1",
        "－1",
        "'=1",
        "\ufeff=1",
    ],
)
def test_what_could_run_gets_an_apostrophe(formula: str) -> None:
    assert defuse(formula) == f"'{formula}"


@pytest.mark.parametrize("text", ["", "Low", "'Round Midnight", "a=b", "007", "#1", "🎧 -"])
def test_plain_text_is_left_alone(text: str) -> None:
    assert defuse(text) == undefuse(text) == text


def test_a_spreadsheet_that_ate_the_apostrophe_changes_nothing() -> None:
    assert undefuse(defuse("+44").removeprefix("'")) == "+44"
