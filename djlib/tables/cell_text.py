"""Cells of a table as text, whatever they hold."""

from __future__ import annotations

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
