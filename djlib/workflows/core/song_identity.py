"""Whether rows of one id are of one song: in tables that people make, ids are often just numbers.

Two such tables side by side number different songs alike. Nothing that was said of one may count
for the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

import pandas as pd

from ...features.text import fold
from ..buckets.corrections import Corrections

_ALIKE = 0.75
_NOT_SURE = re.compile(r"[^ -~]|\?")
"""What an encoding may have lost: letters beyond ASCII, and what stands in their place."""


def is_other_song(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether artist and title of two rows are of different songs; not where one has neither.

    Lenient, since people mend titles and spreadsheets damage letters.

    >>> robyn = {"artist": "Robyn", "title": "Be Mine"}
    >>> is_other_song(robyn, {"artist": "ROBYN", "title": "Be Mine! (Original Mix)"})
    False
    >>> is_other_song(robyn, {"artist": "Moodymann", "title": "Shades of Jae"})
    True
    """
    first, second = (_NOT_SURE.sub("", fold(song_name(row))) for row in (one, other))
    if not (first and second) or first in second or second in first:
        return False
    return SequenceMatcher(None, first, second, autojunk=False).ratio() < _ALIKE


def song_name(row: Mapping[str, Any]) -> str:
    """`artist - title`, or what there is of it."""
    return " - ".join(str(row[c]) for c in ("artist", "title") if row.get(c))


def other_songs(table: pd.DataFrame, known: pd.DataFrame) -> dict[int, str]:
    """Places of rows in `table` whose id is another song in `known`, and which song it is there."""
    ids = table["track_id"]
    rows = known[known["track_id"].isin(ids)].to_dict("records")
    meant = {row["track_id"]: row for row in rows}
    pairs = ((meant.get(row["track_id"], {}), row) for row in table.to_dict("records"))
    return {
        place: song_name(there)
        for place, (there, here) in enumerate(pairs)
        if is_other_song(there, here)
    }


def disambiguate_track_ids(corrections: Corrections, tracks: pd.DataFrame) -> Corrections:
    """Corrections of songs that have another one's id in `tracks`, under an id of their own."""
    rows = tracks[tracks["track_id"].isin(corrections)].to_dict("records")
    there = {row["track_id"]: row for row in rows}
    apart: Corrections = {}
    for track_id, (correction, row) in corrections.items():
        if track_id in there and is_other_song(row, there[track_id]):
            own = f"{track_id} (corrected before)"
            apart[own] = (replace(correction, track_id=own), {**row, "track_id": own})
        else:
            apart[track_id] = (correction, row)
    return apart
