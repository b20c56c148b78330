"""Cells of a table: as text, as numbers, and kept from running as formulas in a spreadsheet."""

from __future__ import annotations

import re

import pandas as pd


def as_text(values: pd.Series) -> pd.Series:
    """Give a column as text, "" where a value is missing.

    Half a sign, which a damaged file name leaves behind and no encoding knows, becomes "?".

    >>> as_text(pd.Series([17, None, "caf\\udce9"], dtype=object)).tolist()
    ['17', '', 'caf?']
    """
    if isinstance(values.dtype, pd.StringDtype) and values.dtype.na_value is not pd.NA:
        return values.fillna("")
    try:
        text = values.astype("str")
    except UnicodeEncodeError:
        text = values.map(_whole_signs, na_action="ignore").astype("str")
    return text.where(values.notna(), "").astype("str")


def text_of(table: pd.DataFrame, column: str) -> pd.Series:
    """Give a column of a table as text, "" everywhere where the table lacks it.

    >>> text_of(pd.DataFrame({"artist": ["Robyn"]}), "title").tolist()
    ['']
    """
    if column not in table:
        return pd.Series([""] * len(table), index=table.index, dtype="str")
    return as_text(table[column])


def _whole_signs(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode("utf-8")


_CURRENCY = r"(?:[A-Z]{3}|[A-Z]{0,2}[$€£¥₹₽₩₺₪฿]|kr\.?|zł)"
_WHOLE, _CENTS = r"-?\d{1,3}(?:[.,'’\s]\d{3})+|-?\d+", r"[.,]\d+"
_MONEY = re.compile(rf"{_CURRENCY}?\s*(?P<whole>{_WHOLE})(?P<cents>{_CENTS})?\s*{_CURRENCY}?$")


def numbers_in(text: pd.Series, kind: str) -> pd.Series:
    """Give each cell as float64, NaN where there is no number of this `kind` in it.

    Comma decimals; `year` inside a date, `seconds` as m:ss, `bpm` with its unit; any other kind
    with a currency.

    >>> numbers_in(pd.Series(["4:10", "75", "soon"]), "seconds").tolist()
    [250.0, 75.0, nan]
    """
    plain = text.str.replace(",", ".", regex=False) if kind != "year" else text
    numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
    rest = numbers.isna() & text.ne("")
    if not rest.any():
        return numbers
    if kind == "year":
        inside = text[rest].str.extract(r"(?<!\d)(\d{4})(?!\d)", expand=False)
        numbers[rest] = pd.to_numeric(inside, errors="coerce")
    elif kind == "seconds":
        parts = text[rest].str.extract(r"^(?:(\d+):)?(\d{1,3}):(\d\d)$").astype("float64")
        numbers[rest] = parts[0].fillna(0) * 3600 + parts[1] * 60 + parts[2]
    elif kind == "bpm":
        inside = plain[rest].str.extract(r"^(\d+(?:\.\d+)?)\s*bpm$", flags=re.I, expand=False)
        numbers[rest] = pd.to_numeric(inside, errors="coerce")
    else:
        numbers[rest] = text[rest].map(_amount).astype("float64")
    return numbers


def _amount(text: str) -> float:
    """A sum of money: a currency before or after it, thousands set apart.

    >>> [_amount(t) for t in ("€ 8.00", "8,50 EUR", "US$1,299.00", "1.299,00 €", "£1,200")]
    [8.0, 8.5, 1299.0, 1299.0, 1200.0]
    >>> _amount("01.02.2024")
    nan
    """
    found = _MONEY.match(text)
    if not found:
        return float("nan")
    whole = re.sub(r"[^\d-]", "", found["whole"])
    return float(whole + (found["cents"] or "").replace(",", "."))


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
