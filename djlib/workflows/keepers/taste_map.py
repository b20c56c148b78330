"""`map`: all records on a plane, where near ones are alike to the model, as one page to open."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...errors import DjlibError, UsageError
from ...evaluation.projection import Layout, project
from ...features.text import genre_tokens
from ...reporting.pages import map_page
from ...settings import Settings, Workspace
from ...tables.atomic import replace_file
from ...tables.cells import text_of
from ...tables.io import read_table, write_table
from ...tables.schema import LISTINGS
from ..core.progress import ProgressReporter, reading
from ..core.song_identity import song_name
from .explain import listings_met
from .labels import LabelLog, labels_so_far
from .models import current_bandit
from .selections import slots_shown


@dataclass(frozen=True)
class MapReport:
    """The map: how many records it shows, how they are laid out, whether the layout was kept from
    before, and the page."""

    records: int
    layout: str
    version: str
    from_cache: bool
    written: str


def draw_taste_map(
    workspace: Workspace,
    settings: Settings,
    output: Path | None = None,
    *,
    layout: Layout = "pca",
    talk: ProgressReporter,
) -> MapReport:
    """Write the map to `data/taste_map.html`. The layout is kept for one model, one set of records
    and one seed. Raises `NotFoundError` where no listings are known."""
    output = output or workspace.data / "taste_map.html"
    if output.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"a map is a page: name a file that ends in .html, not {output.name!r}")
    labels = labels_so_far(workspace)
    listings = listings_met(workspace, labels)
    model, version = current_bandit(workspace, settings)
    key = _key(listings, version, layout, settings)
    flat = _kept(workspace, key, listings)
    from_cache = flat is not None
    if flat is None:
        with reading(talk, "Laying records out"):
            flat = project(model.embed(listings), layout, seed=settings.seed)
        _keep(workspace, key, listings, flat)
    rows = listings.to_dict("records")
    page = map_page(
        f"{len(rows):,} records by taste",
        flat,
        [song_name(row) or row["listing_id"] for row in rows],
        [_note(row) for row in rows],
        _colourings(workspace, listings, labels),
    )
    with replace_file(output, "w") as file:
        file.write(page)
    return MapReport(len(rows), layout, version, from_cache, str(output))


def _note(row: Mapping[str, Any]) -> str:
    year = row.get("year")
    parts = [row.get("label"), "" if year is None or pd.isna(year) else f"{year:.0f}"]
    parts += [row.get("styles") or row.get("genres"), row["listing_id"]]
    return " · ".join(str(t) for t in parts if t)


def _colourings(
    workspace: Workspace, listings: pd.DataFrame, labels: LabelLog
) -> dict[str, list[str]]:
    explicit, shown = labels.explicit, slots_shown(workspace)
    is_owned = text_of(listings, "owned") == "1"
    kept = [
        ("kept" if explicit[i].keeper else "passed")
        if i in explicit
        else "owned"
        if own
        else "not asked"
        for i, own in zip(listings["listing_id"], is_owned, strict=True)
    ]
    unknown: dict[str, Any] = {"selection_strategy": "not asked"}
    strategies = [str(shown.get(i, unknown)["selection_strategy"]) for i in listings["listing_id"]]
    genres, styles = text_of(listings, "genres"), text_of(listings, "styles")
    genres = genres.where(genres != "", styles)
    first = [next(iter(genre_tokens(cell)), "") for cell in genres]
    return {"keeper": kept, "strategy": strategies, "genre": first}


def _key(listings: pd.DataFrame, version: str, layout: str, settings: Settings) -> str:
    hashed = pd.util.hash_pandas_object(listings.astype("str"), index=False).to_numpy()
    asked = f"{version} {layout} {settings.seed} {settings.keepers}"
    return hashlib.sha256(hashed.tobytes() + asked.encode()).hexdigest()[:16]


def _kept(workspace: Workspace, key: str, listings: pd.DataFrame) -> np.ndarray | None:
    file = workspace.data / f"taste_map-{key}.parquet"
    if not file.is_file():
        return None
    try:
        table = read_table(file, schema=LISTINGS, problems=[])
        found = table[["x", "y"]].to_numpy(dtype=float)
    except (DjlibError, KeyError, ValueError):
        return None
    return found if len(found) == len(listings) and np.isfinite(found).all() else None


def _keep(workspace: Workspace, key: str, listings: pd.DataFrame, flat: np.ndarray) -> None:
    table = pd.DataFrame({"listing_id": listings["listing_id"], "x": flat[:, 0], "y": flat[:, 1]})
    for old in workspace.data.glob("taste_map-*.parquet"):
        old.unlink(missing_ok=True)
    write_table(table, workspace.data / f"taste_map-{key}.parquet")
