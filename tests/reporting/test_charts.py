from __future__ import annotations

import base64
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from djlib.errors import DjlibError, UsageError
from djlib.reporting.charts import SUFFIXES, chart_kind, confidence_chart

CONFIDENCE = np.random.default_rng(0).random(200)
CORRECT = np.random.default_rng(1).random(200) < CONFIDENCE
PNG = b"\x89PNG\r\n"


def drawn(path: Path, threshold: float = 0.5) -> bytes:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    confidence_chart(CONFIDENCE, CORRECT, path, threshold=threshold)
    return path.read_bytes()


def test_each_suffix_gives_its_kind_of_file(tmp_path: Path) -> None:
    assert drawn(tmp_path / "chart.png").startswith(PNG)
    assert b"<svg" in drawn(tmp_path / "chart.SVG")[:2000]
    page = drawn(tmp_path / "new" / "chart.html").decode()
    picture = re.search(r"base64,([A-Za-z0-9+/=]+)", page)
    assert picture is not None
    assert base64.b64decode(picture[1]).startswith(PNG)
    assert "<h1>djlib: confidence</h1>" in page
    assert 'alt="Reliability diagram and histogram of confidence"' in page


def test_the_title_says_how_many_tracks_and_how_far_off(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        picture = drawn(tmp_path / "chart.svg").decode()
    assert "200 tracks" in picture
    assert "calibration error" in picture


def test_a_threshold_over_every_confidence_can_be_drawn(tmp_path: Path) -> None:
    assert drawn(tmp_path / "chart.png", threshold=float(np.nextafter(1, 2))).startswith(PNG)


@pytest.mark.parametrize("name", ["chart.jpg", "chart", "chart.png.txt"])
def test_another_suffix_is_refused_before_anything_is_drawn(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"a chart is one of \.png"):
        confidence_chart(CONFIDENCE, CORRECT, tmp_path / name, threshold=0.5)
    assert list(tmp_path.iterdir()) == []
    assert [chart_kind(f"x{suffix.upper()}") for suffix in SUFFIXES] == ["png", "svg", "html"]


def test_without_matplotlib_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(DjlibError, match="pip install matplotlib"):
        confidence_chart(CONFIDENCE, CORRECT, tmp_path / "chart.png", threshold=0.5)
