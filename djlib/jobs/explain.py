"""`explain TRACK`: one answer of a model taken apart, for any track of any table or library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..bucketing.assign import Proposer, Terms
from ..bucketing.explain import Explanation, explain
from ..bucketing.labels import buckets_of
from ..settings import Settings, Workspace
from ..tables.events import utc_now
from .corrections import corrections_so_far
from .find_track import find_track
from .models import bucket_models, out_of_fold
from .songs import told_apart
from .talk import Talk
from .threshold import as_trained, choose_threshold


@dataclass(frozen=True)
class ExplainOptions:
    """What a person may ask: another table or library to look in, another version, and how many
    choices and nearest tracks."""

    data: Path | None = None
    version: str = "current"
    top: int = 3


@dataclass(frozen=True)
class ExplainReport:
    """What a version says of one track, and why. `sorted_into` are the buckets the person put it
    in, `learned` whether the version has learned from that."""

    track_id: str
    artist: str
    title: str
    version: str
    status: str
    reason: str
    threshold: float
    sorted_into: tuple[str, ...]
    learned: bool
    explanation: Explanation

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**self.__dict__, "explanation": self.explanation.as_dict()}


def explain_track(
    workspace: Workspace,
    settings: Settings,
    wanted: str,
    *,
    options: ExplainOptions,
    talk: Talk,
) -> ExplainReport:
    """Explain what a version says of the track meant by `wanted`, as `find_track` finds it.

    Nothing is written. Raises `UsageError` where several tracks fit, `NotFoundError` where none
    does, `NotTrainedError` where there is no model yet.
    """
    version = bucket_models(workspace).get(options.version)
    track = find_track(workspace, wanted, options.data, talk=talk)
    model = bucket_models(workspace).load(version.id)
    kept = as_trained(settings.buckets, version)
    abstention = choose_threshold(*out_of_fold(workspace, version.id), kept)
    terms = Terms(abstention.threshold, version.id, utc_now())
    answer = Proposer(model, terms).propose(track).iloc[0]
    with talk.step("Taking the answer apart"):
        found = explain(model, track, n_nearest=options.top, n_choices=options.top, what_if=True)[0]
    return ExplainReport(
        track_id=str(answer["track_id"]),
        artist=str(answer["artist"]),
        title=str(answer["title"]),
        version=version.id,
        status=str(answer["status"]),
        reason=str(answer["reason"]),
        threshold=abstention.threshold,
        sorted_into=sorted_into(workspace, track)[0],
        learned=bool(model.labelled_["track_id"].eq(answer["track_id"]).any()),
        explanation=found,
    )


def sorted_into(workspace: Workspace, track: pd.DataFrame) -> tuple[tuple[str, ...], str]:
    """Where a person put the one track of a table, and how: by `correction`, which counts more,
    or in the `library`; nothing and "" where they did not."""
    apart = told_apart(corrections_so_far(workspace), track)
    corrected = apart.get(str(track["track_id"].iloc[0]))
    if corrected:
        return corrected[0].buckets, "correction"
    own = tuple(buckets_of(track)[0])
    return own, "library" if own else ""
