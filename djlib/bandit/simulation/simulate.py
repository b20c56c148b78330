"""Policies side by side on one labelled pool: every seed a run for each, the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.stats import t

from ...errors import UsageError
from ...evaluation.calibration import reliability
from .episode import PolicyFactory, SimulationOptions, replay
from .metrics import PoolGeometry, SimulationMetrics, pool_geometry, simulation_metrics
from .policies import ABOUT, POLICIES, listing_ids, policy_factory

DEFAULT = ("random", "greedy", "faithful", "strong")
ORACLE = "oracle"

_LEVEL = 0.05


@dataclass(frozen=True)
class SimulationRun:
    """One run as it is kept: its policy, its figures, keepers and exploring picks of each
    batch, `regret` (keepers that the oracle found and this policy did not) and the reliability
    diagram of random rows (mean predicted probability, share kept, rows)."""

    policy: str
    seed: int
    figures: SimulationMetrics
    found: tuple[int, ...]
    explored: tuple[int, ...]
    regret: int
    reliability_bins: tuple[tuple[float, float, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a file."""
        values = asdict(self)
        return values | {"honesty": values.pop("reliability_bins")}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        lists = {name: tuple(values[name]) for name in ("found", "explored")}
        bins = tuple((float(a), float(b), int(n)) for a, b, n in values["honesty"])
        figures = SimulationMetrics(**values["figures"])
        others = {name: value for name, value in values.items() if name != "honesty"}
        return cls(**{**others, **lists, "reliability_bins": bins, "figures": figures})


FEWEST_GAMES = 5
"""Games from which on a mean has an interval."""


@dataclass(frozen=True)
class Mean:
    """A mean over seeds with its 95 % interval (Student's t); no ends where there are too few."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class PolicySummary:
    """One policy over all seeds: `figures` by name (None: nothing to measure), and `curve`, the
    keepers found so far after each batch."""

    name: str
    about: str
    seeds: int
    figures: dict[str, Mean | None]
    curve: tuple[Mean, ...]
    explored: tuple[float, ...]


class Simulator:
    """A pool to simulate on: `run` one policy and seed, then take the `summaries`.

    >>> from djlib.synthetic.listings import synthetic_listings
    >>> pool = synthetic_listings(120, seed=1)
    >>> simulator = Simulator(pool, pool["keeper"].to_numpy(), SimulationOptions(batches=2, k=10))
    >>> runs = [simulator.run("random", 0), simulator.run("oracle", 0)]
    >>> [summary.name for summary in summaries(runs)]
    ['oracle', 'random']
    >>> runs[1].regret
    0
    """

    def __init__(
        self,
        listings: pd.DataFrame,
        keeper: np.ndarray,
        options: SimulationOptions,
        factories: Mapping[str, PolicyFactory] = POLICIES,
    ) -> None:
        self.listings = listing_ids(listings.drop(columns="keeper", errors="ignore"))
        self.keeper = np.asarray(keeper)
        self.options = options
        self.factories = factories
        self._geometry: PoolGeometry | None = None
        self._oracle_keepers: dict[int, int] = {}

    def run(self, policy: str, seed: int) -> SimulationRun:
        """Simulate one policy with one seed and measure it."""
        if self._geometry is None:
            self._geometry = pool_geometry(self.listings, self.keeper)
        factory = policy_factory(policy, self.keeper, self.factories)
        run = replay(self.listings, self.keeper, factory, self.options, seed=seed)
        explored = np.bincount(run.batch, weights=run.explore)
        known = np.isfinite(run.aside_mean)
        figures = simulation_metrics(run, self.keeper, self._geometry)
        return SimulationRun(
            policy=policy,
            seed=seed,
            figures=figures,
            found=tuple(int(n) for n in run.keepers()),
            explored=tuple(int(n) for n in explored),
            regret=self._found_by_oracle(seed) - figures.keepers,
            reliability_bins=tuple(reliability(run.aside_mean[known], run.aside_keeper[known]))
            if known.any()
            else (),
        )

    def _found_by_oracle(self, seed: int) -> int:
        """Keepers that the oracle finds among these candidates."""
        if seed not in self._oracle_keepers:
            oracle = policy_factory(ORACLE, self.keeper)
            run = replay(self.listings, self.keeper, oracle, self.options, seed=seed)
            self._oracle_keepers[seed] = int(run.keeper.sum())
        return self._oracle_keepers[seed]


def check_names(names: Sequence[str], factories: Mapping[str, PolicyFactory] = POLICIES) -> None:
    """Raise `UsageError` where a policy is not known."""
    known = [*factories, ORACLE]
    for name in names:
        if name not in known:
            raise UsageError(f"no policy {name!r}; known: {', '.join(known)}")


def run_all(
    simulator: Simulator,
    names: Sequence[str],
    seeds: int,
    done: Sequence[SimulationRun] = (),
    *,
    progress: Callable[[int], None] = lambda n: None,
    keep: Callable[[Sequence[SimulationRun]], None] = lambda runs: None,
) -> list[SimulationRun]:
    """Simulate what is not in `done` yet; `keep` is given all runs so far after each new one."""
    runs = {(run.policy, run.seed): run for run in done}
    pairs = [(name, seed) for seed in range(seeds) for name in dict.fromkeys(names)]
    for name, seed in pairs:
        if (name, seed) not in runs:
            runs[name, seed] = simulator.run(name, seed)
            keep(list(runs.values()))
        progress(1)
    return [runs[one] for one in pairs]


def summaries(runs: Sequence[SimulationRun]) -> list[PolicySummary]:
    """Each policy over its seeds, the one that found most first."""
    by_name: dict[str, list[SimulationRun]] = {}
    for run in runs:
        by_name.setdefault(run.policy, []).append(run)
    found = [_summary(name, part, by_name) for name, part in by_name.items()]
    return sorted(found, key=lambda s: -(s.figures["keepers"] or Mean(0, None, None)).mean)


def mean_of(values: Sequence[float | None]) -> Mean | None:
    """The mean of what is known, with its interval where there are `FEWEST_GAMES` or more: of two
    games Student's t makes one of hundreds of per cent.

    >>> found = mean_of([1.0, 2.0, 3.0, 4.0, 5.0, None])
    >>> found.mean, round(found.low, 2), round(found.high, 2)
    (3.0, 1.04, 4.96)
    >>> mean_of([1.0, 2.0]), mean_of([None])
    (Mean(mean=1.5, low=None, high=None), None)
    """
    known = np.array([v for v in values if v is not None], dtype=float)
    if not len(known):
        return None
    mean, n = float(known.mean()), len(known)
    if n < FEWEST_GAMES:
        return Mean(mean, None, None)
    reach = float(t.ppf(1 - _LEVEL / 2, n - 1) * known.std(ddof=1) / np.sqrt(n))
    return Mean(mean, mean - reach, mean + reach)


def _summary(
    name: str, runs: Sequence[SimulationRun], all_runs: Mapping[str, Sequence[SimulationRun]]
) -> PolicySummary:
    values = [{**run.figures.as_dict(), "regret": run.regret} for run in runs]
    figures = {key: mean_of([one[key] for one in values]) for key in values[0]}
    figures["explore_gain"] = _explore_gain(runs, all_runs.get(f"{name}_greedy", ()))
    longest = max(len(run.found) for run in runs)
    curves = [np.cumsum(np.pad(run.found, (0, longest - len(run.found)))) for run in runs]
    curve = tuple(mean_of([float(c[b]) for c in curves]) for b in range(longest))
    explored = [np.pad(run.explored, (0, longest - len(run.explored))) for run in runs]
    return PolicySummary(
        name=name,
        about=ABOUT.get(name, ""),
        seeds=len(runs),
        figures=figures,
        curve=tuple(point for point in curve if point is not None),
        explored=tuple(np.mean(explored, axis=0).tolist()),
    )


def _explore_gain(runs: Sequence[SimulationRun], twins: Sequence[SimulationRun]) -> Mean | None:
    """Keepers more than the same policy that never explores, for each exploring pick."""
    by_seed = {twin.seed: twin for twin in twins}
    gains = [
        (run.figures.keepers - by_seed[run.seed].figures.keepers) / run.figures.explore_picks
        for run in runs
        if run.seed in by_seed and run.figures.explore_picks
    ]
    return mean_of(gains)
