"""`recommend`: the open calls a person would want to see, in a file to rate them in."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError, NotFoundError, UsageError
from ..settings import Settings, Workspace
from ..tables.events import utc_now
from ..tables.io import read_table, write_table
from ..tables.ratings import RECOMMENDATIONS
from .edits import copy_aside
from .engagement import log_impressions
from .opportunity_models import current_version
from .ranking import Ranked, open_still, rank_calls
from .rating_file import liked_of, scale_of
from .ratings import Ratings, ratings_so_far
from .recommend_cache import cached, keep, key_of
from .runs import run
from .scan_opportunities import known_opportunities
from .talk import Talk


@dataclass(frozen=True)
class Recommendations:
    """A list for one person: its rows, how they were found (`note`), how many calls are open and
    how many the person rated; whether it is the list of a moment ago, where it was written, and the
    copy of an older file that held ratings nobody took in."""

    user: str
    version: str
    list_id: str
    recommended_at: str
    rows: list[dict[str, Any]]
    note: str
    open: int
    rated: int
    from_cache: bool = False
    kept: str | None = None
    written: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


def recommend(
    workspace: Workspace,
    settings: Settings,
    user: str,
    *,
    output: Path | None = None,
    talk: Talk,
    dry_run: bool = False,
) -> Recommendations:
    """The best open calls for `user` that they have not rated, written to
    `data/recommendations.csv`.

    A list stays as it is for `opportunities.cache_minutes`, unless something was rated, learned or
    scanned, or one of its calls closed. Raises `NotFoundError` where no calls were scanned.
    """
    user = user.strip()
    if not user:
        raise UsageError("nobody to recommend for: name a person with --user")
    with run(workspace, settings, "recommend", talk, recorded=not dry_run) as noted:
        if not workspace.opportunities.is_file():
            raise NotFoundError("no calls to recommend; run 'djlib scan FEED' first")
        output = output or workspace.recommendations
        ratings, now = ratings_so_far(workspace), datetime.now(UTC)
        # A model whose ratings were all taken back speaks for nobody.
        version = current_version(workspace) if ratings.by_key else None
        name = version.id if version else ""
        key = key_of(workspace, settings, user, name, ratings.n_logged)
        found = cached(workspace, key, settings.opportunities.cache_minutes)
        is_kept = found is not None and open_still(found["rows"], now)
        if found is not None and is_kept:
            made = Recommendations(**{**found, "from_cache": True})
        else:
            with talk.step("Ranking calls"):
                made = _ranked(workspace, settings, ratings, user, name, now, keeps=not dry_run)
        kept = None
        if not dry_run:
            if not is_kept:
                log_impressions(workspace, user, name, made.list_id, made.rows)
                keep(workspace, key, made.as_dict())
            kept = _keep_ratings(output, ratings)
            if kept or not is_kept or not _is_there(output, made.list_id):
                write_table(_table(made.rows), output)
            noted |= {"user": user, "version": name, "output": str(output.absolute())}
            noted |= {"calls": len(made.rows), "from_cache": is_kept}
        written = None if dry_run else str(output)
        return Recommendations(
            **{**made.__dict__, "kept": str(kept) if kept else None, "written": written}
        )


def _ranked(
    workspace: Workspace,
    settings: Settings,
    ratings: Ratings,
    user: str,
    version: str,
    now: datetime,
    *,
    keeps: bool,
) -> Recommendations:
    calls = known_opportunities(workspace)
    assert calls is not None  # the caller looked
    ranked = rank_calls(workspace, settings, calls, ratings, user, version, now=now, keep=keeps)
    at = utc_now()
    list_id = f"{at.translate(_NO_SIGNS)}-{secrets.token_hex(3)}"
    rows = _rows(ranked, user, version, list_id, at)
    return Recommendations(user, version, list_id, at, rows, ranked.note, ranked.open, ranked.rated)


_NO_SIGNS = str.maketrans("", "", "-:")


def _rows(ranked: Ranked, user: str, version: str, list_id: str, at: str) -> list[dict[str, Any]]:
    found = []
    for place, call in enumerate(ranked.calls.to_dict("records")):
        left = float(ranked.days_left[place])
        found.append(
            {
                "rating": "",
                "user_id": user,
                **{c: str(call.get(c, "")) for c in RECOMMENDATIONS.names if c in call},
                "days_left": None if np.isnan(left) else round(left, 1),
                "reason": ranked.reasons[place],
                "chance": ranked.chance[place],
                "opened": "",
                "list_id": list_id,
                "model_version": version,
                "recommended_at": at,
            }
        )
    return found


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=RECOMMENDATIONS.names)
    numbers = [c.name for c in RECOMMENDATIONS.columns if c.kind == "number"]
    return table.astype(dict.fromkeys(numbers, float))


def _is_there(output: Path, list_id: str) -> bool:
    """Whether a file is this very list, which a person may be rating just now."""
    try:
        table = read_table(output, schema=RECOMMENDATIONS, problems=[])
    except (InputError, NotFoundError):
        return False
    return bool(len(table)) and set(table["list_id"]) == {list_id}


def _keep_ratings(output: Path, ratings: Ratings) -> Path | None:
    """Copy a list aside that holds ratings nobody took in, or is no list at all."""
    if not output.is_file():
        return None
    try:
        table = read_table(output, schema=RECOMMENDATIONS, problems=[], duplicates="keep")
    except InputError:
        return copy_aside(output)
    cells = [cell.strip() for cell in table["rating"]]
    scale = scale_of(cells, ratings)
    for user, call, cell in zip(table["user_id"], table["opportunity_id"], cells, strict=True):
        logged = ratings.by_key.get((user, call))
        if cell and (logged is None or liked_of(cell, scale) != logged.liked):
            return copy_aside(output)
    return None
