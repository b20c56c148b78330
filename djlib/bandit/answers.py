"""Listings with their answers: which count, and what to do with several to one listing."""

from __future__ import annotations

import pandas as pd

from ..errors import InputError
from ..tables.cell_text import text_of


def answered(X: pd.DataFrame) -> pd.DataFrame:
    """Rows with an answer, which becomes 0 or 1; of two answers to one listing the last."""
    if not len(X):
        return none_answered()
    if "keeper" not in X:
        raise InputError(
            f"no column 'keeper' to learn from; found {', '.join(map(str, X.columns))}"
        )
    text = text_of(X, "keeper").str.strip()
    values = pd.to_numeric(text.mask(text == ""), errors="coerce")
    wrong = text[(text != "") & ~values.isin([0, 1])]
    if len(wrong):
        raise InputError(f"keeper must be 0 or 1, not {wrong.iloc[0]!r}")
    rows = X[values.notna()].assign(keeper=values[values.notna()].astype(int))
    if "listing_id" not in rows:
        rows = rows.assign(listing_id=[f"row {n}" for n in range(len(rows))])
    return rows.drop_duplicates("listing_id", keep="last").reset_index(drop=True)


def none_answered() -> pd.DataFrame:
    """A table of answers without a row."""
    return pd.DataFrame(
        {"listing_id": pd.Series([], dtype="str"), "keeper": pd.Series([], dtype="int64")}
    )


def stacked(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The rows of both; no column of an empty table decides what the others hold."""
    if not len(first):
        return second.reset_index(drop=True)
    return pd.concat([first, second], ignore_index=True)
