"""A simulation as a page to look at: who found most, how soon, how honest they were."""

from __future__ import annotations

from ..bandit.simulate import ORACLE, Mean, Standing
from ..evaluation.game_charts import found_chart, honesty_chart, share_chart
from ..evaluation.palette import SERIES
from ..evaluation.report import (
    Cell,
    Row,
    Section,
    figure,
    items,
    legend,
    page,
    side_by_side,
    swatch,
    table,
)
from ..evaluation.svg import Line
from .simulate import SimulateReport
from .simulate_words import FIGURES, headline, how, interval, meta, sentences

_GREY = {"random": "1 4", ORACLE: "10 3 2 3"}


def simulate_page(report: SimulateReport) -> str:
    """The simulation as one HTML file."""
    styles = _styles(report.standings)
    sections = [
        Section(headline(report), "", items(sentences(report)), "verdict"),
        _found(report, styles),
        _figures(report, styles),
    ]
    if report.honesty:
        sections.append(_honesty(report, styles))
    sections += _carried(report)
    return page("Policies played on a labelled pool", meta(report), sections, how(report))


def _found(report: SimulateReport, styles: dict[str, Line]) -> Section:
    step = report.rules.k
    curves, shares = [], []
    for standing in report.standings:
        points = [(0.0, 0.0)]
        points += [(step * (b + 1.0), m.mean) for b, m in enumerate(standing.curve)]
        curves.append(_drawn(styles[standing.name], points))
        shares.append(_drawn(styles[standing.name], _by_batch(standing.curve, step)))
    charts = (
        figure(found_chart(curves), "Keepers found", "by how many were asked about"),
        figure(
            share_chart(shares, report.base_rate), "Share kept in each batch", "dotted: base rate"
        ),
    )
    intro = (
        "The steeper, the better the choice. What the oracle finds is all there was; a curve that "
        "flattens may have found most of it."
    )
    return Section("How soon", intro, legend(styles.values()) + side_by_side(charts))


def _by_batch(curve: tuple[Mean, ...], step: int) -> list[tuple[float, float]]:
    so_far = [0.0, *(point.mean for point in curve)]
    gains = [after - before for before, after in zip(so_far, so_far[1:], strict=False)]
    return [(batch + 1.0, gain / step) for batch, gain in enumerate(gains)]


def _figures(report: SimulateReport, styles: dict[str, Line]) -> Section:
    top = max((_mean(s, "rate") for s in report.standings), default=1.0) or 1.0
    rows = []
    for standing in report.standings:
        cells = [
            Cell(f.of(standing), _mean(standing, "rate") / top if f.name == "rate" else None)
            for f in FIGURES
        ]
        kind = "simple" if standing.name in _GREY else ""
        rows.append(Row(standing.name, tuple(cells), kind, swatch(styles[standing.name])))
    caption = f"Means over {report.seeds} games. What each column means stands at the end."
    headings = ["policy", *(f.heading for f in FIGURES)]
    return Section("The figures", "", table(headings, rows, caption=caption))


def _honesty(report: SimulateReport, styles: dict[str, Line]) -> Section:
    charts = []
    for name, bins in report.honesty.items():
        standing = next(s for s in report.standings if s.name == name)
        off = f"off by {100 * _mean(standing, 'ece_aside'):.1f} points"
        charts.append(figure(honesty_chart(name, bins, styles[name].colour), name, off))
    intro = (
        "Across: the probability that was said of random rows. Up: the share that were keepers. "
        "On the dashed line a probability means what it says."
    )
    return Section("Can its probabilities be trusted?", intro, side_by_side(charts, "multiples"))


def _carried(report: SimulateReport) -> list[Section]:
    sections = []
    if report.transfers:
        rows = [
            Row(t.policy, (Cell(interval(t.rate)), Cell(interval(t.rate_without)),
                           Cell(interval(t.gain))))
            for t in report.transfers
        ]  # fmt: skip
        first = report.transfers[0]
        intro = (
            f"Keepers found outside {first.genre} (base rate {100 * first.base_rate:.1f} %), with "
            f"and without the {first.known} answers inside it known beforehand."
        )
        headings = ["policy", f"knowing {first.genre}", "not knowing it", "gain"]
        sections.append(Section("From one genre to the others", intro, table(headings, rows)))
    if report.few_shots:
        rows = [
            Row(f"{f.policy}, {f.shots} answers", (Cell(interval(f.brier, "{:.3f}".format)),))
            for f in report.few_shots
        ]
        intro = (
            "Mean squared error on an artist's other records after so many answers about the "
            f"artist: lower is better. Artists with enough records: {report.few_shots[0].artists}."
        )
        drawn = table(["policy", "Brier"], rows)
        sections.append(Section("A new artist", intro, drawn, "long bars"))
    return sections


def _styles(shown: list[Standing]) -> dict[str, Line]:
    learners = [s.name for s in shown if s.name not in _GREY]
    styles = {}
    for standing in shown:
        name = standing.name
        if name in _GREY:
            styles[name] = Line(name, (), "soft", _GREY[name], 1.5)
        else:
            place = learners.index(name)
            dash = "" if place < len(SERIES) else "5 3"
            styles[name] = Line(name, (), SERIES[place % len(SERIES)], dash, 2.2)
    return styles


def _drawn(style: Line, points: list[tuple[float, float]]) -> Line:
    return Line(style.name, tuple(points), style.colour, style.dash, style.width)


def _mean(standing: Standing, name: str) -> float:
    found = standing.figures.get(name)
    return found.mean if found else 0.0
