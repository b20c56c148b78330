"""Renaming buckets: what a person asks, checked against the buckets there are, into the log."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from ...bucketing.corrections import (
    Kind,
    Rename,
    current_names,
    kind_of,
)
from ...errors import NotFoundError, UsageError
from ...settings import Workspace
from ...tables.problems import Problem
from ...tables.schema import BUCKET_SEPARATOR, split_buckets
from .corrections import (
    corrections_so_far,
    log_renames,
    renames_so_far,
)
from .models import bucket_models, buckets_in_use

_NOT_YET = 2**62
"""Stands for the number of a rename that is not logged yet: later than all that are."""


@dataclass(frozen=True)
class Renamed:
    """A rename that was taken, or was in force already (`known`); `tracks` are those the model in
    use learned under the old name."""

    old: str
    new: str
    kind: Kind
    tracks: int
    known: bool = False


def take_renames(
    workspace: Workspace, asked: Sequence[str], *, dry_run: bool = False
) -> list[Renamed]:
    """Log renames given as `OLD=NEW`, one after the other; with `dry_run` only check them.

    Raises `UsageError` for text of another form and `NotFoundError` for a bucket that is not
    there; nothing is logged then.
    """
    if not asked:
        return []
    renames = list(renames_so_far(workspace))
    names = buckets_in_use(workspace, corrections_so_far(workspace))
    sizes = bucket_models(workspace).current().metadata.get("buckets", {})
    taken = []
    for text in asked:
        old, new = _parsed(text, names, renames)
        known = old not in names
        kind = kind_of(old, new, names, renames)
        taken.append(Renamed(old, new, kind, int(sizes.get(old, 0)), known))
        if not known:
            names = list(dict.fromkeys(new if name == old else name for name in names))
            renames.append(Rename(_NOT_YET, old, new, kind))
    if not dry_run:
        log_renames(workspace, [(r.old, r.new, r.kind) for r in taken if not r.known])
    return taken


def _parsed(text: str, names: Iterable[str], renames: Sequence[Rename]) -> tuple[str, str]:
    """Old and new name; a name may hold a `=` itself."""
    parts = text.split("=")
    ways = [
        ("=".join(parts[:n]).strip(), "=".join(parts[n:]).strip()) for n in range(1, len(parts))
    ]
    if not ways or not all(ways[0]) or BUCKET_SEPARATOR in ways[0][1]:
        raise UsageError(f"--rename takes OLD=NEW, two names without '|', not {text!r}")
    for old, new in ways:
        if old in names and old != new and new:
            return old, new
        if old not in names and _is_done(old, new, renames):
            return old, new
    old, new = ways[0]
    if old == new:
        raise UsageError(f"--rename {text!r}: the bucket is called {old!r} already")
    near = difflib.get_close_matches(old, list(names), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise NotFoundError(f"no bucket {old!r} to rename; {hint}there are: {', '.join(sorted(names))}")


def _is_done(old: str, new: str, renames: Sequence[Rename]) -> bool:
    return any(r.old == old for r in renames) and current_names([old], renames) == (new,)


def with_names_of_today(
    table: pd.DataFrame, in_use: Iterable[str], renames: Sequence[Rename], *, line_column: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """A file of corrections that may be older than a rename, with the names of today; a note for
    each answer that was read so."""
    today = {r.old: current_names([r.old], renames)[0] for r in renames}
    for name in in_use:
        today.pop(name, None)
    if not today:
        return table, []

    def now(cell: str) -> str:
        names = split_buckets(cell)
        renamed = any(name in today for name in names)
        return BUCKET_SEPARATOR.join(today.get(n, n) for n in names) if renamed else cell

    columns = [c for c in ("correct_bucket", "predicted_bucket") if c in table]
    read = table.assign(**{column: table[column].map(now) for column in columns})
    is_other = read["correct_bucket"] != table["correct_bucket"]
    notes = [
        Problem(line, "correct_bucket", was, f"renamed since: read as {is_!r}", "note")
        for line, was, is_ in zip(
            table.loc[is_other, line_column],
            table.loc[is_other, "correct_bucket"],
            read.loc[is_other, "correct_bucket"],
            strict=True,
        )
    ]
    return read, notes
