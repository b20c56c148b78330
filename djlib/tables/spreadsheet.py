"""Cells a spreadsheet would run as formulas, and the apostrophe that keeps them text.

Only files made for spreadsheets are changed: titles such as `-` and `+44` are real. Which signs
start a formula: OWASP, "CSV injection".
"""

from __future__ import annotations

import re

import pandas as pd

_BLANK = r"[\s\x00-\x20\u200b\ufeff]*"
# Leading apostrophes count as nothing, so that a cell that had one of its own comes back too.
_FORMULA = re.compile(rf"'*(?:{_BLANK}[=+\-@＝＋－＠]|[\t\r\n])")


def defuse(text: str) -> str:
    """`text` with an apostrophe before it where a spreadsheet would take it for a formula.

    >>> defuse("=1+1"), defuse(" +44"), defuse("Low")
    ("'=1+1", "' +44", 'Low')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def undefuse(text: str) -> str:
    """What `defuse` was given; text that a spreadsheet already freed of its apostrophe stays.

    >>> undefuse("'=1+1"), undefuse("=1+1"), undefuse("'Round Midnight")
    ('=1+1', '=1+1', "'Round Midnight")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def defused(column: pd.Series) -> pd.Series:
    """A text column with every cell defused."""
    return column.map(lambda cell: defuse(cell) if isinstance(cell, str) else cell)
