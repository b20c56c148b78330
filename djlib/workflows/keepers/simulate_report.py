"""What a simulation found, in figures, words and rows, and as a page to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ...bandit.simulation.episode import SimulationOptions
from ...bandit.simulation.simulate import FEWEST_GAMES, ORACLE, Mean, PolicySummary
from ...bandit.simulation.transfer import FewShot, Transfer
from ...reporting.pages import Cell, Chart, Row, render
from ...reporting.palette import SERIES
from ...reporting.svg import Line, cumulative_keepers_chart, reliability_diagram, share_chart
from ...tables.problems import Problem

NO_TASTE = ("random", "oracle")
"""Policies that learn nothing, so nothing of theirs carries over."""


@dataclass(frozen=True)
class SimulateReport:
    """What came out: each policy's summary, and what carries over where that was asked for."""

    plain_extra: ClassVar = ("base_rate",)

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
        measured = summary.figures.get(self.name)
        return _SHY if measured is None else self.write(measured.mean)


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
    lines = []
    for summary in report.standings:
        if summary.name in NO_TASTE:
            continue
        words = f"{summary.name} keeps {interval(summary.figures['rate'])} of its picks"
        exploit = summary.figures["exploit_rate"]
        if exploit and summary.figures["explore_rate"]:
            words += f"; where it is sure {100 * exploit.mean:.1f} %"
        lines.append(f"{words}.")
    return lines


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
        "intervals": f"95 % over the games (Student's t), from {FEWEST_GAMES} games on",
        **{figure.heading: figure.about for figure in FIGURES},
        **{f"policy {s.name}": s.about for s in report.standings if s.about},
    }


_GREY = {"random": "1 4", ORACLE: "10 3 2 3"}


def simulate_page(report: SimulateReport) -> str:
    """The simulation as one HTML file."""
    styles = _styles(report.standings)
    return render(
        "simulate.html",
        title="Policies played on a labelled pool",
        meta=meta(report),
        headline=headline(report),
        sentences=sentences(report),
        lines=list(styles.values()),
        curves=_curves(report, styles),
        headings=["policy", *(f.heading for f in FIGURES)],
        rows=_rows(report, styles),
        n_seeds=report.seeds,
        reliability=_reliability(report, styles),
        small_print=how(report),
        **_carried(report),
    )


def _curves(report: SimulateReport, styles: dict[str, Line]) -> list[Chart]:
    step = report.rules.k
    curves, shares = [], []
    for summary in report.standings:
        points = [(0.0, 0.0)]
        points += [(step * (b + 1.0), m.mean) for b, m in enumerate(summary.curve)]
        curves.append(_drawn(styles[summary.name], points))
        shares.append(_drawn(styles[summary.name], _by_batch(summary.curve, step)))
    by_batch = share_chart(shares, report.base_rate)
    return [
        Chart(cumulative_keepers_chart(curves), "Keepers found", "by how many were asked about"),
        Chart(by_batch, "Share kept in each batch", "dotted: base rate"),
    ]


def _by_batch(curve: tuple[Mean, ...], step: int) -> list[tuple[float, float]]:
    so_far = [0.0, *(point.mean for point in curve)]
    gains = [after - before for before, after in zip(so_far, so_far[1:], strict=False)]
    return [(batch + 1.0, gain / step) for batch, gain in enumerate(gains)]


def _rows(report: SimulateReport, styles: dict[str, Line]) -> list[Row]:
    top = max((_mean(s, "rate") for s in report.standings), default=1.0) or 1.0
    rows = []
    for summary in report.standings:
        cells = [
            Cell(f.of(summary), _mean(summary, "rate") / top if f.name == "rate" else None)
            for f in FIGURES
        ]
        kind = "simple" if summary.name in _GREY else ""
        rows.append(Row(summary.name, tuple(cells), kind, styles[summary.name]))
    return rows


def _reliability(report: SimulateReport, styles: dict[str, Line]) -> list[Chart]:
    charts = []
    for name, bins in report.honesty.items():
        summary = next(s for s in report.standings if s.name == name)
        off = f"off by {100 * _mean(summary, 'ece_aside'):.1f} points"
        charts.append(Chart(reliability_diagram(name, bins, styles[name].colour), name, off))
    return charts


def _carried(report: SimulateReport) -> dict[str, Any]:
    """What carries over to other genres and to new artists; empty where that was not asked for."""
    transfers = [
        Row(t.policy, tuple(Cell(interval(mean)) for mean in (t.rate, t.rate_without, t.gain)))
        for t in report.transfers
    ]
    few_shots = [
        Row(f"{f.policy}, {f.shots} answers", (Cell(interval(f.brier, _small)),))
        for f in report.few_shots
    ]
    return {
        "transfers": transfers,
        "transfer": next(iter(report.transfers), None),
        "few_shots": few_shots,
        "n_artists": next((f.artists for f in report.few_shots), 0),
    }


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
    measured = summary.figures.get(name)
    return measured.mean if measured else 0.0
