"""Year, price, demand and condition of a listing as numbers of one size, with flags for missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from ..tables.cell_text import text_of
from ..tables.schema import LISTINGS, Column, Kind, Schema, coerce

_USUAL = {
    "year": (1995.0, 15.0),
    "price": (2.7, 1.0),
    "have": (5.0, 2.0),
    "want": (5.0, 2.0),
    "condition": (6.0, 1.5),
    "sleeve_condition": (6.0, 1.5),
}
"""Middle and spread until there are listings to tell; price, have and want as logarithms."""

_LOGARITHMIC = ("price", "have", "want")
_GRADED = ("condition", "sleeve_condition")
_GRADES = (
    (r"\bnm\b|near mint|\bm-", 7.0),
    (r"\bm\b|\bmint\b", 8.0),
    (r"\bvg\s*\+|very good plus|\bex\b|excellent", 6.0),
    (r"\bvg\b|very good", 5.0),
    (r"\bg\s*\+|good plus", 4.0),
    (r"\bg\b|\bgood\b", 3.0),
    (r"\bf\b|\bfair\b", 2.0),
    (r"\bp\b|\bpoor\b", 1.0),
)
_ENOUGH = 100
"""Listings after which the scale stays as it is, so that the network reads the same numbers."""
_FARTHEST = 5.0


_NO_TASTE = ("keeper", "release_id", "batch_number", "mean", "propensity", "exploration_rate",
             "uncertainty_at_selection")  # fmt: skip
"""Numbers that say nothing of a record: ids, answers, what a selection wrote."""
_MOSTLY = 0.8


def numeric_columns(listings: pd.DataFrame, named: Sequence[str] = ()) -> list[str]:
    """Columns of numbers: known ones, then `named` extras; without names every extra column whose
    filled cells are mostly numbers.

    >>> shop = pd.DataFrame({"price": ["9,50", ""], "energy": ["0.3", "0.7"], "mood": ["a", "1"]})
    >>> numeric_columns(shop), numeric_columns(shop, ["mood"])
    (['price', 'energy'], ['price', 'mood'])
    """
    known = [name for name in _USUAL if name in listings]
    if named:
        return known + [name for name in dict.fromkeys(named) if name in listings]
    extras = [str(c) for c in listings if c not in LISTINGS.names and c not in _NO_TASTE]
    return known + [name for name in extras if _is_numeric(listings, name)]


def _is_numeric(listings: pd.DataFrame, name: str) -> bool:
    filled = (text_of(listings, name).str.strip() != "").sum()
    read = np.isfinite(column_values(listings, name)).sum()
    return bool(filled and read >= _MOSTLY * filled)


class ListingNumbers:
    """Numbers of listings, standardised, each with a flag for missing.

    Negative prices and counts and unreadable values are missing. `numeric` names further columns;
    where such a column is never negative and spread over decades its logarithm is taken.

    >>> shop = pd.DataFrame({"price": ["12,50", None, "-3"], "condition": ["VG+", "Mint (M)", ""]})
    >>> rows = ListingNumbers().read(shop)
    >>> rows.shape, rows[:, 7].tolist()  # the second flag: price
    ((3, 12), [0.0, 1.0, 1.0])
    """

    def __init__(self, numeric: Sequence[str] = ()) -> None:
        extra = [name for name in dict.fromkeys(numeric) if name not in _USUAL]
        self.fields = [*_USUAL, *extra]
        self.scale = {name: _USUAL.get(name, (0.0, 1.0)) for name in self.fields}
        self.logarithmic = {name: name in _LOGARITHMIC for name in self.fields}
        self.n_seen = 0

    @property
    def width(self) -> int:
        """Columns of `read`: the numbers, then their flags."""
        return 2 * len(self.fields)

    def learn(self, listings: pd.DataFrame) -> Self:
        """Learn middle and spread from `listings`, unless they come from a hundred already."""
        if self.n_seen < _ENOUGH:
            for name in self.fields:
                self._learn_field(name, column_values(listings, name))
            self.n_seen = len(listings)
        return self

    def read(self, listings: pd.DataFrame) -> np.ndarray:
        """Give the standardised numbers and their flags, shape (n, width) float32."""
        columns = [self._standard(listings, name) for name in self.fields]
        rows = np.column_stack(columns)
        missing = np.isnan(rows)
        near = np.clip(np.where(missing, 0.0, rows), -_FARTHEST, _FARTHEST)
        return np.hstack([near, missing]).astype(np.float32)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        scale = {name: list(pair) for name, pair in self.scale.items()}
        return {"scale": scale, "logarithmic": self.logarithmic, "n_seen": self.n_seen}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        numbers = cls([*values["scale"]])
        numbers.scale = {n: (float(m), float(s)) for n, (m, s) in values["scale"].items()}
        numbers.logarithmic = dict(values["logarithmic"])
        numbers.n_seen = int(values["n_seen"])
        return numbers

    def _learn_field(self, name: str, values: np.ndarray) -> None:
        known = values[np.isfinite(values)]
        if len(known) < 2:
            return
        if name not in _USUAL:
            self.logarithmic[name] = bool(known.min() >= 0 and known.std() > known.mean())
        known = np.log1p(known) if self.logarithmic[name] else known
        spread = float(known.std())
        self.scale[name] = (float(known.mean()), spread if spread > 1e-9 else 1.0)

    def _standard(self, listings: pd.DataFrame, name: str) -> np.ndarray:
        values = column_values(listings, name)
        if self.logarithmic[name]:
            values = np.log1p(np.where(values < 0, np.nan, values))
        middle, spread = self.scale[name]
        return np.asarray((values - middle) / spread)


def column_values(listings: pd.DataFrame, name: str) -> np.ndarray:
    """One column as float64 with NaN where it is missing, unreadable or cannot be."""
    if name not in listings:
        return np.full(len(listings), np.nan)
    if name in _GRADED:
        return _grades(text_of(listings, name))
    kind: Kind = "year" if name == "year" else "number"
    reader = Schema(LISTINGS.name, LISTINGS.key, (Column(name, "", kind),))
    values = coerce(listings[[name]], reader)[0][name].to_numpy(dtype=float)
    values = np.where(np.abs(values) < 1e15, values, np.nan)
    return np.where(values < 0, np.nan, values) if name in _LOGARITHMIC else values


def _grades(cells: pd.Series) -> np.ndarray:
    codes, texts = pd.factorize(cells)
    return np.array([_grade(text) for text in texts] or [np.nan])[codes]


def _grade(text: str) -> float:
    """`Very Good Plus (VG+)` is 6 of 8; a number is taken as it is, within 1 to 8."""
    plain = text.casefold()[:60]
    for pattern, grade in _GRADES:
        if re.search(pattern, plain):
            return grade
    try:
        return float(np.clip(float(plain), 1.0, 8.0))
    except ValueError:
        return float("nan")
