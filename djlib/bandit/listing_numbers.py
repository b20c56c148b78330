"""Numbers and times of a listing: year, price, demand, condition, cyclical month and hour."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from ..tables.cells import text_of
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


_FIELDS = ("listed_at", "ends_at")
N_TIME = 8 * len(_FIELDS)
"""Columns `time_columns` gives: for each field three circles and two flags."""

LISTED, AGE = "time of listing", "age when listed"
"""Names of the numbers `day_listed` and `age_when_listed` give."""

_DAY = r"^\s*\d{4}-\d{2}-\d{2}"
_HOUR = r"^\s*\d{4}-\d{2}-\d{2}[T ]\d{2}"


def time_columns(listings: pd.DataFrame) -> np.ndarray:
    """Give sine and cosine of month, weekday and hour, and flags for no date and no hour.

    Shape (n, 16) float32: `listed_at`, then `ends_at`, in UTC. A bare year says no month.

    >>> rows = time_columns(pd.DataFrame({"listed_at": ["2024-01-01T00:00:00Z", "1998"]}))
    >>> rows[:, :8].round(1).tolist()
    [[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]]
    """
    blocks = [_of_field(text_of(listings, field)) for field in _FIELDS]
    return np.hstack(blocks).astype(np.float32)


def day_listed(listings: pd.DataFrame) -> np.ndarray:
    """Days from 1970 to `listed_at`, (n,), NaN where it is missing; a bare year is its first day.

    >>> day_listed(pd.DataFrame({"listed_at": ["1970-01-02T12:00:00Z", "1971", "soon"]})).tolist()
    [1.5, 365.0, nan]
    """
    since = _moments(text_of(listings, "listed_at")) - pd.Timestamp(0, tz="UTC")
    return (since / pd.Timedelta(days=1)).to_numpy(dtype=float)


def age_when_listed(listings: pd.DataFrame) -> np.ndarray:
    """Years by which a record was older than one when it was listed, (n,): 0 for what is new, NaN
    where either year is missing. What comes back after years comes back for a reason.

    >>> shop = pd.DataFrame({"year": [2004, 1969, None], "listed_at": ["2005-02-01"] * 3})
    >>> age_when_listed(shop).tolist()
    [0.0, 35.0, nan]
    """
    listed = _moments(text_of(listings, "listed_at")).dt.year.to_numpy(dtype=float, na_value=np.nan)
    return np.maximum(listed - column_values(listings, "year") - 1, 0)


def _moments(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")


def _of_field(text: pd.Series) -> np.ndarray:
    when = _moments(text.where(text.str.contains(_DAY, regex=True)))
    no_date = when.isna().to_numpy()
    no_hour = no_date | ~text.str.contains(_HOUR, regex=True).to_numpy(dtype=bool)
    circles = (
        (when.dt.month - 1, 12, no_date),
        (when.dt.day_of_week, 7, no_date),
        (when.dt.hour, 24, no_hour),
    )
    columns = [c for part, length, gone in circles for c in _circle(part, length, gone)]
    return np.column_stack([*columns, no_date, no_hour])


def _circle(part: pd.Series, length: int, gone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    angle = 2 * np.pi * part.to_numpy(dtype=float, na_value=0.0) / length
    return np.where(gone, 0.0, np.sin(angle)), np.where(gone, 0.0, np.cos(angle))
