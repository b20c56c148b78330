"""What another way of choosing would have earned, from the log of the one that was followed.

Each line of a log has the reward of what was chosen and the propensity it was chosen with. Another
policy's value is the mean reward, each line weighted by how much likelier the other would have
chosen it (Horvitz & Thompson 1952), clipped (IPS), self-normalised (SNIPS, Swaminathan & Joachims
2015) or corrected by a model of the reward (DR, Dudik, Langford & Li 2011). Few lines that count
for much say little: below an effective sample size of 50 nothing is estimated.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ..errors import InputError

LEAST_ESS = 50
"""Effective sample size below which a figure would be noise."""

_CLIP = 20.0
_RESAMPLES = 2000
_LEVEL = 0.05


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OffPolicyReport:
    """The value of a policy from another one's log of `n` choices.

    `matches` counts the choices the policy could have made too, `ess` is how many equally
    weighted ones they are worth, `clipped` how many weights were cut. The estimates are None
    where `refused` says why.
    """

    n: int
    matches: int
    ess: float
    clipped: int
    logged: float
    ips: Estimate | None = None
    snips: Estimate | None = None
    dr: Estimate | None = None
    refused: str = ""


def evaluate_off_policy(
    reward: np.ndarray,
    logged: np.ndarray,
    target: np.ndarray,
    *,
    model: tuple[np.ndarray, np.ndarray] | None = None,
    clip: float = _CLIP,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> OffPolicyReport:
    """Estimate the mean reward of a policy from a log, all arrays (n,).

    `logged` and `target` are the probabilities with which the logging policy chose and the other
    would have chosen what was chosen. `model`, for DR, is what a model that did not learn from
    the line (`cross_fitted`) says of its reward, and the mean of that over what the other policy
    would have chosen there. The bootstrap draws whole `groups` (batches, say).

    >>> rng = np.random.default_rng(0)
    >>> arm = rng.integers(0, 2, 4000)
    >>> reward = (rng.random(4000) < np.where(arm == 1, 0.6, 0.2)).astype(float)
    >>> found = evaluate_off_policy(reward, np.full(4000, 0.5), np.where(arm == 1, 0.9, 0.1))
    >>> round(found.snips.value, 1)
    0.6
    >>> evaluate_off_policy(reward[:40], np.full(40, 0.5), np.full(40, 0.5)).refused
    'an effective sample size of 40 says too little, 50 needed'
    """
    reward, logged, target = (np.asarray(v, dtype=float) for v in (reward, logged, target))
    _check(reward, logged, target)
    raw = target / logged
    weight = np.minimum(raw, clip)
    ess = effective_sample_size(weight)
    n = len(reward)
    facts = OffPolicyReport(
        n=n,
        matches=int((target > 0).sum()),
        ess=ess,
        clipped=int((raw > clip).sum()),
        logged=float(reward.mean()) if n else 0.0,
    )
    if ess < LEAST_ESS:
        refused = f"an effective sample size of {ess:.0f} says too little, {LEAST_ESS} needed"
        return OffPolicyReport(**{**asdict(facts), "refused": refused})
    parts = np.stack([weight * reward, weight, _doubly(reward, weight, model)], axis=1)
    sums = _resampled(parts, np.arange(n) if groups is None else groups, seed)
    whole = np.append(parts.mean(axis=0), 1.0)
    return OffPolicyReport(
        **{
            **asdict(facts),
            "ips": _estimate(whole[0], sums[:, 0] / sums[:, 3]),
            "snips": _estimate(whole[0] / whole[1], sums[:, 0] / sums[:, 1]),
            "dr": None if model is None else _estimate(whole[2], sums[:, 2] / sums[:, 3]),
        }
    )


def effective_sample_size(weight: np.ndarray) -> float:
    """How many equally weighted lines these are worth (Kish 1965).

    >>> effective_sample_size(np.ones(10)), effective_sample_size(np.array([1.0, 0, 0]))
    (10.0, 1.0)
    """
    square = float((weight**2).sum())
    return float(weight.sum() ** 2 / square) if square > 0 else 0.0


def _check(reward: np.ndarray, logged: np.ndarray, target: np.ndarray) -> None:
    if not len(reward) == len(logged) == len(target):
        sizes = f"{len(reward)}, {len(logged)} and {len(target)}"
        raise InputError(f"rewards and propensities of {sizes} lines: one of each a line is needed")
    bad = ~((logged > 0) & (logged <= 1))
    if bad.any():
        value = float(logged[bad][0])
        raise InputError(
            f"propensity {value:g} in {int(bad.sum())} lines of the log: what was chosen had a "
            "probability above 0 and at most 1; leave out lines without one"
        )
    wrong = ~((target >= 0) & (target <= 1))
    if wrong.any():
        raise InputError(
            f"a probability of {float(target[wrong][0]):g} of the other policy: 0 to 1"
        )
    if not np.isfinite(reward).all():
        raise InputError("a reward is missing in the log: leave out lines without an answer")


def _doubly(
    reward: np.ndarray, weight: np.ndarray, model: tuple[np.ndarray, np.ndarray] | None
) -> np.ndarray:
    if model is None:
        return np.zeros(len(reward))
    chosen, other = model
    return np.asarray(other + weight * (reward - chosen))


def _resampled(parts: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Sums over bootstrap draws of groups: one row a draw, the number of lines last."""
    _, place = np.unique(groups, return_inverse=True)
    per_group = np.stack(
        [np.bincount(place, weights=column) for column in (*parts.T, np.ones(len(parts)))], axis=1
    )
    rng = np.random.default_rng(seed)
    n = len(per_group)
    return np.stack([rng.multinomial(n, np.full(n, 1 / n)) @ per_group for _ in range(_RESAMPLES)])


def _estimate(value: float, draws: np.ndarray) -> Estimate:
    ends = np.nanpercentile(draws, [100 * _LEVEL / 2, 100 - 100 * _LEVEL / 2])
    return Estimate(float(value), float(ends[0]), float(ends[1]))
