"""Renamed buckets: what a person calls a bucket now, wherever an older name still stands.

Renames are kept in order and never rewritten: the labels of a library and older corrections go
through all that came after them. Taking a rename back is one more rename; only where two buckets
became one does taking it back need to be known as such, or both would keep one name for good.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from ..tables.schema import split_buckets
from .corrections import Correction

Kind = Literal["rename", "merge", "undo"]
"""merge: the new name was another bucket's already; undo: takes such a merge back."""

_MOST = 0.8
_FEWEST = 3


@dataclass(frozen=True)
class Rename:
    """The bucket `old` is called `new` from record `number` of the log on."""

    number: int
    old: str
    new: str
    kind: Kind = "rename"


def in_force(renames: Iterable[Rename]) -> tuple[Rename, ...]:
    """The renames that still count, in order: a merge that was undone never happened.

    >>> merged, undone = Rename(1, "Warm", "Late", "merge"), Rename(2, "Late", "Warm", "undo")
    >>> in_force([merged, undone])
    ()
    """
    kept: list[Rename] = []
    for rename in renames:
        merge = _undone_by(rename, kept) if rename.kind == "undo" else None
        if merge is None:
            kept.append(rename)
        else:
            kept.remove(merge)
    return tuple(kept)


def kind_of(old: str, new: str, in_use: Iterable[str], renames: Sequence[Rename]) -> Kind:
    """What calling `old` `new` means, given the buckets in use and the renames in force."""
    if new in in_use:
        return "merge"
    undo = Rename(0, old, new, "undo")
    merge = _undone_by(undo, renames)
    later = renames[renames.index(merge) + 1 :] if merge else ()
    is_last = not any({old, new} & {r.old, r.new} for r in later)
    return "undo" if merge and is_last else "rename"


def _undone_by(undo: Rename, renames: Sequence[Rename]) -> Rename | None:
    back = (undo.new, undo.old, "merge")
    return next((r for r in reversed(renames) if (r.old, r.new, r.kind) == back), None)


def current_names(
    buckets: Iterable[str], renames: Sequence[Rename], *, since: int = 0
) -> tuple[str, ...]:
    """What buckets are called now; `since` is the record of the log at which they were named.

    >>> chain = (Rename(1, "Warm", "Early"), Rename(2, "Early", "Dawn"))
    >>> current_names(["Warm", "Early", "Late"], chain)
    ('Dawn', 'Late')
    """
    names = list(buckets)
    for rename in renames:
        if rename.number > since:
            names = [rename.new if name == rename.old else name for name in names]
    return tuple(dict.fromkeys(names))


def with_current_names(tracks: pd.DataFrame, renames: Sequence[Rename]) -> pd.DataFrame:
    """`tracks` with their labels, `bucket` and `buckets`, as the buckets are called now."""
    if not renames:
        return tracks
    return tracks.assign(
        **{
            column: _renamed_cells(tracks[column], renames)
            for column in ("bucket", "buckets")
            if column in tracks
        }
    )


def _renamed_cells(cells: pd.Series, renames: Sequence[Rename]) -> pd.Series:
    now = {cell: "|".join(current_names(split_buckets(cell), renames)) for cell in cells.unique()}
    return cells.map(now).astype(cells.dtype)


def like_renames(corrections: Iterable[Correction], known: Iterable[str]) -> dict[str, str]:
    """Buckets that a person seems to be renaming track by track, and to what: of the corrected
    tracks of a bucket at least 4 in 5, and 3, went to one name that is not `known`.

    >>> said = [Correction(str(n), ("Dawn",), "Warm") for n in range(3)]
    >>> like_renames(said, ["Warm", "Late"])
    {'Warm': 'Dawn'}
    """
    known = set(known)
    went: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for correction in corrections:
        if correction.predicted in known and not correction.confirms:
            went[correction.predicted]["|".join(correction.buckets)] += 1
    return {old: new for old, to in went.items() if (new := _one_new_name(to, known))}


def _one_new_name(to: Mapping[str, int], known: set[str]) -> str:
    name, n = max(to.items(), key=lambda item: (item[1], item[0]))
    is_new = name not in known and "|" not in name
    return name if is_new and n >= _FEWEST and n >= _MOST * sum(to.values()) else ""


def rename_event(old: str, new: str, kind: Kind) -> dict[str, Any]:
    """A rename as the log keeps it."""
    return {"renamed": old, "to": new, "kind": kind}


def rename_of(event: Mapping[str, Any], number: int) -> Rename | None:
    """The rename that record `number` of the log holds, None for a record of another kind."""
    if "renamed" not in event:
        return None
    return Rename(number, event["renamed"], event["to"], event["kind"])
