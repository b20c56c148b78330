from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from djlib.errors import UsageError
from djlib.reporting.charts import importance_chart

TABLE = pd.DataFrame(
    {
        "field": ["tempo", "genre", "key"],
        "lost": [31.3, 15.8, -0.4],
        "low": [23.7, 10.1, -3.0],
        "high": [38.9, 21.4, 2.2],
    }
)


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.html", b"<!doctype html>")]
)
def test_the_suffix_decides_the_kind(tmp_path: Path, name: str, start: bytes) -> None:
    importance_chart(TABLE, tmp_path / name, unit="fewer right", n_tracks=99)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_every_field_and_what_is_measured_stand_in_the_picture(tmp_path: Path) -> None:
    importance_chart(TABLE, tmp_path / "a.svg", unit="fewer right", n_tracks=1234)
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    for words in ("tempo", "genre", "key", "fewer right", "(1,234 tracks)"):
        assert f"<!-- {words}" in drawn or words in drawn


def test_another_suffix_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a chart is one of"):
        importance_chart(TABLE, tmp_path / "a.gif", unit="x", n_tracks=1)
    assert not list(tmp_path.iterdir())
