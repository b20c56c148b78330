"""Numbers as people and programs write them in text: decimals, durations, dates, prices."""

from __future__ import annotations

import re

import pandas as pd

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
