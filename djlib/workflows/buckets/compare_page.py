"""A comparison as a page to look at: verdict, figures, effects, mistakes, honesty, fewer labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...bucketing.comparison.model_comparison import CVResult, FoldKindResult
from ...bucketing.comparison.paired_tests import Effect, PairedComparison
from ...evaluation.calibration import reliability
from ...evaluation.confusion import Mistake, confusion_table, worst_mistakes
from ...reporting.pages import Cell, Chart, Row, effect, render
from ...reporting.palette import SERIES
from ...reporting.svg import (
    Line,
    coverage_chart,
    coverage_curve,
    learning_chart,
    reliability_diagram,
)
from .compare_words import (
    DUEL_HEADINGS,
    KINDS,
    columns,
    headline,
    how,
    meta,
    p_value,
    points,
    saved,
    sentences,
    short_names,
    title,
)
from .comparison import CompareReport

_DASHES = ("1 4", "5 3", "10 3 2 3", "14 4")
_VERDICTS = {"better": "better", "worse": "worse", "cannot tell": "cannot"}
_LEAST_SCALE = 0.02
_ROOM = 0.2
"""Share of an axis that either side of 0 keeps."""


def compare_page(report: CompareReport) -> str:
    """The comparison as one HTML file."""
    styles = _styles(report)
    compared = [result for result in report.rounds if result.against]
    return render(
        "compare.html",
        title=title(report),
        meta=meta(report),
        headline=headline(report),
        sentences=sentences(report),
        is_multi=report.is_multi,
        headings=["model", *(column.heading for column in columns(report.is_multi))],
        duel_headings=list(DUEL_HEADINGS[1:]),
        rounds=[_round(report, result, styles) for result in report.rounds],
        saved=[Row(name, tuple(map(Cell, rest))) for name, *rest in saved(report)],
        shown=_shown(compared, styles) if compared else None,
        small_print=how(report),
        **_learning_curves(report, styles),
    )


def _round(
    report: CompareReport, result: FoldKindResult, styles: dict[str, Line]
) -> dict[str, Any]:
    ends = _scale([d.accuracy for d in result.comparisons])
    return {
        "tracks": KINDS[result.kind],
        "is_stratified": result.kind == "stratified",
        "n": result.n,
        "n_buckets": len(result.buckets),
        "against": result.against,
        "rows": _rows(report, result, styles),
        "effects": [_effect_row(d, ends) for d in result.comparisons],
        "scale": [100 * end for end in ends],
    }


def _rows(report: CompareReport, compared: FoldKindResult, styles: dict[str, Line]) -> list[Row]:
    shown = columns(report.is_multi)
    best = [column.best(compared.results) for column in shown]
    rows = []
    for result in compared.results:
        if result.failed:
            cells = [Cell(f"failed: {result.failed}", style="wrap", span=len(shown))]
        else:
            cells = [
                Cell(
                    words := column.write(result),
                    column.value(result) if column.is_share else None,
                    words == top,
                )
                for column, top in zip(shown, best, strict=True)
            ]
        kind = "" if result.name in report.asked else "simple"
        rows.append(Row(result.name, tuple(cells), kind, styles[result.name]))
    return rows


def _scale(effects: Sequence[Effect]) -> tuple[float, float]:
    """Ends of an axis with room for all intervals that have an end, and for both sides of 0."""
    reach = [v for e in effects for v in (e.low, e.high) if abs(v) <= 1]
    low, high = min([*reach, -_LEAST_SCALE]), max([*reach, _LEAST_SCALE])
    room = _ROOM * (high - low)
    return min(low - room / 4, -room), max(high + room / 4, room)


def _effect_row(d: PairedComparison, ends: tuple[float, float]) -> Row:
    a = d.accuracy
    style = _VERDICTS[d.verdict]
    return Row(
        d.name,
        (
            Cell(effect=effect(a.difference, a.low, a.high, ends), style=f"effects {style}"),
            Cell(points(a), style="words"),
            Cell(f"{d.fixed}/{d.broken}"),
            Cell(p_value(d.p_rows_adjusted)),
            Cell(p_value(d.p_folds_adjusted)),
            Cell(d.verdict, style=f"words {style}"),
        ),
    )


def _shown(rounds: Sequence[FoldKindResult], styles: dict[str, Line]) -> dict[str, Any]:
    """Mistakes and calibration of the model the first kind of folds is held against, and what
    each kind costs in coverage."""
    first = rounds[0]
    result = first.result(first.against)
    buckets = short_names(first.buckets)
    whole = [s for s in first.results if not s.failed]
    return {
        "against": first.against,
        "tracks": KINDS[first.kind],
        "mistakes": [_mistake(m) for m in worst_mistakes(result.confusion, buckets)],
        "matrix": confusion_table(result.confusion, buckets),
        "buckets": _buckets(result),
        "reliability": [_reliability(s, styles[s.name]) for s in whole],
        "coverage": [_coverage(one, styles) for one in rounds],
    }


def _mistake(m: Mistake) -> str:
    share = 100 * m.count / m.tracks
    return f"{m.count} of {m.tracks} tracks of {m.truth} ({share:.0f} %) were put into {m.said}."


def _buckets(result: CVResult) -> list[Row]:
    figures = result.figures["per_bucket"]
    named = zip(short_names(list(figures)), figures.values(), strict=True)
    return [
        Row(
            bucket,
            (
                Cell(f"{f['tracks']:.0f}"),
                Cell(f"{100 * f['recall']:.0f} %", f["recall"]),
                Cell(f"{100 * f['precision']:.0f} %", f["precision"]),
            ),
        )
        for bucket, f in sorted(named, key=lambda item: -item[1]["tracks"])
    ]


def _coverage(result: FoldKindResult, styles: dict[str, Line]) -> Chart:
    lines = [
        _drawn(styles[s.name], coverage_curve(s.confidence, s.correct))
        for s in result.results
        if not s.failed
    ]
    return Chart(coverage_chart(lines), "Right of those answered", f"on {KINDS[result.kind]}")


def _reliability(result: CVResult, line: Line) -> Chart:
    bins = reliability(result.confidence, result.correct)
    off = float(result.figures["calibration_error"])
    drawn = reliability_diagram(result.name, bins, line.colour)
    return Chart(drawn, result.name, f"off by {100 * off:.1f} points")


def _learning_curves(report: CompareReport, styles: dict[str, Line]) -> dict[str, Any]:
    """Figures over the number of labels; empty where they were not measured."""
    named = [n for n in styles if any(p.name == n for p in report.curve)]
    points_of = {n: [p for p in report.curve if p.name == n] for n in named}
    right = [_drawn(styles[n], [(p.labels, p.accuracy) for p in points_of[n]]) for n in named]
    loss = [_drawn(styles[n], [(p.labels, p.log_loss) for p in points_of[n]]) for n in named]
    if not named:
        return {"lines": [], "curves": []}
    charts = [
        Chart(learning_chart(right, "right", shares=True), "Right", "higher is better"),
        Chart(learning_chart(loss, "log-loss", shares=False), "Log-loss", "lower is better"),
    ]
    return {"lines": right, "curves": charts}


def _styles(report: CompareReport) -> dict[str, Line]:
    """How each model is drawn throughout: a colour each, the simple ones grey and dashed."""
    simple = [n for n in report.models if n not in report.asked]
    styles = {
        name: Line(name, (), SERIES[i % len(SERIES)], "" if i < len(SERIES) else "5 3", 2.4)
        for i, name in enumerate(report.asked)
    }
    dashes = {name: _DASHES[i % len(_DASHES)] for i, name in enumerate(simple)}
    return styles | {name: Line(name, (), "soft", dash, 1.5) for name, dash in dashes.items()}


def _drawn(style: Line, points: Sequence[tuple[float, float]]) -> Line:
    return Line(style.name, tuple(points), style.colour, style.dash, style.width)
