"""Several records of one call made one row: which of them gives what, and its id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import chain, count

import pandas as pd

from ..features.text import fold
from ..formats.web_addresses import canonical_url

READ = 500
"""Signs of a description that are compared."""


def place_of(row: Mapping[str, str]) -> str:
    """Where a record lies: its address, else a mark of what it says, which a later scan finds
    again."""
    said = f"{fold(row['title'])}\x1f{fold(row['description'][:READ])}"
    return canonical_url(row["url"]) or f"text:{_digest(said)}"


def joined(records: list[dict[str, str]]) -> dict[str, str]:
    """The records of one call as one row, the oldest first."""
    oldest = records[0]
    latest = max(
        reversed(records), key=lambda r: (r["deadline"] not in ("", "tba"), r["scraped_at"])
    )
    ids = [i for r in records for i in (r["opportunity_id"], *r["other_ids"].split("|")) if i]
    own = ids[0] if ids else ""
    url = next((r["url"] for r in records if r["url"]), "")
    places = {place for r in records for place in (place_of(r), *r["known_at"].split())}
    return oldest | {
        "opportunity_id": own,
        "deadline": latest["deadline"] or oldest["deadline"],
        "deadline_said": latest["deadline_said"],
        "url": url,
        "known_at": " ".join(sorted(places - {canonical_url(url)})),
        "tags": _all_of(records, "tags", ";"),
        "sources": _all_of(records, "sources", "|"),
        "location": next((r["location"] for r in records if r["location"]), ""),
        "description": max((r["description"] for r in records), key=len),
        "scraped_at": max(r["scraped_at"] for r in records),
        "first_seen": min(r["first_seen"] for r in records),
        "other_ids": "|".join(dict.fromkeys(i for i in ids if i != own)),
    }


def _all_of(records: list[dict[str, str]], column: str, mark: str) -> str:
    parts = (part.strip() for record in records for part in record[column].split(mark))
    return ("; " if mark == ";" else mark).join(dict.fromkeys(part for part in parts if part))


def has_moved(rows: list[dict[str, str]], group: list[int], n_old: int) -> bool:
    """Whether a known call has another deadline now; one that had none has not moved."""
    was = [rows[place]["deadline"] for place in group if place < n_old]
    comes = [rows[place]["deadline"] for place in group if place >= n_old]
    return bool(was and any(comes) and was[0] not in ("", "tba", *comes))


def ids_of(table: pd.DataFrame) -> tuple[list[str], list[str]]:
    """The id of each call: its own, else one made of address and title, each once; and its others,
    with its own where an earlier call has that."""
    given = set(table["opportunity_id"])
    taken: set[str] = {""}
    ids, others = [], []
    for row in table.to_dict("records"):
        own, other = row["opportunity_id"], row["other_ids"]
        if own in taken:
            made = next(n for n in _names(row) if n not in taken and n not in given)
            other = "|".join(filter(None, (own, other)))
            own = made
        taken.add(own)
        ids.append(own)
        others.append(other)
    return ids, others


def _names(row: Mapping[str, str]) -> Iterator[str]:
    """Ids a call may get, the plainest first."""
    names = [canonical_url(row["url"]) or row["source"], fold(row["title"])]
    for more in chain([[]], [[row["deadline"]]], ([row["deadline"], str(n)] for n in count())):
        yield f"o{_digest(chr(31).join([*names, *more]))}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
