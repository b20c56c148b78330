"""A simulation, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import heading, line, problems, sparks, table

if TYPE_CHECKING:
    from djlib.workflows.keepers.simulate_report import SimulateReport


def simulation(report: SimulateReport) -> None:
    """Draw who found how many keepers, and what carries over."""
    from djlib.workflows.keepers.simulate_report import FIGURES, headline, interval, meta, sentences

    problems(report.problems)
    heading(headline(report))
    line(meta(report))
    for sentence in sentences(report):
        line(f"- {sentence}")
    line()
    shown = [figure for figure in FIGURES if figure.is_brief]
    names = [figure.heading for figure in shown]
    rows = [
        [s.name, *(figure.of(s) for figure in shown), sparks([point.mean for point in s.curve])]
        for s in report.standings
    ]
    table(["policy", *names, "found"], rows, right=",".join(names))
    if report.transfers:
        first = report.transfers[0]
        heading(f"Outside {first.genre}, knowing its {first.known} answers or not")
        cells = [
            [t.policy, interval(t.rate), interval(t.rate_without), interval(t.gain)]
            for t in report.transfers
        ]
        table(["policy", "knowing", "not knowing", "gain"], cells)
    if report.few_shots:
        heading(f"A new artist ({report.few_shots[0].artists} artists)")
        cells = [
            [f.policy, str(f.shots), interval(f.brier, "{:.3f}".format)] for f in report.few_shots
        ]
        table(["policy", "answers", "Brier, lower is better"], cells, right="answers")
