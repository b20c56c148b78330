"""Why a model says so: what each field added, the nearest labelled tracks, what was missing.

Every model takes its own answers apart (`BucketAssigner.contributions`, `.nearest`); here they
become one explanation of the same shape. It is about the model, not about the music: a field
that two others repeat may look idle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..features.columns import missing_fields
from .assigner import BucketAssigner
from .counterfactual import WhatIf, smallest_change
from .field_words import field_values


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
    """One prediction, taken apart: `votes` = `base` + the sum of `contributions`, on the scale
    that `vote_scale` names; `confidence` is what calibration makes of the votes.

    `choices` are the likeliest buckets with their probabilities, `given` the bucket or buckets
    given out, `values` what the fields hold, `missing` the fields without a usable value.
    `if_familiar` is what the confidence would be had it learned from a track of the "artist", or
    from others added as late ("day"); what it knows is not named. `what_if` is the smallest change
    to another bucket, None where it was not looked for.
    """

    bucket: str
    confidence: float
    given: tuple[str, ...]
    choices: tuple[tuple[str, float], ...]
    vote_scale: str
    votes: float
    base: float
    contributions: dict[str, float]
    values: dict[str, str]
    nearest: tuple[Neighbour, ...]
    missing: tuple[str, ...]
    if_familiar: dict[str, float]
    what_if: WhatIf | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


def explain(
    model: BucketAssigner,
    tracks: pd.DataFrame,
    *,
    n_nearest: int = 3,
    n_choices: int = 3,
    what_if: bool = False,
) -> list[Explanation]:
    """Explain the first choice for each track; `what_if` also looks for the smallest change to
    another one, which costs some hundred predictions a track.

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
    missing = missing_fields(tracks, model.fields)
    values = {field: field_values(tracks, field) for field in model.fields}
    given = model.buckets_for(proba)
    familiar = model.if_familiar(tracks)
    return [
        Explanation(
            bucket=str(model.classes_[column]),
            confidence=float(proba[row, column]),
            given=tuple(map(str, given[row])) if model.is_multi_ else (str(given[row]),),
            choices=_choices(model, proba[row], n_choices),
            vote_scale=model.vote_scale,
            votes=float(base[row] + parts[row].sum()),
            base=float(base[row]),
            contributions=dict(zip(model.fields, parts[row].tolist(), strict=True)),
            values={field: of_all[row] for field, of_all in values.items()},
            nearest=nearest[row],
            missing=tuple(field for field in model.fields if missing[field][row]),
            if_familiar=familiar[row],
            what_if=smallest_change(model, tracks.iloc[[row]]) if what_if else None,
        )
        for row, column in enumerate(first)
    ]


def _choices(
    model: BucketAssigner, proba: np.ndarray, n_choices: int
) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-proba, kind="stable")[:n_choices]
    return tuple((str(model.classes_[column]), float(proba[column])) for column in order)


def _nearest(model: BucketAssigner, tracks: pd.DataFrame, n: int) -> list[tuple[Neighbour, ...]]:
    """The `n` nearest labelled tracks of each track, itself left out."""
    known = model.labelled_
    ids = tracks["track_id"] if "track_id" in tracks else [None] * len(tracks)
    found = []
    for track_id, rows, alike in zip(ids, *model.nearest(tracks, n + 1), strict=True):
        others = [
            _neighbour(known.iloc[row], similarity)
            for row, similarity in zip(rows, alike, strict=True)
            if known["track_id"].iloc[row] != track_id
        ]
        found.append(tuple(others[:n]))
    return found


def _neighbour(track: pd.Series, similarity: float) -> Neighbour:
    artist, title = str(track.get("artist", "")), str(track.get("title", ""))
    return Neighbour(
        str(track["track_id"]), artist, title, str(track["buckets"]), float(similarity)
    )
