"""Labels of listings: the log of what was kept and passed, and files of answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ...settings import Workspace
from ...tables.cells import undefuse
from ...tables.csv.sources import open_source
from ...tables.io import read_table
from ...tables.problems import Problem
from ...tables.schema import BATCH, LISTINGS, TRACKS, coerce
from ..core.event_log import active_events, fingerprint_of, log_feedback
from ..core.song_identity import is_other_song, song_name

KEEPS = "keeps"

_NOT_OF_A_LISTING = ("keeper", "selection_strategy")


@dataclass(frozen=True)
class Label:
    """One label: whether the listing is kept, in which batch and by which part of it it was asked,
    and the listing's own columns. A `weak` one was guessed from a collection. `feedback`
    names what it was logged with."""

    listing_id: str
    keeper: int
    listing: dict[str, Any] = field(repr=False)
    batch_id: str = ""
    strategy: str = ""
    arm: str = ""
    weak: bool = False
    number: int = 0
    feedback: str = ""


@dataclass(frozen=True)
class LabelLog:
    """The labels in force, by listing, oldest first; the last one of a listing wins. `n_logged`
    is how long the log is, `feedbacks` what can be taken back, newest last."""

    by_id: dict[str, Label]
    n_logged: int
    feedbacks: tuple[str, ...]
    taken_back: tuple[int, ...] = ()

    @property
    def explicit(self) -> dict[str, Label]:
        """Labels a person gave, without the weak ones."""
        return {i: label for i, label in self.by_id.items() if not label.weak}

    @property
    def n_batches(self) -> int:
        """How many batches were answered, in part at least."""
        return len({label.batch_id for label in self.by_id.values() if label.batch_id})

    def table(self, since: int = 0) -> pd.DataFrame:
        """The answers logged after the first `since` events, as listings with `keeper`."""
        return labelled(label for label in self.by_id.values() if label.number > since)


def labelled(labels: Iterable[Label]) -> pd.DataFrame:
    """Answers as a table of listings with a 0/1 `keeper`; only `listing_id` and it where empty.
    What the other side of a test chose counts for no strategy of the model's own."""
    rows = [
        {
            **k.listing,
            "listing_id": k.listing_id,
            "selection_strategy": "" if k.arm == "second" else k.strategy,
            "keeper": k.keeper,
        }
        for k in labels
    ]
    table = pd.DataFrame(rows, columns=None if rows else ["listing_id", "keeper"])
    table, _ = coerce(table, LISTINGS)
    return table.assign(keeper=table["keeper"].astype("int64"))


def labels_so_far(workspace: Workspace, *, without: str = "") -> LabelLog:
    """Replay the log, also `without` one feedback. Raises `InputError` for a damaged one."""
    log = active_events(workspace, KEEPS, without=without)
    by_id: dict[str, Label] = {}
    for label in log.replay(_label, "answer"):
        by_id.pop(label.listing_id, None)
        by_id[label.listing_id] = label
    return LabelLog(by_id, log.n_logged, tuple(log.feedbacks), log.undos)


def log_labels(workspace: Workspace, labels: Iterable[Label], source: str) -> str:
    """Append answers as one feedback; gives its id, by which it can be taken back."""
    return log_feedback(
        workspace,
        KEEPS,
        [
            {
                "listing_id": label.listing_id,
                "keeper": label.keeper,
                "batch_id": label.batch_id,
                "selection_strategy": label.strategy,
                "arm": label.arm,
                "weak": label.weak,
                "source": source,
                "listing": plain(label.listing),
            }
            for label in labels
        ],
    )


def plain(listing: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a listing that are given, as values a log can hold."""
    kept = {c: v for c, v in listing.items() if c not in _NOT_OF_A_LISTING}
    return {c: v for c, v in kept.items() if not (pd.isna(v) or v == "")}


def fingerprint(labels: LabelLog) -> str:
    """Names the exact answers a version learned from."""
    return fingerprint_of((k.listing_id, k.keeper, k.weak) for k in labels.by_id.values())


def _label(event: Mapping[str, Any], number: int) -> Label:
    return Label(
        str(event["listing_id"]),
        int(event["keeper"]),
        dict(event["listing"]),
        str(event.get("batch_id", "")),
        str(event.get("selection_strategy", "")),
        str(event.get("arm", "")),
        bool(event.get("weak", False)),
        number,
        str(event["feedback"]),
    )


_LINE = "line in the file"
_YES = {"1", "1.0", "1,0", "yes", "y", "keep", "keeper", "kept", "k", "x", "true", "t"}
_NO = {"0", "0.0", "0,0", "no", "n", "drop", "pass", "skip", "not", "false", "f"}
_ALLOWED = "1, yes, keep, x or true; 0, no, drop or false; empty for not answered"


@dataclass(frozen=True)
class Answers:
    """What a file holds: answers that can be taken, rows left empty, and problems."""

    taken: list[Label] = field(default_factory=list)
    unanswered: int = 0
    problems: list[Problem] = field(default_factory=list)


def is_of_listings(file: Path) -> bool:
    """Whether a file answers about listings: it has `listing_id`, and `keeper` or no tracks."""
    with open_source(file, 1) as source:
        headings = list(source.headings)
    known = {BATCH.known_as(heading) for heading in headings}
    is_of_tracks = TRACKS.key in {TRACKS.known_as(heading) for heading in headings}
    return "listing_id" in known and ("keeper" in known or not is_of_tracks)


def batch_meant(workspace: Workspace, file: Path | None) -> Path | None:
    """The batch a person means to go through: `file` if it is one; where none is named, that of
    the workspace, unless there are predictions. None for anything else."""
    if file is None:
        is_batch = workspace.batch.exists() and not workspace.predictions.exists()
        return workspace.batch if is_batch else None
    return file if file.is_file() and is_of_listings(file) else None


def answer_of(cell: str) -> int | None:
    """1, 0, or None for what is neither.

    >>> [answer_of(cell) for cell in ("1", "No", " x ", "maybe")]
    [1, 0, 1, None]
    """
    word = undefuse(cell).strip().casefold()
    return 1 if word in _YES else 0 if word in _NO else None


def read_answers(file: Path, known: Mapping[str, Mapping[str, Any]], labels: LabelLog) -> Answers:
    """Read a file of answers; `known` are the listings met here, by id, with what was logged when
    they were shown. Raises `InputError` for a file without the columns listing_id and keeper."""
    problems: list[Problem] = []
    table = read_table(file, schema=BATCH, problems=problems, duplicates="keep", line_column=_LINE)
    taken: dict[str, Label] = {}
    unanswered = 0
    for row in table.to_dict("records"):
        cell = str(row["keeper"])
        if not cell.strip():
            unanswered += 1
            continue
        label, problem = _read(row, cell, known, labels)
        if problem:
            problems.append(problem)
        if label is None:
            continue
        before = taken.pop(label.listing_id, None)
        if before and before.keeper != label.keeper:
            problems.append(
                Problem(row[_LINE], "keeper", cell, "answered twice, the last one counts", "note")
            )
        taken[label.listing_id] = label
    return Answers(list(taken.values()), unanswered, problems)


def _read(
    row: Mapping[str, Any], cell: str, known: Mapping[str, Mapping[str, Any]], labels: LabelLog
) -> tuple[Label | None, Problem | None]:
    line, listing_id = int(row[_LINE]), str(row["listing_id"])
    keeper = answer_of(cell)
    if keeper is None:
        return None, Problem(line, "keeper", cell, f"not an answer; allowed: {_ALLOWED}")
    entry = known.get(listing_id)
    logged = labels.by_id.get(listing_id)
    listing = dict(entry["listing"]) if entry else dict(logged.listing) if logged else None
    if listing is None:
        reason = "no listing of this id was shown or scanned here; 'djlib train FILE' learns it"
        return None, Problem(line, "listing_id", listing_id, reason)
    here = {c: undefuse(str(row.get(c, ""))) for c in ("artist", "title")}
    if is_other_song(here, listing):
        reason = f"two records have this id: {song_name(here)!r} here, {song_name(listing)!r} there"
        return None, Problem(line, "listing_id", listing_id, reason)
    shown = entry or {}
    batch_id = str(row.get("batch_id", "") or shown.get("batch_id", "") or "")
    strategy = str(shown.get("selection_strategy", ""))
    return Label(listing_id, keeper, listing, batch_id, strategy, str(shown.get("arm", ""))), None


def ids_in(file: Path) -> set[str]:
    """The listings that a file of answers speaks of."""
    table = read_table(file, schema=BATCH, problems=[], duplicates="keep")
    return set(table["listing_id"])


def scanned(listings: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Scanned listings by id, in the form of those shown."""
    names = {*LISTINGS.names, *listings.columns}
    rows = listings.to_dict("records")
    return {row["listing_id"]: {"listing": {c: row[c] for c in names if c in row}} for row in rows}
