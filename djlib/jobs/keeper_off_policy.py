"""What the present model would have found, from choices that were left to chance.

Only such choices can tell: what was certain to be shown says nothing of what was not. The model
judged is one that did not learn the answers it is judged on: as many are made as there are parts of
the log. It is taken to pick any one of the `k` listings it finds likeliest among those open then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..evaluation.off_policy import LEAST_ESS, OffPolicyReport, evaluate_off_policy
from ..settings import Settings, Workspace
from ..tables.cell_text import text_of
from .find_listing import listings_met
from .keeper_models import new_bandit
from .keeps import Keeps, labelled
from .selections import Asked, AskedBatch
from .talk import Talk

_PARTS = 4
_AS_MANY = 0.9
"""Share of the listings open now, of those of then, that must have been there then."""


@dataclass(frozen=True)
class _Line:
    batch: AskedBatch
    slot: Asked


def present_model(
    workspace: Workspace,
    settings: Settings,
    keeps: Keeps,
    batches: Sequence[AskedBatch],
    talk: Talk,
) -> OffPolicyReport:
    """Estimate the share kept of the `k` best of the present model; refused, without work, where
    too few choices were left to chance."""
    lines = [_Line(b, s) for b in batches if b.pool for s in b.answered if _is_left_to_chance(b, s)]
    if len(lines) < LEAST_ESS:
        return _too_few(lines)
    listings = listings_met(workspace, keeps)
    is_open = {
        name: _open_then(listings, batch, keeps)
        for name, batch in {line.batch.batch_id: line.batch for line in lines}.items()
    }
    lines = [line for line in lines if _were_there(line.batch, is_open[line.batch.batch_id])]
    if len(lines) < LEAST_ESS:
        return _too_few(lines)
    return _estimated(settings, keeps, listings, lines, is_open, talk)


def _is_left_to_chance(batch: AskedBatch, slot: Asked) -> bool:
    """Whether it could have been another listing, and how likely it was this one is known: in a
    test of two, only for what chance itself drew."""
    return 0 < slot.propensity < 1 and (batch.sides is None or slot.strategy == "uniform")


def _too_few(lines: Sequence[_Line]) -> OffPolicyReport:
    reward = [float(line.slot.keeper or 0) for line in lines]
    n = len(reward)
    return OffPolicyReport(
        n=n,
        matches=0,
        ess=0.0,
        clipped=0,
        logged=float(np.mean(reward)) if n else 0.0,
        refused=f"{n} choices were left to chance, {LEAST_ESS} needed",
    )


def _open_then(listings: pd.DataFrame, batch: AskedBatch, keeps: Keeps) -> np.ndarray:
    """Which listings could be asked about when a batch was chosen, (n,)."""
    logged = batch.keeps_logged or 0
    known = {i for i, keep in keeps.said.items() if keep.number <= logged}
    is_known = listings["listing_id"].isin(known)
    return np.asarray(~is_known & (text_of(listings, "owned") != "1"), dtype=bool)


def _were_there(batch: AskedBatch, is_open: np.ndarray) -> bool:
    """Whether the listings of today were mostly there then: what was not could not be chosen."""
    return batch.pool >= _AS_MANY * is_open.sum()


def _estimated(
    settings: Settings,
    keeps: Keeps,
    listings: pd.DataFrame,
    lines: Sequence[_Line],
    is_open: dict[str, np.ndarray],
    talk: Talk,
) -> OffPolicyReport:
    names = list(dict.fromkeys(line.batch.batch_id for line in lines))
    parts = {name: n % _PARTS for n, name in enumerate(names)}
    place = {listing_id: n for n, listing_id in enumerate(listings["listing_id"])}
    found = np.zeros((len(lines), 3))  # chance of the other, what is expected of it, of its batch
    with talk.step("What the present model would have found", _PARTS) as progress:
        for part in range(_PARTS):
            mean = _without(settings, keeps, listings, {n for n in names if parts[n] == part})
            for row, line in enumerate(lines):
                name = line.batch.batch_id
                if parts[name] == part:
                    best = _best(mean, is_open[name], settings.keepers.k)
                    here = place[line.slot.listing_id]
                    found[row] = (here in best) / len(best), mean[here], mean[best].mean()
            progress(1)
    return evaluate_off_policy(
        np.array([float(line.slot.keeper or 0) for line in lines]),
        np.array([_chance(line) for line in lines]),
        found[:, 0],
        model=(found[:, 1], found[:, 2]),
        groups=np.array([line.batch.batch_id for line in lines]),
        seed=settings.seed,
    )


def _without(
    settings: Settings, keeps: Keeps, listings: pd.DataFrame, batches: set[str]
) -> np.ndarray:
    """What a model that never saw some batches thinks of all listings, (n,)."""
    model = new_bandit(settings)
    model.fit(labelled(k for k in keeps.by_id.values() if k.batch_id not in batches))
    mean, _ = model.moments(model.encode(listings))
    return np.asarray(mean)


def _best(mean: np.ndarray, is_open: np.ndarray, k: int) -> np.ndarray:
    rows = np.flatnonzero(is_open)
    return rows[np.argsort(-mean[rows], kind="stable")[:k]]


def _chance(line: _Line) -> float:
    """How likely this listing was in its slot, of all that were open: some were not looked at."""
    return line.slot.propensity * min(line.batch.candidates / line.batch.pool, 1.0)
