"""What a simulation found, in figures, words and rows, and as a page to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...bandit.simulation.episode import SimulationOptions
from ...bandit.simulation.simulate import ORACLE, Mean, PolicySummary
from ...bandit.simulation.transfer import FewShot, Transfer
from ...reporting.pages import (
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
from ...reporting.palette import SERIES
from ...reporting.svg import Line, found_chart, reliability_diagram, share_chart
from ...tables.problems import Problem

NO_TASTE = ("random", "oracle")
"""Policies that learn nothing, so nothing of theirs carries over."""


@dataclass(frozen=True)
class SimulateReport:
    """What came out: each policy's standing, and what carries over where that was asked for."""

    source: str
    made_at: str
    seconds: float
    rows: int
    keepers: int
    rules: SimulationOptions
    seeds: int
    standings: list[PolicySummary]
    honesty: dict[str, list[tuple[float, float, int]]]
    transfers: list[Transfer]
    few_shots: list[FewShot]
    problems: list[Problem]

    @property
    def base_rate(self) -> float:
        """Share of keepers in the pool."""
        return self.keepers / self.rows

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        parts = ("standings", "transfers", "few_shots", "problems")
        lists = {name: [one.as_dict() for one in getattr(self, name)] for name in parts}
        return {
            **self.__dict__, **lists, "rules": self.rules.as_dict(), "base_rate": self.base_rate
        }  # fmt: skip


_SHY = "-"


@dataclass(frozen=True)
class Figure:
    """A column: its heading, the figure by name, how it is written, whether it is brief enough
    for a terminal, what it means."""

    heading: str
    name: str
    write: Callable[[float], str]
    about: str
    is_brief: bool = True

    def of(self, summary: PolicySummary) -> str:
        """The mean as it is written; a dash where there is none."""
        found = summary.figures.get(self.name)
        return _SHY if found is None else self.write(found.mean)


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"


def _whole(value: float) -> str:
    return f"{value:.1f}"


def _small(value: float) -> str:
    return f"{value:.3f}"


FIGURES = (
    Figure("keepers", "keepers", _whole, "keepers found"),
    Figure("rate", "rate", _share, "share of keepers among the picks"),
    Figure("lift", "lift", lambda v: f"{v:.2f}", "the rate over the base rate"),
    Figure("exploit", "exploit_rate", _share, "the rate among picks it was sure of"),
    Figure("explore", "explore_rate", _share, "the rate among picks to learn from"),
    Figure("regret", "regret", _whole, "keepers that the oracle found and it did not"),
    Figure("ECE picked", "ece", _small,
           "how far off its probabilities are on what it picked, a game at a time: "
           "in 200 picks luck alone is off by about 0.08"),
    Figure("ECE", "ece_aside", _small, "the same on random rows"),
    Figure("Brier picked", "brier", _small, "mean squared error on what it picked", False),
    Figure("Brier", "brier_aside", _small, "mean squared error on random rows", False),
    Figure("forgot", "forgot", _small, "AUC that early answers lost by the end", False),
    Figure("settled", "settled", _share, "doubt about its picks that is gone at the end", False),
    Figure("silhouette", "silhouette", _small, "how far keepers stand apart in its taste", False),
    Figure("kinds", "kinds_found", _whole, "kinds of keepers found"),
    Figure("diversity", "diversity", _small, "distance between the keepers found", False),
    Figure("per explore", "explore_gain", lambda v: f"{v:+.3f}",
           "keepers gained for each exploring pick, over the same policy that never explores; "
           "needs it among the policies, e.g. strong_greedy", False),
    Figure("seconds", "seconds", lambda v: f"{v:.2f}", "to learn and choose, one game"),
)  # fmt: skip


def interval(mean: Mean | None, write: Callable[[float], str] = _share) -> str:
    """A mean with its interval.

    >>> interval(Mean(0.3, 0.25, 0.35)), interval(Mean(0.3, None, None)), interval(None)
    ('30.0 % (25.0 % to 35.0 %)', '30.0 %', '-')
    """
    if mean is None:
        return _SHY
    if mean.low is None or mean.high is None:
        return write(mean.mean)
    return f"{write(mean.mean)} ({write(mean.low)} to {write(mean.high)})"


def headline(report: SimulateReport) -> str:
    """Who found most of those that could be chosen."""
    policies = [s for s in report.standings if s.name != ORACLE]
    best = policies[0] if policies else report.standings[0]
    picks = best.figures["picks"]
    return (
        f"{best.name} found most: {FIGURES[0].of(best)} keepers in "
        f"{picks.mean if picks else 0:.0f} picks, {FIGURES[2].of(best)} times the base rate"
    )


def meta(report: SimulateReport) -> str:
    """On what it was simulated."""
    seeds = f"{report.seeds} game{'s'[: report.seeds != 1]} each"
    return (
        f"{report.rows:,} listings of {Path(report.source).name}, {report.keepers:,} keepers "
        f"(base rate {100 * report.base_rate:.1f} %), {seeds}, "
        f"{report.made_at[:16].replace('T', ' ')} UTC"
    )


def sentences(report: SimulateReport) -> list[str]:
    """What the figures mean."""
    found = []
    for summary in report.standings:
        if summary.name in NO_TASTE:
            continue
        words = f"{summary.name} keeps {interval(summary.figures['rate'])} of its picks"
        exploit = summary.figures["exploit_rate"]
        if exploit and summary.figures["explore_rate"]:
            words += f"; where it is sure {100 * exploit.mean:.1f} %"
        found.append(f"{words}.")
    return found


def how(report: SimulateReport) -> dict[str, str]:
    """How it was measured, for the small print."""
    rules = report.rules
    drawn = "all listings left" if rules.candidates is None else f"{rules.candidates:,} random ones"
    return {
        "game": (
            f"{rules.start} random answers to start, then {rules.batches} batches of {rules.k} out "
            f"of {drawn}; the same start and candidates for every policy"
        ),
        "probabilities": "written down before the answers are learned",
        "intervals": "95 % over the games (Student's t)",
        **{figure.heading: figure.about for figure in FIGURES},
        **{f"policy {s.name}": s.about for s in report.standings if s.about},
    }


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
        sections.append(_reliability(report, styles))
    sections += _carried(report)
    return page("Policies played on a labelled pool", meta(report), sections, how(report))


def _found(report: SimulateReport, styles: dict[str, Line]) -> Section:
    step = report.rules.k
    curves, shares = [], []
    for summary in report.standings:
        points = [(0.0, 0.0)]
        points += [(step * (b + 1.0), m.mean) for b, m in enumerate(summary.curve)]
        curves.append(_drawn(styles[summary.name], points))
        shares.append(_drawn(styles[summary.name], _by_batch(summary.curve, step)))
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
    for summary in report.standings:
        cells = [
            Cell(f.of(summary), _mean(summary, "rate") / top if f.name == "rate" else None)
            for f in FIGURES
        ]
        kind = "simple" if summary.name in _GREY else ""
        rows.append(Row(summary.name, tuple(cells), kind, swatch(styles[summary.name])))
    caption = f"Means over {report.seeds} games. What each column means stands at the end."
    headings = ["policy", *(f.heading for f in FIGURES)]
    return Section("The figures", "", table(headings, rows, caption=caption))


def _reliability(report: SimulateReport, styles: dict[str, Line]) -> Section:
    charts = []
    for name, bins in report.honesty.items():
        summary = next(s for s in report.standings if s.name == name)
        off = f"off by {100 * _mean(summary, 'ece_aside'):.1f} points"
        charts.append(figure(reliability_diagram(name, bins, styles[name].colour), name, off))
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


def _styles(shown: list[PolicySummary]) -> dict[str, Line]:
    learners = [s.name for s in shown if s.name not in _GREY]
    styles = {}
    for summary in shown:
        name = summary.name
        if name in _GREY:
            styles[name] = Line(name, (), "soft", _GREY[name], 1.5)
        else:
            place = learners.index(name)
            dash = "" if place < len(SERIES) else "5 3"
            styles[name] = Line(name, (), SERIES[place % len(SERIES)], dash, 2.2)
    return styles


def _drawn(style: Line, points: list[tuple[float, float]]) -> Line:
    return Line(style.name, tuple(points), style.colour, style.dash, style.width)


def _mean(summary: PolicySummary, name: str) -> float:
    found = summary.figures.get(name)
    return found.mean if found else 0.0
