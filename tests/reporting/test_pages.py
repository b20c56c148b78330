from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jinja2
import numpy as np
import pytest

import djlib.reporting
from djlib.jobs.report import Look, Story, monitor_page
from djlib.jobs.slots import JobRun
from djlib.reporting.pages import (
    ENVIRONMENT,
    Cell,
    Chart,
    Row,
    effect,
    map_page,
    render,
    static,
)
from djlib.reporting.palette import DARK, LIGHT, SERIES, Palette
from djlib.reporting.svg import Line

from ..evaluation.reading import Page, assert_stands_alone
from ..test_startup import HELP, ROOT, loaded_after

HOSTILE = '<script>alert("1")</script> & \' " </td>'
ROOM = Path(djlib.reporting.__file__).parent

EVERY_PART = """
{% extends "base.html" %}
{% import "macros.html" as ui %}
{% block sections %}
{% call ui.section(words, "long") %}
<p>{{ words }}</p>
{{ ui.bullets([words]) }}
{{ ui.table(["model", words, "effect"], rows, caption=words, left=[words]) }}
{{ ui.legend([line]) }}
{{ ui.share_or_count({"names": [words], "counts": [[2]], "totals": [3]}) }}
{{ ui.side_by_side([chart]) }}
{% endcall %}
{% endblock %}
"""


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


def every_part(*rows: Row) -> str:
    """A page of all macros, with a hostile word wherever a word goes."""
    return ENVIRONMENT.from_string(EVERY_PART).render(
        title=HOSTILE,
        meta=HOSTILE,
        words=HOSTILE,
        rows=rows,
        line=Line(HOSTILE, ((0, 0), (1, 1)), "second", "2 3"),
        chart=Chart("<svg aria-label='a chart'></svg>", HOSTILE, HOSTILE),
        small_print={HOSTILE: HOSTILE},
    )


def test_a_page_of_every_part_stands_alone_and_is_escaped() -> None:
    html = every_part(
        Row(HOSTILE, (Cell(HOSTILE, 0.5, True), Cell(effect=effect(0.1, 0.0, 0.2, (-1, 1))))),
        Row("failed", (Cell(HOSTILE, style="wrap", span=2),), "simple", Line(HOSTILE, ())),
    )
    page = assert_stands_alone(html)
    assert page.text.count('<script>alert("1")') >= 14
    assert len(page.all("h1")) == 1
    assert len(page.all("svg")) == 3  # two swatches and a chart


def test_the_best_of_a_column_is_said_not_only_shown() -> None:
    assert "(best)" in Page(every_part(Row("a", (Cell("35 %", is_best=True),)))).text
    assert "(best)" not in Page(every_part(Row("a", (Cell("35 %"),)))).text


def test_bars_and_effects_stay_inside_their_cells() -> None:
    assert Cell("120 %", 1.2).filled == "1.000"
    assert "--v:1.000" in every_part(Row("a", (Cell("120 %", 1.2),)))
    places = effect(0.1, float("-inf"), float("inf"), (-0.2, 0.2))
    assert (places["low"], places["zero"], places["high"]) == (0.0, 0.5, 1.0)
    assert "--low:0.0000" in every_part(Row("a", (Cell(effect=places),)))


def test_it_follows_the_dark_a_narrow_screen_and_paper() -> None:
    html = every_part()
    for rule in ("prefers-color-scheme:dark", "max-width:640px", "@media print"):
        assert rule in html
    assert 'name="viewport"' in html
    named, defined = (set(re.findall(rule, html)) for rule in (r"var\(--(\w+)", r"--(\w+):"))
    in_cells = {"v", "low", "mid", "high", "zero"}
    assert named - defined <= in_cells


def test_a_value_that_is_not_given_is_an_error_not_a_gap() -> None:
    given = {"title": "a", "alt": "b", "picture": ""}
    for name in given:
        with pytest.raises(jinja2.UndefinedError, match=f"'{name}' is undefined"):
            render("report.html", **{key: v for key, v in given.items() if key != name})
    for template in ("compare.html", "simulate.html", "monitor.html", "map.html"):
        with pytest.raises(jinja2.UndefinedError):
            render(template, title="a", meta="b", small_print={})
    with pytest.raises(jinja2.UndefinedError, match="has no attribute 'style'"):
        every_part(Line("not a row", ()))  # type: ignore[arg-type]


def test_little_is_taken_unescaped() -> None:
    templates = {p.name: p.read_text(encoding="utf-8") for p in (ROOM / "templates").iterdir()}
    assert set(ENVIRONMENT.list_templates()) == set(templates)
    unescaped = {name: re.findall(r"\w+(?:\.\w+)?\|safe", text) for name, text in templates.items()}
    assert {name: marked for name, marked in unescaped.items() if marked} == {
        "macros.html": ["chart.svg|safe"]
    }
    assert not [name for name, text in templates.items() if "autoescape" in text]
    for name in ("style.css", "map.css", "map.js"):
        assert "</" not in static(name)


def test_templates_and_styles_are_installed() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    patterns = tool["setuptools"]["package-data"]["djlib.reporting"]
    installed = {file for pattern in patterns for file in ROOM.glob(pattern)}
    assert installed == {p for p in ROOM.rglob("*.*") if p.suffix in (".html", ".css", ".js")}


def test_help_loads_no_templates() -> None:
    assert "jinja2" not in loaded_after(HELP.format(arguments=["--help"]))


def test_a_hostile_name_in_the_monitor_is_only_a_name() -> None:
    days = (("2026-01-01", 0.1), ("2026-01-02", 0.3))
    look = Look("input", HOSTILE, "moved", 0.3, 0.001, HOSTILE, days)
    run = JobRun(1, "monitor", "", HOSTILE, "2026-01-02", None, "done", 0.1, 1, HOSTILE, {})
    html = monitor_page([Story("buckets", "2026-01-02", HOSTILE, [look])], [run], "2026-01-02")
    page = assert_stands_alone(html)
    assert page.text.count('<script>alert("1")') >= 7
    assert len(page.all("tr")) == 4


def test_a_map_holds_hostile_names_as_data() -> None:
    names = [HOSTILE, "<script>", "</script><!--", "line\u2028end", "Größe"]
    html = map_page(HOSTILE, np.eye(5, 2), names, names, {HOSTILE: names, "a": ["b"] * 5})
    page = Page(html)
    assert [script.get("type") for script in page.all("script")] == ["application/json", None]
    assert page.text.startswith('<script>alert("1")')
    assert "http" not in html
    held = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert held is not None
    data = json.loads(held[1])
    assert data["names"] == data["notes"] == names
    assert data["x"] == [10000, 0, 0, 0, 0]
    assert list(data["by"]) == [HOSTILE, "a"]
    assert [data["by"][HOSTILE]["words"][code] for code in data["by"][HOSTILE]["codes"]] == names


def test_rare_words_of_a_map_share_a_colour() -> None:
    words = [str(n) for n in range(20)] + ["0"]
    html = map_page("a", np.zeros((21, 2)), words, words, {"genre": words})
    assert '"others"' in html
    assert '"counts": [2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8]' in html
