"""Why the forest says so: what each field added, the nearest labelled tracks, what was missing.

Every model takes its own answers apart (`BucketAssigner.contributions`, `.nearest`); here they
become one explanation of the same shape. It is about the model, not about the music: a field
that two others repeat may look idle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from ..features.columns import missing_fields
from .assigner import BucketAssigner


@dataclass(frozen=True)
class Neighbour:
    """A labelled track that the model finds much like this one; `similarity` is from 0 to 1."""

    track_id: str
    artist: str
    title: str
    buckets: str
    similarity: float


@dataclass(frozen=True)
class Explanation:
    """One prediction, taken apart: `votes` = `base` + the sum of `contributions`."""

    bucket: str
    confidence: float
    votes: float
    base: float
    contributions: dict[str, float]
    nearest: tuple[Neighbour, ...]
    missing: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


def explain(
    model: BucketAssigner, tracks: pd.DataFrame, *, n_nearest: int = 3
) -> list[Explanation]:
    """Explain the first choice for each track.

    >>> from djlib import SimpleMLBucketAssigner
    >>> tracks = pd.DataFrame({"bpm": [122.0, 174.0] * 10, "genres": ["House", "DnB"] * 10})
    >>> model = SimpleMLBucketAssigner(random_state=0).fit(tracks, ["Warm", "Late"] * 10)
    >>> found = explain(model, tracks.iloc[:1])[0]
    >>> found.bucket, found.missing, len(found.nearest)
    ('Warm', ('key',), 3)
    >>> abs(found.base + sum(found.contributions.values()) - found.votes) < 1e-6
    True
    """
    proba = model.predict_proba(tracks)
    first = proba.argmax(axis=1)
    base, parts = model.contributions(tracks, first)
    nearest = _nearest(model, tracks, n_nearest)
    missing = missing_fields(tracks)
    return [
        Explanation(
            bucket=str(model.classes_[column]),
            confidence=float(proba[row, column]),
            votes=float(base[row] + parts[row].sum()),
            base=float(base[row]),
            contributions=dict(zip(model.fields, parts[row].tolist(), strict=True)),
            nearest=nearest[row],
            missing=tuple(field for field in model.fields if missing[field][row]),
        )
        for row, column in enumerate(first)
    ]


def _nearest(model: BucketAssigner, tracks: pd.DataFrame, n: int) -> list[tuple[Neighbour, ...]]:
    known = model.labelled_
    return [
        tuple(_neighbour(known.iloc[i], alike) for i, alike in zip(rows, similarity, strict=True))
        for rows, similarity in zip(*model.nearest(tracks, n), strict=True)
    ]


def _neighbour(track: pd.Series, similarity: float) -> Neighbour:
    artist, title = str(track.get("artist", "")), str(track.get("title", ""))
    return Neighbour(
        str(track["track_id"]), artist, title, str(track["buckets"]), float(similarity)
    )
