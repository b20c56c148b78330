"""Which predictions people left as they were: the answers given to each version's proposals.

A file that was fed back has been looked at. Its rows left empty are noted here, once a track and
version however often the file comes; what was corrected or confirmed is in the log of corrections.
The last word on a track counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from ...settings import Workspace
from ...tables.cells import undefuse
from ...tables.events import append_events, read_events
from ...tables.schema import split_buckets
from .corrections import all_corrections

LOOKED, SATISFACTION = "looked", "satisfaction"

Answer = Literal["left", "confirmed", "corrected"]

TARGET = 0.8
"""Share of predictions that should be good enough to be left as they are."""


@dataclass(frozen=True)
class Look:
    """A person's answer to what a version proposed for a track."""

    model_version: str
    track_id: str
    predicted: str
    answer: Answer

    @property
    def accepted(self) -> bool:
        """Whether the prediction stands."""
        return self.answer != "corrected"


@dataclass(frozen=True)
class Opinion:
    """How content a person was with a version, 1 to 5, in words if they gave any."""

    model_version: str
    score: int
    note: str
    at: str


@dataclass(frozen=True)
class Acceptance:
    """How many predictions were looked at, and what people did with them."""

    shown: int
    left: int
    confirmed: int
    corrected: int

    @property
    def accepted(self) -> int:
        """Those that stand."""
        return self.left + self.confirmed

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**vars(self), "accepted": self.accepted, "target": TARGET}


def acceptance(answered: Iterable[Look]) -> Acceptance:
    """Count answers.

    >>> acceptance([Look("v1", "7", "Peak", "left"), Look("v1", "8", "Peak", "corrected")])
    Acceptance(shown=2, left=1, confirmed=0, corrected=1)
    """
    counts = Counter(look.answer for look in answered)
    return Acceptance(counts.total(), counts["left"], counts["confirmed"], counts["corrected"])


def log_left(workspace: Workspace, empty: pd.DataFrame, source: str) -> int:
    """Note rows of predictions that a person left empty, new ones only; gives how many. Rows that
    do not tell which version proposed what are passed over."""
    needed = {"track_id", "predicted_bucket", "model_version"}
    if not needed <= set(empty.columns):
        return 0
    known = {(look.model_version, look.track_id) for look in looks(workspace)}
    events: dict[str, defaultdict[str, list[str]]] = {}
    for row in empty[sorted(needed)].to_dict("records"):
        version, track_id, predicted = (
            undefuse(str(row[c])) for c in ("model_version", "track_id", "predicted_bucket")
        )
        if version and predicted and (version, track_id) not in known:
            known.add((version, track_id))
            events.setdefault(version, defaultdict(list))[predicted].append(track_id)
    append_events(
        workspace.events,
        LOOKED,
        [{"model_version": v, "source": source, "left": left} for v, left in events.items()],
    )
    return sum(len(ids) for left in events.values() for ids in left.values())


def looks(workspace: Workspace) -> list[Look]:
    """The last answer on each track, for each version that proposed something for it."""
    found = {(look.model_version, look.track_id): look for look in _left(workspace)}
    last = {look.track_id: look for look in found.values()}
    for said in all_corrections(workspace):
        proposed = last.get(said.track_id)
        version, predicted = said.model_version, said.predicted
        if not version and proposed:  # a plain list of corrections: of what was proposed last
            version, predicted = proposed.model_version, proposed.predicted
        if not (version and predicted):
            continue
        agrees = set(said.buckets) == set(split_buckets(predicted))
        look = Look(version, said.track_id, predicted, "confirmed" if agrees else "corrected")
        found[version, said.track_id] = last[said.track_id] = look
    return list(found.values())


def _left(workspace: Workspace) -> Iterable[Look]:
    for event in read_events(workspace.events, LOOKED):
        for predicted, ids in event["left"].items():
            for track_id in ids:
                yield Look(event["model_version"], track_id, predicted, "left")


def log_opinion(workspace: Workspace, model_version: str, score: int, note: str) -> None:
    """Note how content a person is with a version, 1 to 5."""
    said = {"model_version": model_version, "score": score, "note": note}
    append_events(workspace.events, SATISFACTION, [said])


def opinions(workspace: Workspace) -> list[Opinion]:
    """Every score given, oldest first."""
    return [_opinion(event) for event in read_events(workspace.events, SATISFACTION)]


def _opinion(event: dict[str, Any]) -> Opinion:
    return Opinion(event["model_version"], event["score"], event.get("note", ""), event["at"])
