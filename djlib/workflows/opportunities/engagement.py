"""What of the recommended calls was looked at: what was shown to whom, and what was opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from ...opportunities.history import History
from ...settings import Workspace
from ...tables.events import append_events, read_events
from .ratings import Ratings

IMPRESSIONS, CLICKS = "impressions", "clicks"
IN_TIME = timedelta(days=2)
"""What is taken later than this counts as not taken."""


@dataclass(frozen=True)
class Shown:
    """A call that was shown to a person: when, by which version, how likely that found it, and when
    they opened or liked it afterwards, None where they did not."""

    user_id: str
    opportunity_id: str
    source: str
    at: str
    version: str
    chance: float | None
    taken_at: str | None

    @property
    def in_time(self) -> bool:
        """Whether it was taken within two days."""
        if self.taken_at is None:
            return False
        return self.taken_at <= stamp(datetime.fromisoformat(self.at) + IN_TIME)


def stamp(moment: datetime) -> str:
    """A moment as logs write it: ISO 8601 in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def had_time(shown: Iterable[Shown], now: datetime) -> list[Shown]:
    """What was shown two days ago or more. The rest has had no time to be taken, and would always
    look as if people lost interest."""
    until = stamp(now - IN_TIME)
    return [one for one in shown if one.at < until]


def log_impressions(
    workspace: Workspace, user: str, version: str, list_id: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Write down one list that was shown."""
    items = [
        {"opportunity_id": row["opportunity_id"], "source": row["source"], "chance": row["chance"]}
        for row in rows
    ]
    event = {"user_id": user, "version": version, "list_id": list_id, "items": items}
    append_events(workspace.events, IMPRESSIONS, [event])


def log_clicks(workspace: Workspace, clicks: Iterable[tuple[str, str, str]], feedback: str) -> None:
    """Write down what was opened (person, call, the call's source) with the feedback that said so,
    with which it is taken back."""
    append_events(
        workspace.events,
        CLICKS,
        [
            {"user_id": user, "opportunity_id": call, "source": source, "feedback": feedback}
            for user, call, source in clicks
        ],
    )


def clicks_so_far(workspace: Workspace, ratings: Ratings) -> dict[tuple[str, str], str]:
    """When each person first opened each call, without what was taken back."""
    found: dict[tuple[str, str], str] = {}
    for event in _clicks(workspace, ratings):
        found.setdefault((str(event["user_id"]), str(event["opportunity_id"])), str(event["at"]))
    return found


def shown_so_far(workspace: Workspace, ratings: Ratings) -> list[Shown]:
    """Everything shown, oldest first, a call once a day to a person however often it came up."""
    opened = clicks_so_far(workspace, ratings)
    found: dict[tuple[str, str, str], Shown] = {}
    for event in read_events(workspace.events, IMPRESSIONS):
        user, at = str(event["user_id"]), str(event["at"])
        for item in event["items"]:
            name = str(item["opportunity_id"])
            rating = ratings.by_key.get((user, name))
            liked = rating.at if rating is not None and rating.liked > 0.5 else None
            taken = min((t for t in (opened.get((user, name)), liked) if t), default=None)
            shown = Shown(
                user, name, str(item.get("source", "")), at, str(event.get("version", "")),
                item.get("chance"), taken if taken and taken >= at else None,
            )  # fmt: skip
            found.setdefault((user, name, at[:10]), shown)
    return list(found.values())


def history_of(workspace: Workspace, ratings: Ratings, ids: Mapping[str, str]) -> History:
    """All ratings, impressions and clicks, ready to be asked how calls stood at a moment; `ids` is
    what calls that were merged are called now."""
    rated = pd.DataFrame(
        [(r.opportunity_id, str(r.call.get("source", "")), r.liked, r.at) for r in ratings.events],
        columns=["opportunity_id", "source", "liked", "at"],
    ).astype({"liked": float})
    views = [(s.opportunity_id, s.source, 0.0, 1.0, s.at) for s in shown_so_far(workspace, ratings)]
    opened = [
        (str(e["opportunity_id"]), str(e.get("source", "")), 1.0, 0.0, str(e["at"]))
        for e in _clicks(workspace, ratings)
    ]
    columns = ["opportunity_id", "source", "opened", "times", "at"]
    seen = pd.DataFrame(views + opened, columns=columns).astype({"opened": float, "times": float})
    for table in (rated, seen):
        table["opportunity_id"] = table["opportunity_id"].map(lambda name: ids.get(name, name))
    return History.of(rated, seen)


def _clicks(workspace: Workspace, ratings: Ratings) -> list[dict[str, Any]]:
    events = read_events(workspace.events, CLICKS)
    return [event for event in events if event.get("feedback") not in ratings.undone]
