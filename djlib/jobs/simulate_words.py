"""What a simulation says in words and rows: the same in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..bandit.simulate import ORACLE, Mean, Standing
from .simulate import NO_TASTE, SimulateReport

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

    def of(self, standing: Standing) -> str:
        """The mean as it is written; a dash where there is none."""
        found = standing.figures.get(self.name)
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
    players = [s for s in report.standings if s.name != ORACLE]
    best = players[0] if players else report.standings[0]
    picks = best.figures["picks"]
    return (
        f"{best.name} found most: {FIGURES[0].of(best)} keepers in "
        f"{picks.mean if picks else 0:.0f} picks, {FIGURES[2].of(best)} times the base rate"
    )


def meta(report: SimulateReport) -> str:
    """On what it was played."""
    seeds = f"{report.seeds} game{'s'[: report.seeds != 1]} each"
    return (
        f"{report.rows:,} listings of {Path(report.source).name}, {report.keepers:,} keepers "
        f"(base rate {100 * report.base_rate:.1f} %), {seeds}, "
        f"{report.made_at[:16].replace('T', ' ')} UTC"
    )


def sentences(report: SimulateReport) -> list[str]:
    """What the figures mean."""
    found = []
    for standing in report.standings:
        if standing.name in NO_TASTE:
            continue
        words = f"{standing.name} keeps {interval(standing.figures['rate'])} of its picks"
        exploit = standing.figures["exploit_rate"]
        if exploit and standing.figures["explore_rate"]:
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
