from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.reporting.svg import Line, Plot, percent_ticks, round_ticks

from ..evaluation.reading import Page


@given(low=st.floats(-1e3, 1e3), span=st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=60)
def test_round_ticks_hold_what_is_drawn(low: float, span: float) -> None:
    ticks = round_ticks(low, low + span)
    assert ticks[0][0] <= low + 1e-6 * span
    assert ticks[-1][0] >= low + span * (1 - 1e-6)
    assert 2 <= len(ticks) <= 8
    assert len({words for _, words in ticks}) == len(ticks)


def test_round_ticks_of_one_value() -> None:
    assert len(round_ticks(0.5, 0.5)) >= 1


def test_the_ends_of_the_axes_are_the_corners_of_the_picture() -> None:
    plot = Plot(200, 100, x=(0, 10), y=(0, 1), margin=(10, 20, 30, 40))
    assert plot.at(0, 0) == (40, 70)
    assert plot.at(10, 1) == (180, 10)


def test_a_logarithmic_axis_gives_each_doubling_the_same_room() -> None:
    plot = Plot(240, 100, x=(50, 400), y=(0, 1), log_x=True, margin=(0, 0, 0, 0))
    assert [plot.at(x, 0)[0] for x in (50, 100, 200, 400)] == pytest.approx([0, 80, 160, 240])


def test_names_at_the_ends_never_lie_on_each_other() -> None:
    lines = [Line(f"m{i}", ((0, 0), (1, 0.5 - i / 1000))) for i in range(8)]
    plot = Plot(300, 200, x=(0, 1), y=(0, 1))
    plot.names(lines)
    drawn = plot.render("names")
    heights = sorted(float(y) for y in re.findall(r'class="name" x="[\d.]+" y="([\d.]+)"', drawn))
    assert len(heights) == 8
    assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 12.9
    assert heights[-1] < 200


def test_words_are_escaped_and_the_picture_is_described() -> None:
    plot = Plot(100, 100, x=(0, 1), y=(0, 1))
    plot.axes(percent_ticks(), [(0, "<0>")], "<x>", "<y>")
    plot.line(Line('"<b>"', ((0, 0), (1, 1))))
    plot.line(Line("empty", ()))
    page = Page(plot.render('<a "chart">'))
    assert page.all("svg")[0]["aria-label"] == '<a "chart">'
    assert {tag for tag, _ in page.elements} <= {"svg", "path", "text", "title"}
