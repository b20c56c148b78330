"""`explain` of a record: why it was shown, from the log, and what the model thinks of it now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..errors import DjlibError
from ..settings import Settings, Workspace
from .find_listing import find_listing, listings_met
from .keeper_models import current_bandit
from .keeps import keeps_so_far
from .selections import slots_shown
from .songs import song_name

_SHOWN = (
    "at", "batch_id", "batch_number", "slot", "selection_strategy", "mean", "uncertainty",
    "propensity", "exploration_rate", "model_version", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class ListingExplained:
    """Why a record was shown (`shown`: the decision as logged, None where it never was), what was
    said of it, and what the model in force thinks: mean, uncertainty and reasons."""

    listing_id: str
    name: str
    shown: dict[str, Any] | None
    keeper: int | None
    version: str
    mean: float
    uncertainty: float
    reasons: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return dict(self.__dict__)


def is_listing(workspace: Workspace, wanted: str) -> bool:
    """Whether `wanted` means a record: it is the id of a listing, or only listings are here."""
    if not (workspace.listings.is_file() or slots_shown(workspace)):
        return False
    if not (workspace.tracks.is_file() or workspace.training.is_file()):
        return True
    try:
        listings = listings_met(workspace, keeps_so_far(workspace))
    except DjlibError:
        return False
    return bool((listings["listing_id"] == wanted).any())


def explain_listing(workspace: Workspace, settings: Settings, wanted: str) -> ListingExplained:
    """Take the choice of one record apart. Raises what `find_listing` raises."""
    keeps = keeps_so_far(workspace)
    row = find_listing(listings_met(workspace, keeps), wanted)
    listing_id = str(row["listing_id"])
    slot = slots_shown(workspace).get(listing_id)
    model, version = current_bandit(workspace, settings)
    one = pd.DataFrame([row])
    mean, uncertainty = model.moments(one)
    said = keeps.said.get(listing_id)
    return ListingExplained(
        listing_id=listing_id,
        name=song_name(row),
        shown={k: slot.get(k) for k in _SHOWN} if slot else None,
        keeper=said.keeper if said else None,
        version=version,
        mean=float(mean[0]),
        uncertainty=float(uncertainty[0]),
        reasons=[str(reason) for reason in _as_list(model.explain(one)[0])],
    )


def _as_list(found: Any) -> list[Any]:
    return list(found) if isinstance(found, list | tuple) else [found]
