"""The log of what a person kept and passed: appended to, never rewritten, replayed whenever asked.

Each answer is logged with the listing itself, since ids alone are no identity, so that the log
alone can be learned from again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..errors import InputError
from ..settings import Workspace
from ..tables.events import append_events
from ..tables.plain_json import json_text
from ..tables.schema import LISTINGS, coerce
from .taken_back import standing

KEEPS = "keeps"

_NOT_OF_A_LISTING = ("keeper", "selection_strategy")


@dataclass(frozen=True)
class Keep:
    """One answer: whether the listing is kept, in which batch and by which part of it it was asked,
    and the listing's own columns. A `weak` one was guessed from a collection, not said. `feedback`
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
class Keeps:
    """The answers in force, by listing, oldest first; the last word on a listing wins. `n_logged`
    is how long the log is, `feedbacks` what can be taken back, newest last."""

    by_id: dict[str, Keep]
    n_logged: int
    feedbacks: tuple[str, ...]
    taken_back: tuple[int, ...] = ()

    @property
    def said(self) -> dict[str, Keep]:
        """Answers a person gave, without those guessed."""
        return {i: keep for i, keep in self.by_id.items() if not keep.weak}

    @property
    def n_batches(self) -> int:
        """How many batches were answered, in part at least."""
        return len({keep.batch_id for keep in self.by_id.values() if keep.batch_id})

    def table(self, since: int = 0) -> pd.DataFrame:
        """The answers logged after the first `since` events, as listings with `keeper`."""
        return labelled(keep for keep in self.by_id.values() if keep.number > since)


def labelled(keeps: Iterable[Keep]) -> pd.DataFrame:
    """Answers as a table of listings with a 0/1 `keeper`; only `listing_id` and it where empty.
    What the other side of a test chose counts for no strategy of the model's own."""
    rows = [
        {
            **k.listing,
            "listing_id": k.listing_id,
            "selection_strategy": "" if k.arm == "second" else k.strategy,
            "keeper": k.keeper,
        }
        for k in keeps
    ]
    table = pd.DataFrame(rows, columns=None if rows else ["listing_id", "keeper"])
    table, _ = coerce(table, LISTINGS)
    return table.assign(keeper=table["keeper"].astype("int64"))


def keeps_so_far(workspace: Workspace, *, without: str = "") -> Keeps:
    """Replay the log, also `without` one feedback. Raises `InputError` for a damaged one."""
    log = standing(workspace, KEEPS, without=without)
    found: dict[str, Keep] = {}
    for number, event in log.events:
        try:
            keep = _keep(event, number)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{workspace.events / KEEPS}.jsonl: answer {number} lacks {error}; "
                "mend or remove its line"
            ) from error
        found.pop(keep.listing_id, None)
        found[keep.listing_id] = keep
    return Keeps(found, log.n_logged, tuple(log.feedbacks), log.undos)


def log_keeps(workspace: Workspace, keeps: Iterable[Keep], source: str) -> str:
    """Append answers as one feedback; gives its id, by which it can be taken back."""
    feedback = secrets.token_hex(4)
    append_events(
        workspace.events,
        KEEPS,
        [
            {
                "feedback": feedback,
                "listing_id": keep.listing_id,
                "keeper": keep.keeper,
                "batch_id": keep.batch_id,
                "selection_strategy": keep.strategy,
                "arm": keep.arm,
                "weak": keep.weak,
                "source": source,
                "listing": plain(keep.listing),
            }
            for keep in keeps
        ],
    )
    return feedback


def plain(listing: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a listing that are given, as values a log can hold."""
    kept = {c: v for c, v in listing.items() if c not in _NOT_OF_A_LISTING}
    return {c: v for c, v in kept.items() if not (pd.isna(v) or v == "")}


def fingerprint(keeps: Keeps) -> str:
    """Names the exact answers a version learned from."""
    import hashlib

    said = sorted((k.listing_id, k.keeper, k.weak) for k in keeps.by_id.values())
    return hashlib.sha256(json_text(said).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _keep(event: Mapping[str, Any], number: int) -> Keep:
    return Keep(
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
