"""The one record a person means, by its id or by a piece of artist and title."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..errors import NotFoundError, UsageError
from ..features.text import fold
from ..settings import Workspace
from ..tables.cell_text import text_of
from .keeps import Keeps, labelled
from .scan_listings import known_listings
from .selections import slots_shown
from .songs import song_name

_SHOWN = 8


def listings_met(workspace: Workspace, keeps: Keeps) -> pd.DataFrame:
    """Every listing scanned, shown or answered, once; raises `NotFoundError` where none was."""
    known = known_listings(workspace)
    parts = [] if known is None else [known]
    shown = [{**s["listing"], "listing_id": i} for i, s in slots_shown(workspace).items()]
    if shown:
        parts.append(pd.DataFrame(shown))
    if keeps.by_id:
        parts.append(labelled(keeps.by_id.values()))
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
    rows = fitting.head(_SHOWN).to_dict("records")
    shown = "; ".join(f"{row['listing_id']} {song_name(row)}" for row in rows)
    raise UsageError(f"{wanted!r} fits {len(fitting):,} listings; name one by its id: {shown}")


def _names(listings: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return text_of(listings, "artist"), text_of(listings, "title")
