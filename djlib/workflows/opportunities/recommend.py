"""`recommend`: the open calls a person would want to see, in a file to rate them in."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...errors import InputError, NotFoundError, UsageError
from ...formats.calls.deadlines import moment_of
from ...opportunities.call_facts import Wanted, calendar_of
from ...opportunities.history import COLUMNS, History, seconds_of
from ...opportunities.openness import openness
from ...opportunities.recommending import days_left, modest, spread, varied, worth_a_look
from ...opportunities.trees import WITHOUT, trees_missing
from ...settings import Settings, Workspace
from ...tables.atomic import replace_file, write_json
from ...tables.cells import text_of
from ...tables.events import utc_now
from ...tables.io import read_table, write_table
from ...tables.plain_json import json_text, to_plain
from ...tables.schema import RECOMMENDATIONS
from ..core.edits import copy_aside
from ..core.progress import ProgressReporter
from ..core.runs import run
from .engagement import history_of, log_impressions, stamp
from .models import current_version, feature_store, opportunity_models
from .ratings import Ratings, current_ids, liked_of, ratings_so_far, scale_asked, scales_of
from .scan import known_opportunities

if TYPE_CHECKING:
    from scipy import sparse

    from ...opportunities.ranker import OpportunityRanker


ANYTHING = Wanted()
"""No wish at all."""
NOTHING_RATED = (
    "Nothing is rated yet: these are fresh, close soon enough, and come from different sources."
)
NEVER_RATED = (
    "You have rated nothing yet: these are what others here liked, from different sources. "
    "Your own ratings count from the first one."
)
_DAY = 86_400.0


@dataclass(frozen=True)
class Ranked:
    """The calls for a person, the best first: rows of the table, how likely each is liked (None
    where no model knows), why, and a word on how they were found."""

    calls: pd.DataFrame
    days_left: np.ndarray
    chance: list[float | None]
    reasons: list[str]
    note: str
    open: int
    rated: int


def rank_calls(
    workspace: Workspace,
    settings: Settings,
    calls: pd.DataFrame,
    ratings: Ratings,
    user: str,
    version: str,
    *,
    now: datetime,
    keep: bool = True,
    wanted: Wanted = ANYTHING,
) -> Ranked:
    """Rank what is open, wanted and was not rated by the person."""
    ids = current_ids(calls)
    done = {ids.get(r.opportunity_id, r.opportunity_id) for r in ratings.of(user)}
    judged = openness(calls, now)
    open_now = judged.is_open
    is_rated = calls["opportunity_id"].isin(done).to_numpy(dtype=bool)
    is_wanted = wanted.of(calls, days_left(calls, now))
    rows = np.flatnonzero(open_now & is_wanted & ~is_rated)
    some = calls.iloc[rows].reset_index(drop=True).assign(open_until=np.array(judged.why)[rows])
    history = history_of(workspace, ratings, ids)
    picked = _Picked()
    if len(some) and not version:
        picked = _cold(some, history, settings.opportunities.top, now)
    elif len(some):
        counts = feature_store(workspace, keep=keep).counts(calls)[rows]
        some[list(COLUMNS)] = history.standing(some, _so_far(now))
        model = opportunity_models(workspace).load(version)
        picked = _by_taste(model, some, counts, user, settings.opportunities.top, len(done))
    if wanted.closing is not None:
        picked = picked.by_deadline(days_left(some, now))
    chosen = some.iloc[picked.rows].reset_index(drop=True)
    left = days_left(chosen, now)
    n_open, n_rated = int(open_now.sum()), int(is_rated.sum())
    return Ranked(chosen, left, picked.chance, picked.reasons, picked.note, n_open, n_rated)


@dataclass(frozen=True)
class _Picked:
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    chance: list[float | None] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    note: str = ""

    def by_deadline(self, left: np.ndarray) -> _Picked:
        """The same calls, what closes first at the top."""
        order = np.argsort(left[self.rows], kind="stable")
        return _Picked(
            self.rows[order],
            [self.chance[n] for n in order],
            [self.reasons[n] for n in order],
            self.note,
        )


def _by_taste(
    model: OpportunityRanker,
    calls: pd.DataFrame,
    counts: sparse.csr_matrix,
    user: str,
    top: int,
    n_ratings: int,
) -> _Picked:
    """What the model finds most likely liked; varied for a person it knows nothing of."""
    points = model.encode(calls, counts)
    short = model.shortlist(points, user)
    few = calls.iloc[short].reset_index(drop=True)
    chances = model.probabilities(points.take(short), user)
    is_known = user in model.logistic_.users
    place = (spread if is_known else varied)(np.maximum(chances, 1e-9), few, top)
    shown = modest(chances[place], n_ratings)
    said = model.explain(few.iloc[place].assign(user_id=user))
    return _Picked(
        short[place],
        # What is known of how right the model is, is known of people who have rated.
        [round(float(c), 4) if is_known else None for c in shown],
        [" | ".join(parts) or "nothing speaks against it" for parts in said],
        _lacking(model, user) if is_known else NEVER_RATED,
    )


def _lacking(model: OpportunityRanker, user: str) -> str:
    """What the ranking goes without, "" where nothing."""
    is_there = user not in model.trees_ or model.trees_of(user) is not None
    return "" if is_there else f"{trees_missing()}: {WITHOUT}."


def _cold(calls: pd.DataFrame, history: History, top: int, now: datetime) -> _Picked:
    """What is worth a look while nobody has said anything, and why."""
    column = "first_seen" if "first_seen" in calls else "scraped_at"
    seen = seconds_of(calls[column]).astype(float)
    old = np.where(seen > 0, (now.timestamp() - seen) / _DAY, np.nan)
    left = days_left(calls, now)
    reliability = history.reliability(calls, _so_far(now))
    picked = varied(worth_a_look(old, left, reliability), calls, top)
    reasons = [_why(old[row], left[row]) for row in picked]
    return _Picked(picked, [None] * len(picked), reasons, NOTHING_RATED)


def _so_far(now: datetime) -> str:
    """The moment that all that was logged until now lies before: logs are written to the second,
    and a person who rated within this one wants it to count."""
    return stamp(now + timedelta(seconds=1))


def _why(days_old: float, days: float) -> str:
    found = "" if np.isnan(days_old) else f"found {_days(days_old)} ago"
    closes = "no date" if np.isnan(days) else f"closes in {_days(days)}"
    return " | ".join(part for part in (found, closes) if part)


def _days(days: float) -> str:
    whole = max(int(days), 0)
    return "less than a day" if whole == 0 else f"{whole:,} day{'s'[: whole != 1]}"


def open_still(rows: list[Mapping[str, object]], now: datetime) -> bool:
    """Whether everything in a list can still be answered."""
    moments = [moment_of(str(row.get("deadline", ""))) for row in rows]
    return all(moment is None or moment > now for moment in moments)


_log = logging.getLogger(__name__)


def key_of(
    workspace: Workspace,
    settings: Settings,
    user: str,
    version: str,
    n_logged: int,
    wanted: Wanted = ANYTHING,
) -> dict[str, Any]:
    """What a list depends on: the person and what they want, the model, the ratings, the day, the
    settings, and the table of calls as it lies there."""
    table = workspace.opportunities.stat()
    asked = settings.opportunities
    return {
        "user": user,
        "wanted": list(astuple(wanted)),
        "version": version,
        "ratings": n_logged,
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "settings": [asked.top, asked.engine, asked.rating_scale, settings.seed],
        "table": [table.st_size, table.st_mtime_ns],
    }


def cached(workspace: Workspace, key: Mapping[str, Any], minutes: float) -> dict[str, Any] | None:
    """The list kept under exactly this key and not older than `minutes`; None where there is none,
    or where the clock was set back since."""
    file = _file(workspace, str(key["user"]))
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        made = datetime.fromisoformat(kept["made_at"])
        age = (datetime.now(UTC) - made).total_seconds()
        if kept["key"] != json.loads(json_text(key)) or not 0 <= age < 60 * minutes:
            return None
        return dict(kept["list"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("%s is damaged (%s): recommended anew", file, error)
        return None


def keep(workspace: Workspace, key: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    """Keep a list; it takes the place of the person's last one."""
    now = datetime.now(UTC).isoformat()
    write_json(_file(workspace, str(key["user"])), {"key": key, "made_at": now, "list": made})


def _file(workspace: Workspace, user: str) -> Any:
    name = hashlib.blake2b(user.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return workspace.recommended / f"{name}.json"


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
    calendar: str | None = None


def recommend_calls(
    workspace: Workspace,
    settings: Settings,
    user: str,
    *,
    output: Path | None = None,
    calendar: Path | None = None,
    wanted: Wanted = ANYTHING,
    talk: ProgressReporter,
    dry_run: bool = False,
) -> Recommendations:
    """The best open calls for `user` that they have not rated, written to
    `data/recommendations.csv`.

    A list stays as it is for `opportunities.cache_minutes`, unless something was rated, learned or
    scanned, or one of its calls closed. `calendar` is a file for their deadlines. Raises
    `NotFoundError` where no calls were scanned.
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
        key = key_of(workspace, settings, user, name, ratings.n_logged, wanted)
        found = cached(workspace, key, settings.opportunities.cache_minutes)
        is_kept = found is not None and open_still(found["rows"], now)
        if found is not None and is_kept:
            made = Recommendations(**{**found, "from_cache": True})
        else:
            with talk.step("Ranking calls"):
                made = _ranked(
                    workspace, settings, ratings, user, name, now, wanted, keeps=not dry_run
                )
        kept = None
        if not dry_run:
            if not is_kept:
                log_impressions(workspace, user, name, made.list_id, made.rows)
                keep(workspace, key, to_plain(made))
            kept = _keep_ratings(output, ratings)
            if kept or not is_kept or not _is_there(output, made.list_id):
                write_table(_table(made.rows), output, defuse=True)
            noted |= {"user": user, "version": name, "output": str(output.absolute())}
            noted |= {"calls": len(made.rows), "from_cache": is_kept}
            if calendar:
                with replace_file(calendar, "w", newline="") as file:
                    file.write(calendar_of(made.rows, now))
        files = {"written": output, "kept": kept, "calendar": calendar}
        shown = {k: str(file) if file and not dry_run else None for k, file in files.items()}
        return Recommendations(**{**made.__dict__, **shown})


def _ranked(
    workspace: Workspace,
    settings: Settings,
    ratings: Ratings,
    user: str,
    version: str,
    now: datetime,
    wanted: Wanted,
    *,
    keeps: bool,
) -> Recommendations:
    calls = known_opportunities(workspace)
    assert calls is not None  # the caller looked
    ranked = rank_calls(
        workspace, settings, calls, ratings, user, version, now=now, keep=keeps, wanted=wanted
    )
    at = utc_now()
    list_id = f"{at.translate(_NO_SIGNS)}-{secrets.token_hex(3)}"
    scale = scale_asked(ratings, user, settings.opportunities.rating_scale)
    rows = _rows(ranked, user, version, list_id, at, scale)
    return Recommendations(user, version, list_id, at, rows, ranked.note, ranked.open, ranked.rated)


_NO_SIGNS = str.maketrans("", "", "-:")


def _rows(
    ranked: Ranked, user: str, version: str, list_id: str, at: str, scale: str
) -> list[dict[str, Any]]:
    found = []
    for place, call in enumerate(ranked.calls.to_dict("records")):
        left = float(ranked.days_left[place])
        found.append(
            {
                "rating": "",
                "rating_scale": scale,
                "user_id": user,
                **{c: str(call.get(c, "")) for c in RECOMMENDATIONS.names if c in call},
                "days_left": None if np.isnan(left) else round(left, 1),
                "reason": " | ".join(filter(None, (ranked.reasons[place], call["open_until"]))),
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
    stated = text_of(table, "rating_scale").str.strip().tolist()
    scales = scales_of(cells, stated, ratings)
    rows = zip(table["user_id"], table["opportunity_id"], cells, scales, strict=True)
    for user, call, cell, scale in rows:
        logged = ratings.by_key.get((user, call))
        if cell and (logged is None or liked_of(cell, scale) != logged.liked):
            return copy_aside(output)
    return None
