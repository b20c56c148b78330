"""JSON without surprises."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any, ClassVar

import numpy as np
import pytest

from djlib.tables.plain_json import json_text, to_plain


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


@dataclass(frozen=True)
class _Part:
    hits: int
    n: int

    plain_extra: ClassVar = ("share",)

    @property
    def share(self) -> float:
        return self.hits / self.n


@dataclass(frozen=True)
class _Whole:
    parts: tuple[_Part, ...]
    rows: np.ndarray

    def as_dict(self) -> dict[str, Any]:
        return {"parts": self.parts, "n": len(self.rows)}


def test_a_dataclass_becomes_its_fields_and_the_properties_it_names() -> None:
    assert to_plain(_Part(1, 2)) == {"hits": 1, "n": 2, "share": 0.5}


def test_a_dataclass_that_shapes_itself_is_asked_and_its_parts_are_made_plain() -> None:
    whole = _Whole((_Part(0, 1),), np.zeros(3))
    assert to_plain([whole]) == [{"parts": [{"hits": 0, "n": 1, "share": 0.0}], "n": 3}]
