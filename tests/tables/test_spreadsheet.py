"""Formulas defused for spreadsheets only, and given back as they were."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.tables.cells import defuse, undefuse
from djlib.tables.io import read_table, write_table
from djlib.tables.schema import RECOMMENDATIONS

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


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text("'=+-@＝\ta1", max_size=6), min_size=1, max_size=5))
def test_a_file_made_for_people_is_read_as_it_was_meant(titles: list[str]) -> None:
    titles = [title.strip() for title in titles]
    table = pd.DataFrame({name: [""] * len(titles) for name in RECOMMENDATIONS.names})
    table["opportunity_id"] = [f"c{n}" for n in range(len(titles))]
    table["title"], table["user_id"] = titles, "me"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recommendations.csv"
        write_table(table, file, defuse=True)
        for row in csv.reader(file.read_text(encoding="utf-8").split("\n")):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
        back = read_table(file, schema=RECOMMENDATIONS, problems=[])
    assert back["title"].tolist() == titles
