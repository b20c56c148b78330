"""`similar`: the records nearest to one in taste space, and what they share with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...errors import NotFoundError
from ...features.text import fold, genre_tokens
from ...settings import Settings, Workspace
from ..core.progress import ProgressReporter, reading
from ..core.song_identity import song_name
from .explain import find_listing, listings_met
from .labels import labels_so_far
from .models import current_bandit

_SAME_TIME = 3


@dataclass(frozen=True)
class Similar:
    """One record near another: cosine in taste space, what both share, and what was said of it
    (1, 0, or None where nobody was asked)."""

    listing_id: str
    name: str
    label: str
    closeness: float
    shares: tuple[str, ...]
    keeper: int | None


@dataclass(frozen=True)
class SimilarReport:
    """A record and those near it, the nearest first; `version` made the taste space."""

    listing_id: str
    name: str
    version: str
    near: list[Similar]


def similar_records(
    workspace: Workspace,
    settings: Settings,
    wanted: str,
    *,
    n: int = 10,
    with_answered: bool = False,
    talk: ProgressReporter,
) -> SimilarReport:
    """The `n` records nearest to the one meant by `wanted`, an id or words; those answered already
    only `with_answered`. Raises `NotFoundError` where there is no such record, or no other."""
    labels = labels_so_far(workspace)
    listings = listings_met(workspace, labels)
    meant = find_listing(listings, wanted)
    if len(listings) < 2:
        raise NotFoundError("there is only this record; scan more listings first")
    model, version = current_bandit(workspace, settings)
    with reading(talk, "Placing records in taste space"):
        points = model.embed(listings)
    place = int(np.flatnonzero(listings["listing_id"] == meant["listing_id"])[0])
    closeness = points @ points[place]
    explicit = labels.explicit
    is_left_out = np.arange(len(listings)) == place
    if not with_answered:
        is_left_out |= listings["listing_id"].isin(explicit).to_numpy(dtype=bool)
    if is_left_out.all():
        raise NotFoundError("every other record is answered; --answered shows those too")
    closeness[is_left_out] = -np.inf
    nearest = np.argsort(-closeness, kind="stable")[: min(n, int((~is_left_out).sum()))]
    rows = listings.iloc[nearest].to_dict("records")
    near = [
        Similar(
            row["listing_id"],
            song_name(row),
            str(row.get("label", "")),
            round(float(close), 4),
            tuple(shared(meant, row)),
            explicit[row["listing_id"]].keeper if row["listing_id"] in explicit else None,
        )
        for row, close in zip(rows, closeness[nearest], strict=True)
    ]
    return SimilarReport(meant["listing_id"], song_name(meant), version, near)


def shared(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What two records have in common, in words.

    >>> shared({"label": "Axis", "styles": "Techno; Dub", "year": 1994},
    ...        {"label": "axis", "styles": "Dub", "year": 1995})
    ['label Axis', 'dub', 'about 1994']
    """
    found = [
        f"{column} {one[column]}"
        for column in ("artist", "label")
        if one.get(column) and fold(str(one[column])) == fold(str(other.get(column, "")))
    ]
    for column in ("styles", "genres"):
        theirs = set(genre_tokens(str(other.get(column) or "")))
        tokens = [t for t in genre_tokens(str(one.get(column) or "")) if t in theirs]
        if tokens:
            found += tokens[:3]
            break
    years = one.get("year"), other.get("year")
    if not any(y is None or y == "" or pd.isna(y) for y in years):
        first, second = (float(str(y)) for y in years)
        if abs(first - second) <= _SAME_TIME:
            found.append(f"about {first:.0f}")
    return found
