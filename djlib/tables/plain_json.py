"""JSON that every program can read: no NaN, no types of ours."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import PurePath
from typing import Any


def json_text(value: Any, *, indent: int | None = None) -> str:
    """`value` as JSON text: numpy numbers plain, dates ISO, paths text, NaN and infinities null.

    Raises TypeError for anything else JSON has no word for.

    >>> json_text({"accuracy": float("nan"), "buckets": ("Peak", "Früh")})
    '{"accuracy": null, "buckets": ["Peak", "Früh"]}'
    """
    return json.dumps(_plain(value), indent=indent, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [_plain(v) for v in value]
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: {value!r}")
