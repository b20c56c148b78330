"""A report as one HTML file: no network, no script, every word of the user's escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from .palette import DARK, FONT, LIGHT
from .svg import Line

_LAYOUT = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.55 FONT;
 font-variant-numeric:tabular-nums;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:1120px;margin:0 auto;padding:2.5rem 1.25rem 4rem}
header{margin-bottom:1.75rem}
h1{font-size:clamp(1.5rem,1.1rem + 1.8vw,2.15rem);line-height:1.2;margin:0 0 .4rem;
 letter-spacing:-.015em;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .35rem;letter-spacing:-.005em}
h3{font-size:1rem;margin:1.6rem 0 .4rem}
p{margin:.3rem 0 .8rem;max-width:46rem;overflow-wrap:anywhere}
.meta,.note,figcaption,caption{color:var(--soft);font-size:.875rem}
section{background:var(--card);border:1px solid var(--faint);border-radius:12px;
 padding:1.4rem 1.5rem 1.5rem;margin:0 0 1.25rem;min-width:0}
section.verdict{border-left:5px solid var(--accent)}
section.verdict p{font-size:1.03rem}
ul{margin:.4rem 0;padding-left:1.1rem;max-width:52rem}
li{margin:.25rem 0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.6rem -1.5rem 0;padding:0 1.5rem}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:-2px}
table{border-collapse:collapse;font-size:.9rem;width:100%}
caption{text-align:left;caption-side:bottom;padding-top:.6rem;font-size:.8125rem}
th,td{padding:.42rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--faint)}
thead th{color:var(--soft);font-weight:600;font-size:.8125rem;vertical-align:bottom}
tbody th{font-weight:600}
tr>:first-child{text-align:left;padding-left:0}
td.words,th.words{text-align:left}
td.wrap{white-space:normal;text-align:left;min-width:14rem}
tr.simple th{font-weight:400;color:var(--soft)}
.bar{display:inline-block;min-width:4.6rem;padding-bottom:3px;background:
 linear-gradient(var(--tint),var(--tint)) 0 100%/calc(var(--v)*100%) 3px no-repeat,
 linear-gradient(var(--faint),var(--faint)) 0 100%/100% 3px no-repeat}
tr.simple .bar{--tint:var(--soft)}
.bar{--tint:var(--accent)}
.best{font-weight:700;position:relative}
.best::after{content:"\\2605";color:var(--accent);font-size:.75em;position:absolute;left:100%;
 bottom:.1em;padding-left:.2em}
.better{color:var(--good);font-weight:600}.worse{color:var(--bad);font-weight:600}
.cannot{color:var(--soft)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
 white-space:nowrap}
.swatch{width:26px;height:10px;margin-right:.5rem;vertical-align:middle;overflow:visible}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;margin:.5rem 0 .4rem;padding:0;
 font-size:.875rem}
.legend li{margin:0}
.grid-2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1.25rem}
.multiples{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(46%,11rem),1fr));gap:1rem}
figure{margin:0;min-width:0}
figure svg{display:block;width:100%;max-width:36rem;height:auto}
figcaption{margin-top:.2rem}
.bars table{max-width:52rem}.bars tbody th{font-weight:400}.bars .bar{min-width:min(13rem,26vw)}
figcaption b{color:var(--ink)}
svg text{font:12px FONT;fill:var(--soft)}
svg text.goal{fill:var(--good);font-weight:600}
svg text.name{font-size:11px}
svg .grid{stroke:var(--faint);stroke-width:1;fill:none}
svg .line{fill:none;stroke-linejoin:round;stroke-linecap:round}
.effect{position:relative;display:block;height:1.5rem;min-width:15rem;width:100%}
.effect::before{content:"";position:absolute;left:calc(var(--zero)*100%);top:-.45rem;bottom:-.45rem;
 border-left:1px dashed var(--soft)}
.effect i{position:absolute;left:calc(var(--low)*100%);width:calc((var(--high) - var(--low))*100%);
 top:50%;height:3px;margin-top:-1.5px;border-radius:2px;background:currentColor;min-width:2px}
.effect b{position:absolute;left:calc(var(--mid)*100%);top:50%;width:11px;height:11px;
 margin:-5.5px;border-radius:50%;background:currentColor;border:2px solid var(--card)}
td.effects{width:45%;text-align:left}
.scale{display:flex;justify-content:space-between;font-weight:400}
.matrix{width:auto;font-size:.8rem;line-height:1.1}
.matrix th,.matrix td{border:0}
.matrix thead th:nth-child(n+3){padding:.2rem .1rem;width:2.5rem}
.matrix thead th:nth-child(n+3) span{writing-mode:vertical-rl;transform:rotate(180deg);
 display:inline-block;max-height:9.5rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.matrix tbody th{position:sticky;left:0;background:var(--card);z-index:1;font-weight:400;
 padding:.1rem .5rem .1rem 0}
.matrix tbody th span{display:inline-block;max-width:13rem;overflow:hidden;text-overflow:ellipsis;
 vertical-align:middle}
.matrix tbody td{text-align:center;padding:0;min-width:2.5rem;height:2.1rem;--c:var(--second);
 background:color-mix(in srgb,var(--c) calc(var(--v,0)*92%),transparent);
 border:1px solid var(--card);
 box-shadow:inset 0 0 0 1px color-mix(in srgb,var(--faint) 45%,transparent)}
.matrix tbody td.hit{--c:var(--accent)}
.matrix tbody td.n{background:none;box-shadow:none;color:var(--soft);text-align:right;
 padding-right:.6rem}
.matrix td.strong{color:var(--card);font-weight:600}
@media screen and (prefers-color-scheme:dark){.matrix td.mid{color:var(--card);font-weight:600}}
.matrix.small{font-size:.6875rem}
.matrix.small tbody td{min-width:1.45rem;height:1.45rem}
.matrix.small thead th:nth-child(n+3){width:1.45rem}
.matrix.small thead th:nth-child(n+3) span{max-height:11rem}
.matrix.small tbody th span{max-width:11rem}
.matrix caption{caption-side:top;padding:0 0 .4rem}
.either{display:flex;gap:1rem;font-size:.875rem;margin:.6rem 0 .2rem}
.either label{cursor:pointer}
.either input{accent-color:var(--accent);margin:0 .35rem 0 0}
.share-or-count:has(input[value=share]:checked) .count,
.share-or-count:has(input[value=count]:checked) .share{display:none}
details summary{cursor:pointer;color:var(--accent);font-weight:600}
footer{color:var(--soft);font-size:.8125rem;margin-top:2rem}
footer dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:.5rem 0}
footer dt{font-weight:600}footer dd{margin:0;overflow-wrap:anywhere}
@media (max-width:640px){main{padding:1.5rem .75rem 3rem}
 section{padding:1.1rem 1rem 1.2rem;border-radius:10px}
 .scroll{margin:.6rem -1rem 0;padding:0 1rem}
 th,td{padding:.4rem .5rem}
 .pinned tr>:first-child{position:sticky;left:0;background:var(--card);z-index:1;
  min-width:6rem;max-width:9rem;white-space:normal;overflow-wrap:break-word}
 .matrix tbody th span{max-width:7rem}
 footer dl{grid-template-columns:1fr}footer dd{margin-bottom:.4rem}}
@media print{body{background:#fff;font-size:11pt}main{max-width:none;padding:0}
 section{border-color:#bbb;break-inside:avoid-page}section.long{break-inside:auto}
 .scroll{overflow:visible}.either{display:none}
 h2,h3{break-after:avoid}figure{break-inside:avoid}}
"""


def style() -> str:
    """The style sheet of every page."""
    light = f":root{{color-scheme:light dark;{LIGHT.css()}}}"
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{DARK.css()}}}}}"
    return light + dark + _LAYOUT.replace("FONT", FONT)


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
