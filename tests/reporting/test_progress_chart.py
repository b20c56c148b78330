from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import InputError, UsageError
from djlib.evaluation.proportions import share_of
from djlib.reporting.progress_chart import Point, progress_chart

FULL = [
    Point(f"{day} Nov\n04:12", day != 2, share_of(60 + day, 100), share_of(70, 90), 3.5)
    for day in range(1, 5)
]
BARE = Point("5 Nov\n04:12", True, None, None, None)


def drawn(path: Path, points: list[Point]) -> bytes:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    progress_chart(points, path, target=0.8)
    return path.read_bytes()


def words(tmp_path: Path, points: list[Point]) -> str:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    import matplotlib

    with matplotlib.rc_context({"svg.fonttype": "none"}):
        return drawn(tmp_path / "chart.svg", points).decode()


def test_each_suffix_gives_its_kind_of_file(tmp_path: Path) -> None:
    assert drawn(tmp_path / "chart.png", FULL).startswith(b"\x89PNG")
    assert b"<title>djlib: progress</title>" in drawn(tmp_path / "chart.html", FULL)
    with pytest.raises(UsageError, match="a chart is one of"):
        progress_chart(FULL, tmp_path / "chart.pdf", target=0.8)


def test_every_measure_has_a_panel_with_its_figures(tmp_path: Path) -> None:
    text = words(tmp_path, [*FULL, BARE])
    for said in ("Accuracy and acceptance over time", "kept aside (hollow", "let stand", "1 to 5",
                 "64%", "78%", "80%", "5 Nov", ">share<", ">rating<", ">version<"):  # fmt: skip
        assert said in text


def test_what_is_not_known_has_no_panel(tmp_path: Path) -> None:
    only = [Point("1 Nov", True, share_of(6, 10), None, None), BARE]
    text = words(tmp_path, only)
    assert "kept aside" in text
    assert "hollow" not in text
    assert "let stand" not in text
    assert "1 to 5" not in text


def test_nothing_known_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run 'djlib feedback'"):
        progress_chart([BARE], tmp_path / "chart.png", target=0.8)
    assert list(tmp_path.iterdir()) == []


def test_many_versions_are_cut_to_the_latest(tmp_path: Path) -> None:
    many = [Point(f"v{n}", True, share_of(6, 10), None, None) for n in range(60)]
    text = words(tmp_path, many)
    assert "v59" in text
    assert ">v19<" not in text
