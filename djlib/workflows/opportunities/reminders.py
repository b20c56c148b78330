"""What people should be told of calls in time: what they like and closes soon, a digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ...opportunities.openness import editions
from ...opportunities.recommending import days_left
from ...settings import Settings, Workspace
from ...tables.cells import text_of
from .models import current_version
from .ratings import Ratings, current_ids, ratings_so_far
from .recommend import rank_calls
from .scan import known_opportunities

DAYS_BEFORE = (3, 1)
"""Days before a deadline on which one is reminded."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Told:
    """Something to tell: `cause` names it, and it is told once; a line, and all of it."""

    cause: str
    subject: str
    body: str


def reminders(workspace: Workspace, day: str) -> list[Told]:
    """The calls that people like and that close within three days, or one, of the start of `day`;
    each once for either, also where a day was missed."""
    calls, ratings = known_opportunities(workspace), ratings_so_far(workspace)
    if calls is None or not ratings.by_key:
        return []
    start = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    left = dict(zip(calls["opportunity_id"], days_left(calls, start), strict=True))
    rows = {row["opportunity_id"]: row for row in calls.to_dict("records")}
    found = []
    for user, name in _liked(ratings, current_ids(calls)):
        days = left.get(name, np.nan)
        # A day's deadline is the end of that day: 2 days left at its start is "in one day".
        before = next((n for n in sorted(DAYS_BEFORE) if 0 < days <= n + 1), None)
        if before is None:
            continue
        row = rows[name]
        subject = f"{user}: {row['title'][:80]} closes on {row['deadline'][:10]}"
        cause = f"closing within {before}: {user} {name} {row['deadline']}"
        found.append(Told(cause, subject, f"{_line(row)}\n"))
    return found


def digest(workspace: Workspace, settings: Settings, day: str) -> list[Told]:
    """The week's list for each person who has rated: what they would like, what of it closes
    within seven days first, and what is expected to open soon. The same all week long."""
    calls, ratings = known_opportunities(workspace), ratings_so_far(workspace)
    version = current_version(workspace)
    if calls is None or version is None:
        return []
    year, week, _ = date.fromisoformat(day).isocalendar()
    now = datetime.now(UTC)
    soon = foretold(calls, now)
    found = []
    for user in ratings.users:
        ranked = rank_calls(
            workspace, settings, calls, ratings, user, version.id, now=now, keep=False
        )
        if not len(ranked.calls):
            continue
        order = np.argsort(np.nan_to_num(ranked.days_left, nan=np.inf), kind="stable")
        rows = [ranked.calls.iloc[n].to_dict() for n in order]
        is_urgent = ranked.days_left[order] <= _WEEK.days
        parts = []
        for head, wanted in (("Closes this week", True), ("Open", False)):
            some = [_line(row) for row, u in zip(rows, is_urgent, strict=True) if u == wanted]
            parts += [head, *some, ""] if some else []
        parts += ["Expected", *soon, ""] if soon else []
        subject = f"{user}: {len(rows)} open calls this week"
        found.append(Told(f"weekly digest: {user} {year}-W{week:02}", subject, "\n".join(parts)))
    return found


def foretold(calls: pd.DataFrame, now: datetime, most: int = 5) -> list[str]:
    """Calls of which two or more editions are over and that usually close within the next three
    months, in words.

    >>> past = pd.DataFrame({"title": ["Dub Prize 2024", "Dub Prize 2025"], "source": ["S", "S"],
    ...                      "deadline": ["2024-03-10", "2025-03-12"]})
    >>> foretold(past, datetime(2026, 1, 5, tzinfo=UTC))
    ['- dub prize (S): usually closes in March; the last one: Dub Prize 2025']
    """
    columns = ("title", "source", "deadline", "url")
    table = pd.DataFrame({name: text_of(calls, name).tolist() for name in columns})
    left = days_left(table, now)
    coming = [(now.month - 1 + n) % 12 for n in range(3)]
    said = []
    for (source, name), some in editions(table).items():
        rows = [row for _, row in some if not np.isnan(left[row])]
        if len(rows) < 2 or (left[rows] > 0).any():
            continue
        often: dict[int, int] = defaultdict(int)
        for row in rows:
            often[int(table["deadline"][row][5:7]) - 1] += 1
        month = max(often, key=lambda m: often[m])
        if month in coming and often[month] * 2 >= len(rows):
            last = table["title"][rows[-1]]
            said.append(
                f"- {name} ({source}): usually closes in {_MONTHS[month]}; the last one: {last}"
            )
    return said[:most]


def _liked(ratings: Ratings, ids: Mapping[str, str]) -> list[tuple[str, str]]:
    liked = (
        (user, ids.get(name, name))
        for (user, name), rating in ratings.by_key.items()
        if rating.liked > 0.5
    )
    return list(dict.fromkeys(liked))


def _line(row: Mapping[str, Any]) -> str:
    """A call in a line of a message."""
    parts = (str(row.get(c, "") or "") for c in ("title", "deadline", "location", "url"))
    return "- " + " | ".join(" ".join(part.split()) for part in parts if part)
