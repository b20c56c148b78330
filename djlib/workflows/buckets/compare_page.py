"""A comparison as a page to look at: verdict, figures, effects, mistakes, honesty, fewer labels."""

from __future__ import annotations

from collections.abc import Sequence

from ...bucketing.comparison.model_comparison import CVResult, FoldKindResult
from ...bucketing.comparison.paired_tests import Effect, PairedComparison
from ...evaluation.confusion import Mistake, confusion_table, worst_mistakes
from ...reporting.pages import (
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
    swatch,
    table,
    text,
)
from ...reporting.palette import SERIES
from ...reporting.svg import Line, coverage_chart, coverage_curve, learning_chart, reliability_chart
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
    sections = [Section(headline(report), "", items(sentences(report)), "verdict")]
    sections += [_round(report, found) for found in report.rounds]
    if report.saved:
        sections.append(_saved(report))
    shown = next((found for found in report.rounds if found.against), None)
    if shown:
        sections += [_mistakes(shown, report.is_multi), _buckets(shown), _honesty(report, shown)]
    if report.curve:
        sections.append(_curve(report))
    return page(title(report), meta(report), sections, how(report))


def _round(report: CompareReport, found: FoldKindResult) -> Section:
    shown = columns(report.is_multi)
    best = [column.best(found.results) for column in shown]
    style = _styles(report)
    rows = []
    for result in found.results:
        kind = "" if result.name in report.asked else "simple"
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
        rows.append(Row(result.name, tuple(cells), kind, swatch(style[result.name])))
    headings = ["model", *(column.heading for column in shown)]
    caption = "A star marks the best of each column. Grey: simple models that any other must beat."
    intro = (
        f"{found.n:,} tracks in {len(found.buckets)} buckets, each answered by a model that had "
        f"not seen {'it' if found.kind == 'stratified' else 'any track of its lead artist'}."
    )
    body = table(headings, rows, caption=caption) + _effects(found)
    return Section(f"On {KINDS[found.kind]}", intro, body)


def _effects(found: FoldKindResult) -> str:
    if not found.comparisons:
        return ""
    ends = _scale([d.accuracy for d in found.comparisons])
    rows = [_effect_row(d, ends) for d in found.comparisons]
    left, right = (f"{100 * end:+.0f}" for end in ends)
    headings = [
        "model",
        f"{left} \u2190 worse \u00b7 better \u2192 {right} points",
        *DUEL_HEADINGS[1:],
    ]
    drawn = table(headings, rows, words=",".join((headings[1], DUEL_HEADINGS[1], "verdict")))
    return subheading(f"Share right, held against {found.against}") + drawn


def _scale(effects: Sequence[Effect]) -> tuple[float, float]:
    """Ends of an axis with room for all intervals that have an end, and for both sides of 0."""
    reach = [v for e in effects for v in (e.low, e.high) if abs(v) <= 1]
    low, high = min([*reach, -_LEAST_SCALE]), max([*reach, _LEAST_SCALE])
    room = _ROOM * (high - low)
    return min(low - room / 4, -room), max(high + room / 4, room)


def _effect_row(d: PairedComparison, ends: tuple[float, float]) -> Row:
    a = d.accuracy
    drawn = effect(a.difference, a.low, a.high, ends)
    style = _VERDICTS[d.verdict]
    return Row(
        d.name,
        (
            Cell(html=drawn, style=f"effects {style}"),
            Cell(points(a), style="words"),
            Cell(f"{d.fixed}/{d.broken}"),
            Cell(p_value(d.p_rows_adjusted)),
            Cell(p_value(d.p_folds_adjusted)),
            Cell(d.verdict, style=f"words {style}"),
        ),
    )


def _saved(report: CompareReport) -> Section:
    rows = [Row(name, tuple(Cell(words) for words in rest)) for name, *rest in saved(report)]
    intro = (
        "Versions exactly as they were saved, on tracks kept aside that none of them has learned "
        "from. A model that is no saved version has learned from all other tracks."
    )
    return Section("As saved", intro, table(["model", "right", "difference", "verdict"], rows))


def _mistakes(found: FoldKindResult, is_multi: bool) -> Section:
    result = found.result(found.against)
    buckets = short_names(found.buckets)
    worst = worst_mistakes(result.confusion, buckets)
    body = items(_mistake(m) for m in worst) + share_or_count(
        confusion_table(result.confusion, buckets)
    )
    several = (
        " A track of several buckets stands in its rarest, unless any of them was found."
        if is_multi
        else ""
    )
    intro = f"What {found.against} takes for what, on {KINDS[found.kind]}. Buckets that are taken"
    return Section(
        "Where it goes wrong", f"{intro} for each other stand side by side.{several}", body, "long"
    )


def _mistake(m: Mistake) -> str:
    share = 100 * m.count / m.tracks
    return f"{m.count} of {m.tracks} tracks of {m.truth} ({share:.0f} %) were put into {m.said}."


def _buckets(found: FoldKindResult) -> Section:
    figures = found.result(found.against).figures["per_bucket"]
    named = zip(short_names(list(figures)), figures.values(), strict=True)
    ranked = sorted(named, key=lambda item: -item[1]["tracks"])
    rows = [
        Row(
            bucket,
            (
                Cell(f"{f['tracks']:.0f}"),
                Cell(f"{100 * f['recall']:.0f} %", f["recall"]),
                Cell(f"{100 * f['precision']:.0f} %", f["precision"]),
            ),
        )
        for bucket, f in ranked
    ]
    intro = (
        f"{found.against} on {KINDS[found.kind]}. Found: share of the bucket's tracks that were "
        "put into it. Right when said: share of what was put into it that belongs there."
    )
    drawn = table(["bucket", "tracks", "found", "right when said"], rows)
    return Section("Bucket by bucket", intro, drawn, "long bars")


def _honesty(report: CompareReport, found: FoldKindResult) -> Section:
    styles = _styles(report)
    honest = [_reliability(s, styles[s.name]) for s in found.results if not s.failed]
    body = (
        side_by_side(honest, "multiples")
        + subheading("What it costs to be sure")
        + text(
            "Answer only the surest tracks and more answers are right. The further right a curve "
            "stays above the dotted line, the more tracks it can answer at that precision."
        )
        + side_by_side([_coverage(other, styles) for other in report.rounds if other.against])
    )
    intro = (
        "Across: how sure a model was. Up: how often it was right. On the dashed line a confidence "
        f"means what it says. Measured on {KINDS[found.kind]}."
    )
    return Section("Can its confidence be trusted?", intro, body)


def _coverage(found: FoldKindResult, styles: dict[str, Line]) -> str:
    lines = [
        _drawn(styles[s.name], coverage_curve(s.confidence, s.correct))
        for s in found.results
        if not s.failed
    ]
    return figure(coverage_chart(lines), "Right of those answered", f"on {KINDS[found.kind]}")


def _reliability(result: CVResult, line: Line) -> str:
    drawn = reliability_chart(result.name, result.confidence, result.correct, line.colour)
    off = float(result.figures["calibration_error"])
    return figure(drawn, result.name, f"off by {100 * off:.1f} points")


def _curve(report: CompareReport) -> Section:
    styles = _styles(report)
    named = [n for n in styles if any(p.name == n for p in report.curve)]
    points_of = {n: [p for p in report.curve if p.name == n] for n in named}
    right = [_drawn(styles[n], [(p.labels, p.accuracy) for p in points_of[n]]) for n in named]
    loss = [_drawn(styles[n], [(p.labels, p.log_loss) for p in points_of[n]]) for n in named]
    charts = (
        figure(learning_chart(right, "right", shares=True), "Right", "higher is better"),
        figure(learning_chart(loss, "log-loss", shares=False), "Log-loss", "lower is better"),
    )
    intro = (
        "How good each model is when it learns from fewer labels, on new tracks. A curve that "
        "still rises at the end says that more labels would help."
    )
    return Section("With fewer labels", intro, legend(right) + side_by_side(charts))


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
