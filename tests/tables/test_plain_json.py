"""JSON without surprises."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pytest

from djlib.tables.plain_json import json_text


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float64(0.5), 0.5),
        (np.float64("nan"), None),
        (float("inf"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        ({"b": (1, None)}, {"b": [1, None]}),
        ({1: {"x"}}, {"1": ["x"]}),
        (PurePosixPath("a/b"), "a/b"),
        (date(2024, 5, 1), "2024-05-01"),
        (datetime(2024, 5, 1, tzinfo=UTC), "2024-05-01T00:00:00+00:00"),
        ("Früh ☀", "Früh ☀"),
    ],
)
def test_values_become_plain_ones(value: Any, plain: Any) -> None:
    assert json.loads(json_text(value)) == plain


def test_what_json_has_no_word_for_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes cannot be written as JSON"):
        json_text({"a": b"x"})
