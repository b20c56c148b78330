"""JSON that every program can read: no NaN, no types of ours."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import PurePath
from typing import Any


def json_text(value: Any, *, indent: int | None = None) -> str:
    """`value` as JSON text, of what `to_plain` makes of it.

    >>> json_text({"accuracy": float("nan"), "buckets": ("Peak", "Früh")})
    '{"accuracy": null, "buckets": ["Peak", "Früh"]}'
    """
    return json.dumps(to_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def to_plain(value: Any) -> Any:
    """`value` made of dict, list, str, int, float, bool and None only, however deep.

    Arrays and pandas columns become lists, NumPy scalars plain numbers, dates ISO text, paths text,
    NaN and infinities None. A dataclass becomes its fields, then the properties that its class
    names in `plain_extra`; where it has a method `as_dict`, what that gives. Raises `TypeError` for
    anything else JSON has no word for.

    >>> from djlib.tables.problems import Problem
    >>> to_plain({"problems": (Problem(7, "bpm", "fast", "not a number"),)})["problems"][0]["line"]
    7
    >>> to_plain(b"x")
    Traceback (most recent call last):
    TypeError: bytes cannot be written as JSON: b'x'
    """
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return to_plain(_parts(value))
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [to_plain(v) for v in value]
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: {value!r}")


def _parts(value: Any) -> dict[str, Any]:
    if hasattr(value, "as_dict"):
        return dict(value.as_dict())
    names = (*(field.name for field in fields(value)), *getattr(value, "plain_extra", ()))
    return {name: getattr(value, name) for name in names}
