"""The log of what was shown: every batch as a whole, and each of its slots with the listing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...settings import Workspace
from ...tables.events import append_events, read_events
from .labels import LabelLog, plain

SELECTIONS = "selections"

_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True)
class Asked:
    """One listing of a batch: what was thought of it when it was shown, whose choice it was
    (`arm`, in a batch of two), and what was said, None for nothing yet."""

    listing_id: str
    strategy: str
    arm: str
    mean: float | None
    propensity: float
    listing: dict[str, Any]
    keeper: int | None


@dataclass(frozen=True)
class AskedBatch:
    """A batch as it was shown. `sides` are who chose, where two did; `number` is how many batches
    were answered before it, `keeps_logged` how long the log of answers was, `candidates` how many
    listings were looked at of a `pool` of those open; 0 where that is not known."""

    batch_id: str
    at: str
    number: int
    version: str
    sides: tuple[str, str] | None
    keeps_logged: int | None
    candidates: int
    pool: int
    slots: list[Asked]

    @property
    def answered(self) -> list[Asked]:
        """The listings with an answer."""
        return [slot for slot in self.slots if slot.keeper is not None]


def log_selection(
    workspace: Workspace,
    batch: pd.DataFrame,
    candidates: pd.DataFrame,
    moments: tuple[np.ndarray, np.ndarray],
    *,
    version: str,
    sides: tuple[str, str] | None,
    keeps_logged: int,
    pool: int,
) -> None:
    """Write a decision down, with how the candidates, or a sample of them, were thought of: mean
    and uncertainty, one number a listing each."""
    shown = listings_of(candidates, batch["listing_id"])
    rows = zip(shown.to_dict("records"), batch.to_dict("records"), strict=True)
    first = batch.iloc[0]
    split = batch["selection_strategy"].value_counts()
    event = {
        "batch_id": first["batch_id"],
        "batch_number": int(first["batch_number"]),
        "exploration_rate": float(first["exploration_rate"]),
        "split": {str(k): int(n) for k, n in split.items()},
        "model_version": version,
        "ab": list(sides) if sides else None,
        "keeps_logged": keeps_logged,
        "pool": pool,
        "scores": {"n": len(candidates), **_spread(*moments)},
        "slots": [_slot(n, row, choice) for n, (row, choice) in enumerate(rows)],
    }
    append_events(workspace.events, SELECTIONS, [event])


def listings_of(table: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """The rows of these ids in their order; only they are indexed, not a million others.
    What is kept as codes is text again."""
    few = table[table["listing_id"].isin(ids)]
    coded = few.select_dtypes("category").columns
    few = few.astype(dict.fromkeys(coded, "str"))
    return few.set_index("listing_id", drop=False).loc[ids]


def _slot(place: int, row: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    return {
        "slot": place,
        "listing_id": row["listing_id"],
        "selection_strategy": choice["selection_strategy"],
        "arm": choice["arm"],
        "mean": choice["mean"],
        "uncertainty": choice["uncertainty_at_selection"],
        "propensity": choice["propensity"],
        "reason": choice["reason"],
        "model_version": choice["model_version"],
        "listing": plain(row),
    }


def _spread(mean: np.ndarray, uncertainty: np.ndarray) -> dict[str, Any]:
    """How scores lie: quantiles of both."""
    return {
        "asked": len(mean),
        "quantiles": list(_QUANTILES),
        "mean": np.quantile(mean, _QUANTILES).round(6).tolist(),
        "uncertainty": np.quantile(uncertainty, _QUANTILES).round(6).tolist(),
    }


def slots_shown(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Every listing ever shown, by id, with its batch; the last time counts."""
    shown: dict[str, dict[str, Any]] = {}
    for event in read_events(workspace.events, SELECTIONS):
        about = {k: event.get(k) for k in ("at", "batch_id", "batch_number", "exploration_rate")}
        version = event.get("model_version", "")
        for slot in event["slots"]:
            shown[str(slot["listing_id"])] = {"model_version": version, **slot, **about}
    return shown


def batches_shown(workspace: Workspace, labels: LabelLog) -> list[AskedBatch]:
    """Every batch ever chosen, oldest first, with the answers in force that were given to it."""
    return list(_batches(read_events(workspace.events, SELECTIONS), labels))


def _batches(events: list[dict[str, Any]], labels: LabelLog) -> Iterator[AskedBatch]:
    for event in events:
        sides = event.get("ab")
        logged = event.get("keeps_logged")
        yield AskedBatch(
            batch_id=str(event["batch_id"]),
            at=str(event.get("at", "")),
            number=int(event["batch_number"]),
            version=str(event.get("model_version", "")),
            sides=(str(sides[0]), str(sides[1])) if sides else None,
            keeps_logged=None if logged is None else int(logged),
            candidates=int(event.get("scores", {}).get("n", 0)),
            pool=int(event.get("pool", 0)),
            slots=[_asked(slot, str(event["batch_id"]), labels) for slot in event["slots"]],
        )


def _asked(slot: dict[str, Any], batch_id: str, labels: LabelLog) -> Asked:
    listing_id = str(slot["listing_id"])
    label = labels.explicit.get(listing_id)
    mean = slot.get("mean")
    return Asked(
        listing_id=listing_id,
        strategy=str(slot["selection_strategy"]),
        arm=str(slot.get("arm", "")),
        mean=None if mean is None else float(mean),
        propensity=float(slot.get("propensity") or 0),
        listing=slot["listing"],
        keeper=label.keeper if label is not None and label.batch_id == batch_id else None,
    )
