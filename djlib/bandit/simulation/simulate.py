"""Policies side by side on one labelled pool: every seed a game for each, the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.stats import t

from ...errors import UsageError
from ...evaluation.calibration import reliability
from .episode import Maker, SimulationOptions, replay
from .metrics import PoolGeometry, SimulationMetrics, figures_of, pool_geometry
from .policies import ABOUT, PLAYERS, listing_ids, maker

DEFAULT = ("random", "greedy", "faithful", "strong")
ORACLE = "oracle"

_LEVEL = 0.05


@dataclass(frozen=True)
class Played:
    """A game as it is kept: who played it, its figures, keepers and exploring picks of each
    batch, `regret` (keepers that the oracle found and this player did not) and the reliability
    of what was thought of random rows."""

    policy: str
    seed: int
    figures: SimulationMetrics
    found: tuple[int, ...]
    explored: tuple[int, ...]
    regret: int
    honesty: tuple[tuple[float, float, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        lists = {name: tuple(values[name]) for name in ("found", "explored")}
        honesty = tuple((float(a), float(b), int(n)) for a, b, n in values["honesty"])
        figures = SimulationMetrics(**values["figures"])
        return cls(**{**values, **lists, "honesty": honesty, "figures": figures})


@dataclass(frozen=True)
class Mean:
    """A mean over seeds with its 95 % interval (Student's t); no ends where there is one seed."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Standing:
    """One policy over all seeds: `figures` by name (None: nothing to measure), and `curve`, the
    keepers found so far after each batch."""

    name: str
    about: str
    seeds: int
    figures: dict[str, Mean | None]
    curve: tuple[Mean, ...]
    explored: tuple[float, ...]


class Arena:
    """A pool to play on: `play` one game, keep what came out, `standings` in the end.

    >>> from djlib.synthetic.listings import synthetic_listings
    >>> pool = synthetic_listings(120, seed=1)
    >>> arena = Arena(pool, pool["keeper"].to_numpy(), SimulationOptions(batches=2, k=10))
    >>> games = [arena.play("random", 0), arena.play("oracle", 0)]
    >>> [standing.name for standing in standings(games)]
    ['oracle', 'random']
    >>> games[1].regret
    0
    """

    def __init__(
        self,
        listings: pd.DataFrame,
        keeper: np.ndarray,
        rules: SimulationOptions,
        makers: Mapping[str, Maker] = PLAYERS,
    ) -> None:
        self.listings = listing_ids(listings.drop(columns="keeper", errors="ignore"))
        self.keeper = np.asarray(keeper)
        self.rules = rules
        self.makers = makers
        self._ground: PoolGeometry | None = None
        self._most: dict[int, int] = {}

    def play(self, policy: str, seed: int) -> Played:
        """Play one game and measure it."""
        if self._ground is None:
            self._ground = pool_geometry(self.listings, self.keeper)
        make = maker(policy, self.keeper, self.makers)
        game = replay(self.listings, self.keeper, make, self.rules, seed=seed)
        explored = np.bincount(game.batch, weights=game.explore)
        known = np.isfinite(game.aside_mean)
        figures = figures_of(game, self.keeper, self._ground)
        return Played(
            policy=policy,
            seed=seed,
            figures=figures,
            found=tuple(int(n) for n in game.keepers()),
            explored=tuple(int(n) for n in explored),
            regret=self._to_find(seed) - figures.keepers,
            honesty=tuple(reliability(game.aside_mean[known], game.aside_keeper[known]))
            if known.any()
            else (),
        )

    def _to_find(self, seed: int) -> int:
        """Keepers that the oracle finds with these candidates."""
        if seed not in self._most:
            oracle = maker(ORACLE, self.keeper)
            game = replay(self.listings, self.keeper, oracle, self.rules, seed=seed)
            self._most[seed] = int(game.keeper.sum())
        return self._most[seed]


def check_names(names: Sequence[str], makers: Mapping[str, Maker] = PLAYERS) -> None:
    """Raise `UsageError` where a policy is not known."""
    known = [*makers, ORACLE]
    for name in names:
        if name not in known:
            raise UsageError(f"no policy {name!r}; known: {', '.join(known)}")


def play_all(
    arena: Arena,
    names: Sequence[str],
    seeds: int,
    done: Sequence[Played] = (),
    *,
    progress: Callable[[int], None] = lambda n: None,
    keep: Callable[[Sequence[Played]], None] = lambda games: None,
) -> list[Played]:
    """Play what is not in `done` yet; `keep` is given all games so far after each new one."""
    games = {(game.policy, game.seed): game for game in done}
    asked = [(name, seed) for seed in range(seeds) for name in dict.fromkeys(names)]
    for name, seed in asked:
        if (name, seed) not in games:
            games[name, seed] = arena.play(name, seed)
            keep(list(games.values()))
        progress(1)
    return [games[one] for one in asked]


def standings(games: Sequence[Played]) -> list[Standing]:
    """Each policy over its seeds, the one that found most first."""
    by_name: dict[str, list[Played]] = {}
    for game in games:
        by_name.setdefault(game.policy, []).append(game)
    found = [_standing(name, part, by_name) for name, part in by_name.items()]
    return sorted(found, key=lambda s: -(s.figures["keepers"] or Mean(0, None, None)).mean)


def mean_of(values: Sequence[float | None]) -> Mean | None:
    """The mean of what is known, with its interval.

    >>> found = mean_of([1.0, 2.0, 3.0, None])
    >>> found.mean, round(found.low, 2), round(found.high, 2)
    (2.0, -0.48, 4.48)
    >>> mean_of([None]) is None
    True
    """
    known = np.array([v for v in values if v is not None], dtype=float)
    if not len(known):
        return None
    mean, n = float(known.mean()), len(known)
    if n < 2:
        return Mean(mean, None, None)
    reach = float(t.ppf(1 - _LEVEL / 2, n - 1) * known.std(ddof=1) / np.sqrt(n))
    return Mean(mean, mean - reach, mean + reach)


def _standing(
    name: str, games: Sequence[Played], all_games: Mapping[str, Sequence[Played]]
) -> Standing:
    values = [{**game.figures.as_dict(), "regret": game.regret} for game in games]
    figures = {key: mean_of([one[key] for one in values]) for key in values[0]}
    figures["explore_gain"] = _explore_gain(games, all_games.get(f"{name}_greedy", ()))
    longest = max(len(game.found) for game in games)
    curves = [np.cumsum(np.pad(game.found, (0, longest - len(game.found)))) for game in games]
    curve = tuple(mean_of([float(c[b]) for c in curves]) for b in range(longest))
    explored = [np.pad(game.explored, (0, longest - len(game.explored))) for game in games]
    return Standing(
        name=name,
        about=ABOUT.get(name, ""),
        seeds=len(games),
        figures=figures,
        curve=tuple(point for point in curve if point is not None),
        explored=tuple(np.mean(explored, axis=0).tolist()),
    )


def _explore_gain(games: Sequence[Played], twins: Sequence[Played]) -> Mean | None:
    """Keepers more than the same policy that never explores, for each exploring pick."""
    by_seed = {twin.seed: twin for twin in twins}
    gains = [
        (game.figures.keepers - by_seed[game.seed].figures.keepers) / game.figures.explore_picks
        for game in games
        if game.seed in by_seed and game.figures.explore_picks
    ]
    return mean_of(gains)
