from __future__ import annotations

from pathlib import Path

import pytest

from djlib.evaluation.proportions import share_of
from djlib.reporting.progress_chart import Batch, Point, progress_chart

BATCHES = [
    Batch(str(n + 1), share_of(3 + n, 10), share_of(1, 10) if n else None, 0.3, 0.2 + 0.1 * n)
    for n in range(4)
]
VERSION = Point("1 Nov", True, share_of(6, 10), None, None)


def words(path: Path, points: list[Point], batches: list[Batch]) -> str:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        progress_chart(points, path, target=0.8, batches=batches)
    return path.read_text(encoding="utf-8")


def test_batches_have_panels_of_their_own(tmp_path: Path) -> None:
    text = words(tmp_path / "chart.svg", [], BATCHES)
    assert "Kept of what it thought you like (dashed: of those drawn by chance, 10%)" in text
    assert "as foreseen before the answers" in text
    assert "kept aside" not in text


def test_both_learners_share_a_chart(tmp_path: Path) -> None:
    text = words(tmp_path / "chart.svg", [VERSION], BATCHES)
    assert "Right on the songs kept aside" in text
    assert "Kept of what it thought you like" in text
    assert ">1 Nov<" in text
    assert ">4<" in text


def test_what_is_not_known_has_no_panel(tmp_path: Path) -> None:
    bare = [Batch("1", None, None, 0.5, 0.1)]
    text = words(tmp_path / "chart.svg", [], bare)
    assert "thought you like" not in text
    assert "as foreseen" in text
