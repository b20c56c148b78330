"""A report as one HTML file: no network, no script, every word of the user's escaped.

A page is a title, sections and small print; sections hold text, tables with bars, charts (SVG
text from the chart files) side by side. Other reports are made of the same parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from .page_style import style
from .svg import Line


@dataclass(frozen=True)
class Cell:
    """One figure of a table: its words, a bar of 0 to 1 beneath, whether it is the best of its
    column, a CSS class, the columns it takes; `html` is markup of our own instead of the words."""

    words: str = ""
    bar: float | None = None
    is_best: bool = False
    style: str = ""
    html: str = ""
    span: int = 1

    def markup(self) -> str:
        """The table cell."""
        inside = self.html or escape(self.words)
        if self.bar is not None:
            inside = f'<span class="bar" style="--v:{min(max(self.bar, 0), 1):.3f}">{inside}</span>'
        if self.is_best:
            inside = f'<span class="best">{inside}<span class="hidden"> (best)</span></span>'
        kind = f' class="{self.style}"' if self.style else ""
        span = f' colspan="{self.span}"' if self.span > 1 else ""
        return f"<td{kind}{span}>{inside}</td>"


@dataclass(frozen=True)
class Row:
    """A line of a table, headed by `name`."""

    name: str
    cells: tuple[Cell, ...]
    style: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a page: heading, an introduction in plain words, and what follows as HTML."""

    heading: str
    intro: str = ""
    body: str = ""
    style: str = ""

    def markup(self) -> str:
        """The section."""
        opened = f'<section class="{self.style}">' if self.style else "<section>"
        return f"{opened}<h2>{escape(self.heading)}</h2>{text(self.intro)}{self.body}</section>"


def page(title: str, meta: str, sections: Iterable[Section], small_print: Mapping[str, str]) -> str:
    """Give a whole page: `title` and `meta` (what, on what, when) on top, the small print below.

    >>> html = page("A & B", "today", [Section("Verdict", "A wins.")], {"seed": "0"})
    >>> html.startswith("<!doctype html>"), "A &amp; B" in html, "<script" in html
    (True, True, False)
    """
    terms = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in small_print.items()
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{style()}</style></head>\n<body><main><header>"
        f'<h1>{escape(title)}</h1><p class="meta">{escape(meta)}</p></header>\n'
        + "\n".join(section.markup() for section in sections)
        + f"\n<footer><h2>How this was measured</h2><dl>{terms}</dl></footer>"
        + "</main></body></html>\n"
    )


def text(words: str, style: str = "") -> str:
    """A paragraph; nothing where there are no words."""
    kind = f' class="{style}"' if style else ""
    return f"<p{kind}>{escape(words)}</p>" if words else ""


def items(sentences: Iterable[str]) -> str:
    """Sentences as a list."""
    listed = "".join(f"<li>{escape(words)}</li>" for words in sentences)
    return f"<ul>{listed}</ul>" if listed else ""


def subheading(words: str) -> str:
    """A heading inside a section."""
    return f"<h3>{escape(words)}</h3>"


def table(
    headings: Sequence[str], rows: Iterable[Row], *, caption: str = "", words: str = ""
) -> str:
    """A table that scrolls sideways where there is no room; the first heading is of the rows'
    names, `words` names the headings that stand left-aligned, by comma."""
    left = set(filter(None, words.split(",")))
    head = "".join(
        f'<th scope="col"{" class=words" if name in left else ""}>{escape(name)}</th>'
        for name in headings
    )
    body = "".join(
        f'<tr class="{row.style}"><th scope="row">{row.mark}{escape(row.name)}</th>'
        + "".join(cell.markup() for cell in row.cells)
        + "</tr>"
        for row in rows
    )
    below = f"<caption>{escape(caption)}</caption>" if caption else ""
    return scrolling(
        f'<table class="pinned">{below}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>',
        headings[0],
    )


def scrolling(inside: str, name: str) -> str:
    """What may be wider than the page, reachable by keyboard."""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="table: {escape(name)}">'
        f"{inside}</div>"
    )


def effect(difference: float, low: float, high: float, ends: tuple[float, float]) -> str:
    """An estimate with its interval on a scale from one end to the other, 0 marked."""
    span = (ends[1] - ends[0]) or 1.0
    at = {
        name: min(max((value - ends[0]) / span, 0.0), 1.0)
        for name, value in (("low", low), ("mid", difference), ("high", high), ("zero", 0.0))
    }
    places = ";".join(f"--{name}:{value:.4f}" for name, value in at.items())
    return f'<span class="effect" aria-hidden="true" style="{places}"><i></i><b></b></span>'


def figure(svg: str, name: str, caption: str = "") -> str:
    """A chart with its name and a word on it."""
    words = f"<b>{escape(name)}</b>" + (f" {escape(caption)}" if caption else "")
    return f"<figure>{svg}<figcaption>{words}</figcaption></figure>"


def side_by_side(figures: Iterable[str], style: str = "grid-2") -> str:
    """Charts next to each other, beneath each other where it is narrow."""
    return f'<div class="{style}">{"".join(figures)}</div>'


def swatch(line: Line) -> str:
    """How a series is drawn, beside its name."""
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    return (
        '<svg class="swatch" viewBox="0 0 26 10" aria-hidden="true"><path d="M0 5H26" '
        f'stroke="var(--{line.colour})" stroke-width="{max(line.width, 2)}"{dash}/></svg>'
    )


def legend(lines: Iterable[Line]) -> str:
    """The names of the series with how each is drawn."""
    named = "".join(f"<li>{swatch(line)}{escape(line.name)}</li>" for line in lines)
    return f'<ul class="legend">{named}</ul>'


def share_or_count(matrix: str) -> str:
    """A matrix with a choice between shares and counts, made without a script."""
    choice = "".join(
        f'<label><input type="radio" name="cells" value="{value}"{checked}>{words}</label>'
        for value, words, checked in (
            ("share", "% of the row", " checked"),
            ("count", "tracks", ""),
        )
    )
    return (
        '<div class="share-or-count"><div class="either" role="radiogroup" '
        f'aria-label="what the cells show">{choice}</div>{scrolling(matrix, "mistakes")}</div>'
    )
