"""Transfer of what is learned: from one genre to the others, from a few records to an artist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...errors import InputError
from ...features.text import fold, genre_tokens
from ...tables.cells import text_of
from .episode import replay
from .metrics import simulation_metrics
from .policies import policy_factory
from .simulate import Mean, Simulator, mean_of

SHOTS = (0, 1, 2, 4)
"""Answers about an artist that are learned before one is asked about the artist's other records."""

_ARTIST_ROWS = 8
_MOST_ARTISTS = 12
_OTHERS = 200


@dataclass(frozen=True)
class Transfer:
    """Keepers found outside `genre`: by who knows all answers of `genre` beforehand, and by who
    starts without them, in the same episodes; `gain` is the difference for each seed."""

    policy: str
    genre: str
    known: int
    base_rate: float
    rate: Mean
    rate_without: Mean
    gain: Mean


def transfer(simulator: Simulator, policy: str, genre: str, seeds: int) -> Transfer:
    """Measure what the answers of one genre are worth for the rest of the pool.

    Raises `InputError` where the genre or the rest is too small to simulate on.
    """
    before, among = parted(simulator, genre)
    pairs = [_pair(simulator, policy, before, among, seed) for seed in range(seeds)]
    means = [mean_of([pair[side] for pair in pairs]) for side in (0, 1)]
    gain = mean_of([one - other for one, other in pairs])
    return Transfer(
        policy=policy,
        genre=genre,
        known=len(before),
        base_rate=float(simulator.keeper[among].mean()),
        rate=_sure(means[0]),
        rate_without=_sure(means[1]),
        gain=_sure(gain),
    )


def parted(simulator: Simulator, genre: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the genre and all others. Raises `InputError` where either is too small."""
    inside = in_genre(simulator.listings, genre)
    before, among = np.flatnonzero(inside), np.flatnonzero(~inside)
    least = simulator.options.start + simulator.options.k
    if not len(before) or len(among) < least or simulator.keeper[among].sum() < 1:
        raise InputError(
            f"genre {genre!r} has {len(before)} rows and {len(among)} are left: some of the genre "
            f"and {least} others, a keeper among them, are needed; {_genres(simulator.listings)}"
        )
    return before, among


def in_genre(listings: pd.DataFrame, genre: str) -> np.ndarray:
    """Whether each listing has the genre among its genres or styles.

    >>> in_genre(pd.DataFrame({"genres": ["Deep House; Jazz", "Dub"]}), "jazz").tolist()
    [True, False]
    """
    wanted = fold(genre)
    cells = zip(text_of(listings, "genres"), text_of(listings, "styles"), strict=True)
    return np.array([wanted in {*genre_tokens(g), *genre_tokens(s)} for g, s in cells], dtype=bool)


@dataclass(frozen=True)
class FewShot:
    """How good probabilities are for the other records of an artist after `shots` of the
    artist's answers: the mean squared error (Brier), over `artists` and seeds."""

    policy: str
    shots: int
    artists: int
    brier: Mean


def few_shot(simulator: Simulator, policy: str, seeds: int) -> list[FewShot]:
    """Measure how fast a policy learns an artist it never met, on artists with 8 or more records.

    It knows up to 200 answers about others, then 0, 1, 2 and 4 about the artist; the records it
    is asked about are the same each time. Raises `InputError` where no artist has enough.
    """
    artists = of_artists(simulator)
    errors: dict[int, list[float | None]] = {shots: [] for shots in SHOTS}
    for seed in range(seeds):
        rng = np.random.default_rng([seed, 9])
        for rows in artists:
            others = rng.permutation(np.setdiff1d(np.arange(len(simulator.keeper)), rows))[:_OTHERS]
            mixed = rng.permutation(rows)
            for shots in SHOTS:
                errors[shots].append(_error(simulator, policy, seed, others, mixed, shots))
    return [
        FewShot(policy, shots, len(artists), found)
        for shots, values in errors.items()
        if (found := mean_of(values)) is not None
    ]


def _pair(
    simulator: Simulator, policy: str, before: np.ndarray, among: np.ndarray, seed: int
) -> tuple[float, float]:
    rates = []
    for known in (before, None):
        factory = policy_factory(policy, simulator.keeper, simulator.factories)
        episode = replay(
            simulator.listings,
            simulator.keeper,
            factory,
            simulator.options,
            seed=seed,
            before=known,
            among=among,
        )
        rates.append(simulation_metrics(episode, simulator.keeper).rate)
    return rates[0], rates[1]


def _error(
    simulator: Simulator, policy: str, seed: int, others: np.ndarray, mixed: np.ndarray, shots: int
) -> float | None:
    known, test_rows = np.append(others, mixed[:shots]), mixed[max(SHOTS) :]
    simulated = policy_factory(policy, simulator.keeper, simulator.factories)(
        simulator.listings, seed
    )
    simulated.update(known, simulator.keeper[known], len(known))
    proba = simulated.predict_proba(test_rows)
    return None if proba is None else float(np.mean((proba - simulator.keeper[test_rows]) ** 2))


def of_artists(simulator: Simulator) -> list[np.ndarray]:
    """Rows of the artists with most records. Raises `InputError` where none has enough."""
    names = text_of(simulator.listings, "artist").map(fold)
    groups = [
        np.flatnonzero(names == name) for name, n in names.value_counts().items()
        if name and n >= _ARTIST_ROWS
    ]  # fmt: skip
    if not groups:
        most = int(names[names != ""].value_counts().max()) if (names != "").any() else 0
        raise InputError(
            f"no artist has {_ARTIST_ROWS} records in this pool (the most is {most}): few answers "
            "about an artist cannot be measured here"
        )
    return groups[:_MOST_ARTISTS]


def _genres(listings: pd.DataFrame) -> str:
    tokens = [t for g in text_of(listings, "genres") for t in genre_tokens(g)]
    common = pd.Series(tokens, dtype=object).value_counts().head(8)
    return "the pool has " + (", ".join(f"{g} ({n})" for g, n in common.items()) or "no genres")


def _sure(mean: Mean | None) -> Mean:
    assert mean is not None, "at least one seed is played"
    return mean
