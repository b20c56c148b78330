"""Pages from Jinja2 templates: one HTML file each, no network, every word of the user's escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..tables.plain_json import json_text
from .palette import DARK, FONT, LIGHT
from .svg import Line


@dataclass(frozen=True)
class Cell:
    """One figure of a table: its words, a bar of 0 to 1 beneath, whether it is the best of its
    column, a CSS class, the columns it takes; `effect` is drawn instead of words."""

    words: str = ""
    bar: float | None = None
    is_best: bool = False
    style: str = ""
    span: int = 1
    effect: Mapping[str, float] | None = None

    @property
    def filled(self) -> str:
        """How much of the bar is filled, 0 to 1, as CSS reads it."""
        return f"{min(max(self.bar or 0.0, 0.0), 1.0):.3f}"


@dataclass(frozen=True)
class Row:
    """A line of a table, headed by `name`; `line` is how a chart draws what it is of."""

    name: str
    cells: tuple[Cell, ...]
    style: str = ""
    line: Line | None = None


@dataclass(frozen=True)
class Chart:
    """SVG text of `reporting.svg` with its name and a word on it."""

    svg: str
    name: str
    caption: str = ""


def effect(
    difference: float, low: float, high: float, ends: tuple[float, float]
) -> dict[str, float]:
    """Where an estimate, its interval and 0 lie on a scale from one end (0) to the other (1).

    >>> effect(0.1, 0.0, 0.5, (-0.2, 0.2))["high"]
    1.0
    """
    span = (ends[1] - ends[0]) or 1.0
    values = (("low", low), ("mid", difference), ("high", high), ("zero", 0.0))
    return {name: min(max((value - ends[0]) / span, 0.0), 1.0) for name, value in values}


def static(name: str) -> Markup:
    """A file of `static/`, to stand in a page as it is."""
    return Markup((files(__package__) / "static" / name).read_text(encoding="utf-8"))


def colours() -> Markup:
    """The palette as CSS variables, in daylight and in the dark."""
    light = f":root{{color-scheme:light dark;--font:{FONT};{LIGHT.css()}}}"
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{DARK.css()}}}}}"
    return Markup(light + dark)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("djlib.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"static": static, "colours": colours}
    environment.policies |= {"json.dumps_function": json_text, "json.dumps_kwargs": {}}
    return environment


ENVIRONMENT = _environment()
"""Every page's: a web service that serves `static/` itself puts its own `static` in an overlay."""


def render(template: str, **values: Any) -> str:
    """Give the page a template makes of `values`; words are escaped.

    Raises `jinja2.UndefinedError` where the template asks for a value that is not given.

    >>> html = render("report.html", title="A & B", alt="A chart", picture="")
    >>> html.startswith("<!doctype html>"), "A &amp; B" in html, "<script" in html
    (True, True, False)
    """
    return ENVIRONMENT.get_template(template).render(values)


_STEPS = 10_000
_MOST_COLOURS = 12


def map_page(
    title: str,
    points: np.ndarray,
    names: Sequence[str],
    notes: Sequence[str],
    colourings: Mapping[str, Sequence[str]],
) -> str:
    """Draw (n, 2) points in -1..1: `names` stand beside them where there is room and with `notes`
    under the pointer, `colourings` are ways to colour them, each a word for every point.

    >>> page = map_page("Taste", np.zeros((1, 2)), ["<b>"], [""], {"keeper": ["kept"]})
    >>> "<b>" in page, page.startswith("<!doctype html>")
    (False, True)
    """
    places = np.round(points * _STEPS).astype(int)
    data = {
        "x": places[:, 0],
        "y": places[:, 1],
        "names": names,
        "notes": notes,
        "by": {name: _coded(words) for name, words in colourings.items()},
    }
    return render("map.html", title=title, data=data, n_records=len(names))


def _coded(words: Sequence[str]) -> dict[str, Any]:
    """Words as numbers, the commonest first; the rarest are one."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    common = ranked[:_MOST_COLOURS] if len(ranked) > _MOST_COLOURS + 1 else ranked
    place = {word: number for number, word in enumerate(common)}
    names = [*common, "others"] if len(common) < len(ranked) else common
    return {
        "words": names,
        "counts": [counts.get(w, len(words) - sum(counts[k] for k in common)) for w in names],
        "codes": [place.get(word, len(common)) for word in words],
    }
