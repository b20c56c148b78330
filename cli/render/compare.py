"""Models compared, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import bar, heading, line, percent, problems, table

if TYPE_CHECKING:
    from djlib.bucketing.comparison.model_comparison import FoldKindResult
    from djlib.workflows.buckets.comparison import CompareReport

_BAR = 5


def comparison(report: CompareReport) -> None:
    """Draw the verdict, the figures of each model and what the differences are worth."""
    from djlib.workflows.buckets.compare_words import headline, meta, sentences

    problems(report.problems)
    heading(headline(report))
    line(meta(report))
    for sentence in sentences(report):
        line(f"- {sentence}")
    for found in report.rounds:
        _round(report, found)
    _saved(report)
    _curve(report)


def _round(report: CompareReport, found: FoldKindResult) -> None:
    from djlib.workflows.buckets.compare_words import DUEL_HEADINGS, KINDS, columns, duel_row

    shown = [column for column in columns(report.is_multi) if column.is_brief]
    heading(f"On {KINDS[found.kind]}")
    rows = [
        [s.name, f"{bar(s.figures['accuracy'], _BAR)} {shown[0].write(s)}"]
        + [column.write(s) for column in shown[1:]]
        + [f"{s.fit_s:.2f} + {s.predict_s:.2f}"]
        for s in found.results
        if not s.failed
    ]
    names = [*(column.heading for column in shown), "fit + predict s"]
    table(["model", *names], rows, right=",".join(names[1:]))
    if found.comparisons:
        heading(f"Held against {found.against}")
        right = ",".join(DUEL_HEADINGS[2:5])
        table(list(DUEL_HEADINGS), [duel_row(d) for d in found.comparisons], right=right)


def _saved(report: CompareReport) -> None:
    from djlib.workflows.buckets.compare_words import saved

    if report.saved:
        heading("As saved, on tracks kept aside that none has learned from")
        table(["model", "right", "difference (95 %)", "verdict"], saved(report))


def _curve(report: CompareReport) -> None:
    if report.curve:
        heading("With fewer labels")
        rows = [
            (p.name, f"{p.labels:,}", f"{bar(p.accuracy)} {percent(p.accuracy)}",
             f"{p.log_loss:.3f}")
            for p in report.curve
        ]  # fmt: skip
        table(["model", "labels", "right", "log-loss"], rows, right="labels,log-loss")
