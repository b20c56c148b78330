"""Cells of a table: as text, as numbers, and kept from running as formulas in a spreadsheet."""

from __future__ import annotations

import re
import unicodedata

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


_NO_WIDTH = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))


def plain_name(name: str) -> str:
    """A name in the one form in which names are compared: composed letters (NFC), without blanks
    that have no width. It looks as it came.

    >>> plain_name("Fru\u0308h"), plain_name("La\u200bte"), plain_name(" Warm up ")
    ('Früh', 'Late', 'Warm up')
    """
    if name.isascii():
        return name.strip()
    return unicodedata.normalize("NFC", name).translate(_NO_WIDTH).strip()


def _whole_signs(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode("utf-8")


_CURRENCY = r"(?:[A-Z]{3}|[A-Z]{0,2}[$€£¥₹₽₩₺₪฿]|kr\.?|zł)"
_WHOLE, _CENTS = r"-?\d{1,3}(?:[.,'’\s]\d{3})+|-?\d+", r"[.,]\d+"
_MONEY = re.compile(rf"{_CURRENCY}?\s*(?P<whole>{_WHOLE})(?P<cents>{_CENTS})?\s*{_CURRENCY}?$")


_THOUSANDS = r"^[^\d]{0,6}[1-9]\d{0,2}(?:,\d{3})+[^\d]{0,6}$"
_DECIMAL_COMMA = r",\d{1,2}(?!\d)|(?<!\d)0,\d"
_POINT_THOUSANDS = r"^[1-9]\d{0,2}(?:\.\d{3})+$"
_ISO_DURATION = r"^PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,6}(?:\.\d{1,9})?)S)?$"
_CLOCK = r"^(?:(\d{1,3}):)?(\d{1,3}):(\d\d)(?:[.,]\d{1,6})?$"


def numbers_in(text: pd.Series, kind: str) -> pd.Series:
    """Give each cell as float64, NaN where there is no number of this `kind` in it.

    Comma decimals, or commas between thousands as the column itself tells; `year` inside a date,
    `seconds` as m:ss or PT3M20S, `bpm` with its unit; any other kind with a currency.

    >>> numbers_in(pd.Series(["4:10", "75", "PT3M20S", "soon"]), "seconds").tolist()
    [250.0, 75.0, 200.0, nan]
    >>> numbers_in(pd.Series(["1,000", "2,500"]), "number").tolist()
    [1000.0, 2500.0]
    >>> numbers_in(pd.Series(["0,125", "1,500"]), "number").tolist()
    [0.125, 1.5]
    >>> numbers_in(pd.Series(["1.000", "12,50"]), "number").tolist()
    [1000.0, 12.5]
    """
    plain = _with_points(text) if kind == "number" else text
    plain = plain.str.replace(",", ".", regex=False) if kind != "year" else text
    numbers = pd.to_numeric(plain, errors="coerce").astype("float64")
    numbers = years_of(numbers) if kind == "year" else numbers
    rest = numbers.isna() & text.ne("")
    if not rest.any():
        return numbers
    if kind == "year":
        inside = text[rest].str.extract(r"(?<!\d)(\d{4})(?!\d)", expand=False)
        numbers[rest] = pd.to_numeric(inside, errors="coerce")
    elif kind == "seconds":
        numbers[rest] = _durations(text[rest])
    elif kind == "bpm":
        inside = plain[rest].str.extract(r"^(\d+(?:\.\d+)?)\s*bpm$", flags=re.I, expand=False)
        numbers[rest] = pd.to_numeric(inside, errors="coerce")
    else:
        numbers[rest] = text[rest].map(_amount).astype("float64")
    return numbers


def _with_points(text: pd.Series) -> pd.Series:
    """Thousands without their signs: 1,000 is a thousand unless another cell of the column has a
    decimal comma or begins with 0; 1.000 is one only where another has a decimal comma."""
    has_decimal_comma = text.str.contains(_DECIMAL_COMMA, regex=True).any()
    if has_decimal_comma:
        is_whole = text.str.match(_POINT_THOUSANDS)
        text = text.mask(is_whole, text.str.replace(".", "", regex=False))
    # Three digits behind every comma, and none of the cells shows that it is a decimal one.
    is_thousands = text.str.match(_THOUSANDS)
    starts_with_zero = text.str.contains(r"(?<!\d)0,\d", regex=True).any()
    if is_thousands.any() and not starts_with_zero:
        text = text.mask(is_thousands, text.str.replace(",", "", regex=False))
    return text


def years_of(numbers: pd.Series) -> pd.Series:
    """Years, also where a number is a day without signs between its parts.

    >>> years_of(pd.Series([1999.0, 20190822.0, 201908.0, 201999.0])).tolist()
    [1999.0, 2019.0, 2019.0, 201999.0]
    """
    day = numbers.where(numbers.between(10_000_101, 22_001_231) & numbers.mod(1).eq(0))
    month = numbers.where(numbers.between(100_001, 220_012) & numbers.mod(1).eq(0))
    is_day = day.mod(10_000).floordiv(100).between(1, 12) & day.mod(100).between(1, 31)
    is_month = month.mod(100).between(1, 12)
    return numbers.mask(is_day, day.floordiv(10_000)).mask(is_month, month.floordiv(100))


def _durations(text: pd.Series) -> pd.Series:
    """Seconds of h:mm:ss, m:ss and PT1H2M3S (ISO 8601)."""
    clock = text.str.extract(_CLOCK).astype("float64")
    spelled = text.str.upper().str.extract(_ISO_DURATION).astype("float64")
    of_clock = clock[0].fillna(0) * 3600 + clock[1] * 60 + clock[2]
    has_any = spelled.notna().any(axis=1)
    of_spelled = spelled[0].fillna(0) * 3600 + spelled[1].fillna(0) * 60 + spelled[2].fillna(0)
    return of_clock.where(of_clock.notna(), of_spelled.where(has_any))


_DAY = r"^\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?!\d)"
_IN_WORDS = ("%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d. %b %Y",
             "%d.%m.%y", "%d/%m/%y")  # fmt: skip
_UNITS = {5: "D", 8: "", 10: "s", 13: "ms"}
"""Digits of a number that is a day, and what it counts: days of a spreadsheet, seconds ..."""


def day_texts(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Days as text, year first where they were serial numbers of a spreadsheet, seconds since 1970
    or words; and which cells hold something that is no day (bool). Dates of figures stay as they
    are written: whether 3/4/2021 is in March only the whole column tells.

    >>> days, is_unread = day_texts(pd.Series(["45321", "45322.5", "1706832000", "02-Feb-24",
    ...                                        "20240131", "3/4/2021", "soon", ""]))
    >>> days.tolist()[:5]
    ['2024-01-30', '2024-01-31', '2024-02-02', '2024-02-02', '2024-01-31']
    >>> is_unread.tolist()
    [False, False, False, False, False, False, True, False]
    """
    stripped = text.str.strip()
    rest = stripped.ne("") & ~stripped.str.contains(_DAY, regex=True)
    if not rest.any():
        return text, rest
    cells = stripped[rest]
    days = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[ns]")
    numbers = cells.str.extract(r"^(\d{5,13})(?:[.,]\d{1,9})?$", expand=False)
    for digits, unit in _UNITS.items():
        given = numbers[numbers.str.len() == digits].dropna()
        if unit == "":
            found = pd.to_datetime(given, format="%Y%m%d", errors="coerce")
        else:
            origin = "1899-12-30" if unit == "D" else "unix"
            found = pd.to_datetime(given.astype("int64"), unit=unit, origin=origin, errors="coerce")
        days.loc[given.index] = found.astype("datetime64[ns]")
    for pattern in _IN_WORDS:
        left = cells[days.isna() & numbers.isna()]
        if len(left):
            found = pd.to_datetime(left, format=pattern, errors="coerce")
            days.loc[left.index] = found.astype("datetime64[ns]")
    days = days.where(days.dt.year.between(1980, 2100))
    written = text.copy()
    written[days.dropna().index] = days.dropna().dt.strftime("%Y-%m-%d").astype("str")
    is_unread = rest.copy()
    is_unread[days.dropna().index] = False
    return written, is_unread


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
