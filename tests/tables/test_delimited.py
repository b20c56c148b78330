"""Rows and their lines out of clean, ragged and damaged text."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import InputError
from djlib.tables.csv import delimited
from djlib.tables.csv.delimited import LARGEST_CELL, DelimitedRows

_HEAD = "track_id,artist,title\n"


def _read(
    text: str, delimiter: str = ","
) -> tuple[list[list[str]], list[int], list[tuple[int | None, str]]]:
    rows = DelimitedRows(io.StringIO(text, newline=""), delimiter)
    cells, lines = rows.take(1_000_000)
    return cells, lines, [(p.line, p.outcome) for p in rows.problems]


def test_lines_count_newlines_inside_cells_and_blank_lines() -> None:
    text = "\n" + _HEAD + '1,"a\nb\r\nc",x\r\n\n   \n2,a,b\n,,\n3,"\n",y'

    cells, lines, problems = _read(text)

    assert cells == [["1", "a\nb\r\nc", "x"], ["2", "a", "b"], ["", "", ""], ["3", "\n", "y"]]
    assert lines == [3, 8, 9, 10]
    assert problems == []


def test_a_batch_goes_on_where_the_last_one_ended() -> None:
    rows = DelimitedRows(io.StringIO(_HEAD + "".join(f"{i},a,b\n" for i in range(5))), ",")

    taken = [rows.take(2) for _ in range(4)]

    assert [lines for _, lines in taken] == [[2, 3], [4, 5], [6], []]


def test_a_row_longer_than_its_header_is_left_out_unless_the_rest_is_empty() -> None:
    cells, lines, problems = _read(_HEAD + "1,a,b,c\n2,a,b,, ,\n3,a,b\n")

    assert cells == [["2", "a", "b"], ["3", "a", "b"]]
    assert lines == [3, 4]
    assert problems == [(2, "row left out")]


def test_a_shorter_row_is_filled_up() -> None:
    cells, _, problems = _read(_HEAD + '1\n"2\n3",b\n')

    assert cells == [["1", "", ""], ["2\n3", "b", ""]]
    assert problems == [(2, "repaired"), (3, "repaired")]


def test_nul_bytes_are_taken_out() -> None:
    cells, _, problems = _read('track\0_id,artist,title\n1,"a\0\n\0b",c\n2,d,e\n')

    assert cells == [["1", "a\nb", "c"], ["2", "d", "e"]]
    assert problems == [(1, "repaired"), (2, "repaired"), (3, "repaired")]


@pytest.mark.parametrize("quoted", ["{}", '"{}"', '"\n{}"'])
def test_a_huge_cell_costs_its_row_only(quoted: str) -> None:
    cells, _, problems = _read(_HEAD + f"1,{quoted.format('x' * 10_000_000)},b\n2,c,d\n")

    assert cells == [["2", "c", "d"]]
    assert problems == [(2, "row left out")]


def test_a_cell_of_the_largest_size_is_kept_and_the_csv_module_left_as_it_was() -> None:
    before = csv.field_size_limit()

    cells, _, problems = _read(_HEAD + f"1,{'x' * LARGEST_CELL},b\n")

    assert len(cells[0][1]) == LARGEST_CELL
    assert problems == []
    assert csv.field_size_limit() == before


def test_a_large_row_of_fair_cells_is_kept() -> None:
    half = "x" * (LARGEST_CELL // 2 + 1)

    cells, _, problems = _read(_HEAD + f"1,{half},{half}\n")

    assert cells == [["1", half, half]]
    assert problems == []


def test_a_quote_that_never_closes_is_given_up_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delimited, "_LARGEST_RECORD", 100)
    body = "".join(f"{i},a,b\n" for i in range(100))

    cells, lines, problems = _read(_HEAD + '0,"a\n' + body)

    assert len(cells) == 100
    assert lines == list(range(3, 103))
    assert problems == [(2, "row left out")]


@pytest.mark.parametrize(
    ("body", "rows", "problems"),
    [
        # never closed, the row can be had as text
        ('1,"Low,b\n2,c,d\n3,e,f\n', [["1", '"Low', "b"], ["2", "c", "d"], ["3", "e", "f"]], 1),
        # never closed, the row cannot be had
        ('1,a,b\n2,"Low\n3,c,d\n', [["1", "a", "b"], ["3", "c", "d"]], 1),
        # closed by the quote of a later cell
        ('1,"Low,b\n2,"c",d\n3,e,f\n', [["1", '"Low', "b"], ["2", "c", "d"], ["3", "e", "f"]], 1),
        # closed at the end of a later line, with whole rows swallowed
        ('1,"Low\n2,c,d\n3,e,f"\n4,g,h\n', [["2", "c", "d"], ["3", "e", 'f"'], ["4", "g", "h"]], 1),
        # quotes that were not doubled
        ('1,"12" mix",b\n2,"a ""x"" y",d\n', [["1", '12" mix', "b"], ["2", 'a "x" y', "d"]], 1),
        ('1,"say "hi", x",b\n2,c,d\n', [["2", "c", "d"]], 1),
        # the last line of a file cut off in the middle of a cell
        ('1,a,b\n2,c,"d', [["1", "a", "b"], ["2", "c", '"d']], 1),
        # no damage: quotes inside a cell that does not begin with one
        ('1,12" mix,b"\n', [["1", '12" mix', 'b"']], 0),
    ],
)
def test_a_broken_quote_costs_at_most_its_own_row(body, rows, problems) -> None:
    cells, lines, met = _read(_HEAD + body)

    assert cells == rows
    assert len(met) == problems
    source = (_HEAD + body).split("\n")
    assert all(source[line - 1].startswith(row[0]) for row, line in zip(cells, lines, strict=True))


def test_a_broken_quote_is_explained() -> None:
    rows = DelimitedRows(io.StringIO(_HEAD + '1,a,b\n2,"Low\n3,c,d\n4,"x" y",z\n'), ",")
    rows.take(9)

    assert [str(p) for p in rows.problems] == [
        "line 3, '2,\"Low': a quote opens here and never closes; as text it has 2 cells, "
        "the header 3 (row left out)",
        'line 5, \'4,"x" y",z\': a quote inside a quoted cell; taken as text (repaired)',
    ]


def test_a_quote_that_opens_on_every_line_does_not_stall_or_lose_rows() -> None:
    n = 3000

    cells, _, problems = _read(_HEAD + "".join(f'{i},"a,b\n' for i in range(n)))

    assert len(cells) == len(problems) == n


def test_a_huge_line_of_quotes_is_given_up_at_once() -> None:
    cells, _, problems = _read(_HEAD + '1,"' + '" ' * 300_000 + ",b\n2,c,d\n")

    assert cells == [["2", "c", "d"]]
    assert problems == [(2, "row left out")]


@pytest.mark.parametrize("head", ["sep=;\n", '"sep=;"\r\n', "\ufeff", "\n\n", ";;\n"])
def test_what_stands_before_the_header_is_skipped(head: str) -> None:
    rows = DelimitedRows(io.StringIO(head + "track_id;artist;; \n1;a;;\n", newline=""), ";")

    assert rows.headings == ["track_id", "artist"]
    assert rows.take(9)[0] == [["1", "a"]]


def test_a_header_with_a_broken_quote_is_still_a_header() -> None:
    assert DelimitedRows(io.StringIO('track_id,"artist\n1,a\n'), ",").headings == [
        "track_id",
        '"artist',
    ]


@pytest.mark.parametrize("text", ["", "\n\n", ",,,\n", "sep=,\n"])
def test_no_header_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="no header"):
        DelimitedRows(io.StringIO(text), ",")


def test_old_mac_line_ends_end_rows() -> None:
    cells, lines, _ = _read("id,title\r1,a\r2,b\r")

    assert (cells, lines) == ([["1", "a"], ["2", "b"]], [2, 3])


_cell = st.text(alphabet=st.sampled_from("ab,;\t|\"\n\r '=é"), max_size=6)
_tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(_cell, min_size=width, max_size=width), min_size=1, max_size=6)
)


@settings(deadline=None, max_examples=150)
@given(table=_tables, delimiter=st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_back(table: list[list[str]], delimiter: str) -> None:
    header = [f"c{i}" for i in range(len(table[0]))]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows([header, *table])

    rows = DelimitedRows(io.StringIO(text.getvalue(), newline=""), delimiter)

    assert rows.take(99)[0] == table
    assert rows.problems == []


@settings(deadline=None, max_examples=150)
@given(text=st.text(alphabet=st.sampled_from('ab,"\n\r \0'), max_size=60))
def test_any_text_gives_rows_as_wide_as_the_header_with_rising_lines(text: str) -> None:
    cells, lines, problems = _read(_HEAD + text)

    assert all(len(row) == 3 for row in cells)
    assert lines == sorted(set(lines))
    assert all(1 < line <= 1 + len(io.StringIO(text, newline="").readlines()) for line in lines)
    assert all(line is not None for line, _ in problems)
