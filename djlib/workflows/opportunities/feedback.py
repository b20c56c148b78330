"""`feedback` on calls: ratings into the log, and a model that has learned from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import DjlibError, NotFoundError
from ...settings import Settings, Workspace
from ...tables.problems import Problem
from ..core.event_log import last_of, take_back
from ..core.progress import ProgressReporter
from ..core.runs import run
from .engagement import clicks_so_far, log_clicks
from .models import feature_store, is_all_learned, learn_ratings, no_calls
from .ratings import (
    RATING_LOG,
    Rating,
    RatingFile,
    Ratings,
    current_ids,
    log_ratings,
    ratings_so_far,
    read_rating_file,
)
from .retuning import half_life_in_force
from .scan import known_opportunities


@dataclass(frozen=True)
class RatingReport:
    """What feedback on calls did: `taken` are new ratings, `changed` of them replace an earlier
    one, `known` were in the log already; `opened` calls are newly noted as looked at; `undone` is
    the feedback taken back; `version` is the new model, "" where nothing was new; `figures` how
    well it ranks the newest ratings, learned from the earlier ones only."""

    source: str
    dry_run: bool
    taken: list[Rating]
    changed: int
    known: int
    unanswered: int
    opened: int
    undone: str
    scale: str
    users: int
    ratings: int
    version: str
    figures: Mapping[str, Any] | None
    problems: list[Problem] = field(repr=False)

    @property
    def refused(self) -> list[Problem]:
        """Rows that were not taken, and why."""
        return [p for p in self.problems if p.outcome == "row left out"]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        taken = [
            {"user_id": r.user_id, "opportunity_id": r.opportunity_id, "liked": r.liked}
            for r in self.taken
        ]
        return {**vars(self), "taken": taken, "refused": len(self.refused)}


def opportunity_feedback(
    workspace: Workspace,
    settings: Settings,
    file: Path | None,
    *,
    talk: ProgressReporter,
    undo: bool = False,
    dry_run: bool = False,
) -> RatingReport:
    """Take the ratings in `file`, or take the last ratings back with `undo`, then learn.

    Ratings are in the log before anything is learned, so that a run that was cut off loses none:
    the next one learns them. Raises `NotFoundError` where there is nothing to take back.
    """
    with run(workspace, settings, "feedback", talk, recorded=not dry_run) as noted:
        undone = last_of(ratings_so_far(workspace).feedbacks, "ratings") if undo else ""
        before = ratings_so_far(workspace, without=undone)
        found = _read(workspace, settings, file, before) if file else RatingFile()
        new = [rating for rating in found.taken if _is_new(rating, before)]
        known_clicks = clicks_so_far(workspace, before)
        opened = [click for click in found.opened if click[:2] not in known_clicks]
        if not dry_run:
            if undone:
                feature_store(workspace).forget_standing()
                take_back(workspace, RATING_LOG, undone)
            log_clicks(workspace, opened, log_ratings(workspace, new, str(file)))
        ratings = before if dry_run else ratings_so_far(workspace)
        version, figures = "", None
        if not dry_run and ratings.by_key and not is_all_learned(workspace, ratings):
            version, figures = _learn(workspace, settings, ratings, talk)
        noted |= {"source": str(file.absolute()) if file else None, "taken": len(new)}
        noted |= {"undone": undone} if undone else {}
        return RatingReport(
            source=str(file or ""),
            dry_run=dry_run,
            taken=new,
            changed=sum((r.user_id, r.opportunity_id) in before.by_key for r in new),
            known=len(found.taken) - len(new),
            unanswered=found.unanswered,
            opened=len(opened),
            undone=undone,
            scale=found.scale,
            users=len(ratings.users),
            ratings=len(ratings.by_key),
            version=version,
            figures=figures,
            problems=found.problems,
        )


def train_opportunities(
    workspace: Workspace, settings: Settings, *, talk: ProgressReporter
) -> RatingReport:
    """Learn all ratings anew. Raises `NotFoundError` where nothing is rated."""
    with run(workspace, settings, "train", talk) as noted:
        ratings = ratings_so_far(workspace)
        if not ratings.by_key:
            raise NotFoundError(
                "no call is rated yet: 'djlib recommend' writes a file to rate calls in, "
                "'djlib feedback FILE' takes it"
            )
        version, figures = _learn(workspace, settings, ratings, talk)
        noted |= {"source": "ratings", "version": version}
        return RatingReport(
            "", False, [], 0, len(ratings.by_key), 0, 0, "", "", len(ratings.users),
            len(ratings.by_key), version, figures, [],
        )  # fmt: skip


def _read(workspace: Workspace, settings: Settings, file: Path, ratings: Ratings) -> RatingFile:
    """The file against the calls scanned, and those rated before that are gone."""
    scanned = known_opportunities(workspace)
    scanned = no_calls() if scanned is None else scanned
    logged = {
        name: {**rating.call, "opportunity_id": name}
        for (_, name), rating in ratings.by_key.items()
    }
    calls = {**logged, **{row["opportunity_id"]: row for row in scanned.to_dict("records")}}
    scale = settings.opportunities.rating_scale
    return read_rating_file(file, calls, current_ids(scanned), ratings, scale)


def _is_new(rating: Rating, before: Ratings) -> bool:
    logged = before.by_key.get((rating.user_id, rating.opportunity_id))
    return logged is None or logged.liked != rating.liked


def _learn(
    workspace: Workspace, settings: Settings, ratings: Ratings, talk: ProgressReporter
) -> tuple[str, Mapping[str, Any] | None]:
    half_life = half_life_in_force(workspace)
    try:
        version = learn_ratings(workspace, settings, ratings, talk, half_life_days=half_life)
    except DjlibError as error:
        kept = "your ratings are kept: 'djlib train --opportunities' learns from them"
        raise type(error)(f"{error}; {kept}") from error
    return version.id, version.metrics.get("newest")
