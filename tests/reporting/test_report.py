from __future__ import annotations

import pytest

from djlib.reporting.pages import (
    Cell,
    Row,
    Section,
    effect,
    figure,
    items,
    legend,
    page,
    share_or_count,
    side_by_side,
    subheading,
    table,
    text,
)
from djlib.reporting.palette import DARK, LIGHT, SERIES, Palette
from djlib.reporting.svg import Line

from ..evaluation.reading import assert_stands_alone

HOSTILE = '<script>alert("1")</script> & \' " </td>'


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_words_and_lines_can_be_seen(palette: Palette) -> None:
    for behind in (palette.card, palette.ground):
        assert contrast(palette.ink, behind) > 7
        for name in ("soft", "accent", "good", "bad"):
            assert contrast(getattr(palette, name), behind) > 4.5
    for name in SERIES:
        assert contrast(getattr(palette, name), palette.card) > 3


def test_a_page_of_every_part_stands_alone_and_is_escaped() -> None:
    line = Line(HOSTILE, ((0, 0), (1, 1)), "second", "2 3")
    rows = [
        Row(HOSTILE, (Cell(HOSTILE, 0.5, True), Cell(html=effect(0.1, 0.0, 0.2, (-1, 1))))),
        Row("failed", (Cell(HOSTILE, style="wrap", span=2),)),
    ]
    body = (
        text(HOSTILE)
        + items([HOSTILE])
        + subheading(HOSTILE)
        + table(["model", HOSTILE, "effect"], rows, caption=HOSTILE, words=HOSTILE)
        + legend([line])
        + share_or_count("<table></table>")
        + side_by_side([figure("", HOSTILE, HOSTILE)])
    )
    html = page(HOSTILE, HOSTILE, [Section(HOSTILE, HOSTILE, body, "long")], {HOSTILE: HOSTILE})
    found = assert_stands_alone(html)
    assert found.text.count('<script>alert("1")') >= 14
    assert len(found.all("h1")) == 1


def test_the_best_of_a_column_is_said_not_only_shown() -> None:
    assert "(best)" in Cell("35 %", is_best=True).markup()
    assert "(best)" not in Cell("35 %").markup()


def test_bars_and_effects_stay_inside_their_cells() -> None:
    assert "--v:1.000" in Cell("120 %", 1.2).markup()
    assert "--low:0.0000" in effect(0.1, float("-inf"), float("inf"), (-0.2, 0.2))
    assert "--zero:0.5000" in effect(0.1, 0.0, 0.2, (-0.2, 0.2))


def test_it_follows_the_dark_a_narrow_screen_and_paper() -> None:
    html = page("A", "b", [], {})
    for rule in ("prefers-color-scheme:dark", "max-width:640px", "@media print"):
        assert rule in html
    assert 'name="viewport"' in html
