"""`explain` of a record: found by id or name, why it was shown, what the model thinks now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ...errors import DjlibError, NotFoundError, UsageError
from ...features.text import fold
from ...settings import Settings, Workspace
from ...tables.cells import text_of
from ..core.song_identity import song_name
from .labels import LabelLog, labelled, labels_so_far
from .models import current_bandit
from .scan import known_listings
from .selections import slots_shown

_MATCHES_SHOWN = 8


def listings_met(workspace: Workspace, labels: LabelLog) -> pd.DataFrame:
    """Every listing scanned, shown or answered, once; raises `NotFoundError` where none was."""
    known = known_listings(workspace)
    parts = [] if known is None else [known]
    shown = [{**s["listing"], "listing_id": i} for i, s in slots_shown(workspace).items()]
    if shown:
        parts.append(pd.DataFrame(shown))
    if labels.by_id:
        parts.append(labelled(labels.by_id.values()))
    if not parts:
        raise NotFoundError("no listings are known here; run 'djlib scan FILE' first")
    table = pd.concat(parts, ignore_index=True).drop(columns="keeper", errors="ignore")
    table = table.drop_duplicates("listing_id", ignore_index=True)
    text = [c for c in table if not pd.api.types.is_numeric_dtype(table[c].dtype)]
    table[text] = table[text].fillna("").astype("str")
    return table


def find_listing(listings: pd.DataFrame, wanted: str) -> dict[str, Any]:
    """The row meant by `wanted`: an id, else words that artist and title hold. Raises `UsageError`
    where several fit, `NotFoundError` where none does.

    >>> table = pd.DataFrame({"listing_id": ["r1", "r2"], "title": ["Be Mine", "Shades of Jae"]})
    >>> find_listing(table, "jae")["listing_id"]
    'r2'
    """
    words = fold(wanted).split()
    if not words:
        raise UsageError("name a record: its id, or a piece of its artist and title")
    exact = listings[listings["listing_id"] == wanted]
    if len(exact):
        return dict(exact.iloc[0].to_dict())
    names = [fold(f"{a} {t}") for a, t in zip(*_names(listings), strict=True)]
    fitting = listings[[all(word in name for word in words) for name in names]]
    if len(fitting) == 1:
        return dict(fitting.iloc[0].to_dict())
    if not len(fitting):
        raise NotFoundError(f"no listing with the id or the words {wanted!r}; try fewer words")
    rows = fitting.head(_MATCHES_SHOWN).to_dict("records")
    shown = "; ".join(f"{row['listing_id']} {song_name(row)}" for row in rows)
    raise UsageError(f"{wanted!r} fits {len(fitting):,} listings; name one by its id: {shown}")


def _names(listings: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return text_of(listings, "artist"), text_of(listings, "title")


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


def is_listing(workspace: Workspace, wanted: str) -> bool:
    """Whether `wanted` means a record: it is the id of a listing, or only listings are here."""
    if not (workspace.listings.is_file() or slots_shown(workspace)):
        return False
    if not (workspace.tracks.is_file() or workspace.training.is_file()):
        return True
    try:
        listings = listings_met(workspace, labels_so_far(workspace))
    except DjlibError:
        return False
    return bool((listings["listing_id"] == wanted).any())


def explain_listing(workspace: Workspace, settings: Settings, wanted: str) -> ListingExplained:
    """Take the choice of one record apart. Raises what `find_listing` raises."""
    labels = labels_so_far(workspace)
    row = find_listing(listings_met(workspace, labels), wanted)
    listing_id = str(row["listing_id"])
    slot = slots_shown(workspace).get(listing_id)
    model, version = current_bandit(workspace, settings)
    one = pd.DataFrame([row])
    mean, uncertainty = model.moments(one)
    label = labels.explicit.get(listing_id)
    return ListingExplained(
        listing_id=listing_id,
        name=song_name(row),
        shown={k: slot.get(k) for k in _SHOWN} if slot else None,
        keeper=label.keeper if label else None,
        version=version,
        mean=float(mean[0]),
        uncertainty=float(uncertainty[0]),
        reasons=[str(reason) for reason in _as_list(model.explain(one)[0])],
    )


def _as_list(found: Any) -> list[Any]:
    return list(found) if isinstance(found, list | tuple) else [found]
