"""Why a model says so: contributions by field, nearest tracks, the smallest change of answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from ..features.columns import missing_fields
from ..features.music import Key, parse_key
from ..features.text import genre_tokens
from ..tables.schema import TRACKS, coerce
from .base import BucketAssigner
from .field_words import field_values

ASKED = ("bpm", "key", "genres", "year", "label")

_TEMPOS = range(60, 201)
_ONE_STEP_OF_TEMPO = math.log(1.06)
_YEARS_IN_A_STEP = 5
_YEARS_AROUND = 20
_ANOTHER_NAME = 3.0
"""Steps of an all different genre or label, and of any value where there was none."""

_MOST_NAMES = 40
_NEAREST_EACH, _SPREAD_EACH = 4, 10
"""Values of each field that are tried in pairs: those that came nearest to it on their own, and
others from all over its range."""


@dataclass(frozen=True)
class Edit:
    """One field with another value, "" for none, and how large a step that is."""

    field: str
    before: str
    after: str
    steps: float


@dataclass(frozen=True)
class WhatIf:
    """What would change a track's bucket: the `edits` and the `bucket` and `confidence` they lead
    to; no edits where none of the `n_tried` does. `asked` are the fields that were tried."""

    asked: tuple[str, ...]
    n_tried: int
    edits: tuple[Edit, ...] = ()
    bucket: str = ""
    confidence: float = 0.0


def smallest_change(model: BucketAssigner, track: pd.DataFrame) -> WhatIf:
    """Find the smallest change of one or two fields that changes the first choice for `track`, a
    table of one row.

    A step is 6 % of tempo, a neighbour on the circle of fifths, 5 years, a third of the genres;
    another label is three. Where no single field does it, pairs are tried, of some values of each.

    >>> from djlib import SimpleMLBucketAssigner
    >>> tracks = pd.DataFrame({"bpm": [122.0, 174.0] * 10})
    >>> model = SimpleMLBucketAssigner(random_state=0).fit(tracks, ["Warm", "Late"] * 10)
    >>> found = smallest_change(model, tracks.iloc[:1])
    >>> found.bucket, [(edit.field, edit.before) for edit in found.edits]
    ('Late', [('bpm', '122')])
    """
    asked = tuple(field for field in ASKED if field in model.fields)
    edits = [edit for field in asked for edit in edits_of(field, track, model.labelled_)]
    first = int(model.predict_proba(track)[0].argmax())
    single: list[tuple[Edit, ...]] = [(edit,) for edit in edits]
    if not single:
        return WhatIf(asked, 0)
    proba = model.predict_proba(edited(track, single))
    n_tried, found = len(single), _smallest(model, single, proba, first)
    if found is None and len(asked) > 1:
        pairs = _pairs(edits, _nearness(proba, first))
        proba = model.predict_proba(edited(track, pairs))
        n_tried, found = n_tried + len(pairs), _smallest(model, pairs, proba, first)
    return WhatIf(asked, n_tried, *(found or ()))


def edited(track: pd.DataFrame, changes: list[tuple[Edit, ...]]) -> pd.DataFrame:
    """The one row of `track` once for each change, with that change made."""
    rows = track.iloc[np.zeros(len(changes), dtype=int)].reset_index(drop=True)
    rows = coerce(rows, TRACKS)[0]
    for field in {edit.field for change in changes for edit in change}:
        is_text = TRACKS.column(field).is_text
        missing: Any = "" if is_text else math.nan
        values = rows[field].tolist() if field in rows else [missing] * len(rows)
        for row, change in enumerate(changes):
            for edit in change:
                if edit.field == field:
                    values[row] = edit.after if is_text else float(edit.after)
        rows[field] = pd.Series(values, dtype="str" if is_text else "float64")
    return rows


def edits_of(field: str, track: pd.DataFrame, labelled: pd.DataFrame) -> list[Edit]:
    """Every value of a field that is tried in place of the one `track` has."""
    is_text = TRACKS.column(field).is_text
    before = next(iter(_column(track, field)), "") if is_text else field_values(track, field)[0]
    values, steps = _WAYS[field](before, labelled)
    return [
        Edit(field, before, value, steps(value) if before else _ANOTHER_NAME)
        for value in dict.fromkeys(values)
        if value != before
    ]


_Steps = Callable[[str], float]


def _tempos(before: str, labelled: pd.DataFrame) -> tuple[Iterable[str], _Steps]:
    now = float(before or "nan")
    octaves = [f"{bpm:g}" for bpm in (now / 2, now * 2) if 20 <= bpm <= 1000]
    return (
        [*map(str, _TEMPOS), *octaves],
        lambda bpm: abs(math.log(float(bpm) / now)) / _ONE_STEP_OF_TEMPO,
    )


def _keys(before: str, labelled: pd.DataFrame) -> tuple[Iterable[str], _Steps]:
    """The 24 keys, spelled as the library mostly spells them."""
    spelled: dict[Key, str] = {}
    for cell, _ in Counter(_column(labelled, "key")).most_common():
        key = parse_key(cell)
        if key:
            spelled.setdefault(key, cell)
    now = parse_key(before)
    keys = [Key(place, is_minor) for place in range(12) for is_minor in (False, True)]
    return (
        [spelled.get(key, key.camelot) for key in keys if key != now],
        lambda cell: _key_steps(parse_key(cell), now),
    )


def _key_steps(one: Key | None, other: Key | None) -> float:
    if one is None or other is None:
        return _ANOTHER_NAME
    around = (one.position - other.position) % 12
    return min(around, 12 - around) + (one.is_minor != other.is_minor)


def _genres(before: str, labelled: pd.DataFrame) -> tuple[Iterable[str], _Steps]:
    now = set(genre_tokens(before))
    counted = Counter(token for cell in _column(labelled, "genres") for token in genre_tokens(cell))
    others = [genre for genre, _ in counted.most_common(_MOST_NAMES) if {genre} != now]

    def steps(cell: str) -> float:
        then = set(genre_tokens(cell))
        return _ANOTHER_NAME * (1 - len(now & then) / max(len(now | then), 1))

    return [*others, ""], steps


def _years(before: str, labelled: pd.DataFrame) -> tuple[Iterable[str], _Steps]:
    """The years of the library or, of a model that did not keep them, those around the track's."""
    known = [int(float(year)) for year in field_values(labelled, "year") if year]
    if before and not known:
        known = [int(float(before)) - _YEARS_AROUND, int(float(before)) + _YEARS_AROUND]
    years = range(min(known), max(known) + 1) if known else ()
    return map(str, years), lambda year: abs(float(year) - float(before)) / _YEARS_IN_A_STEP


def _labels(before: str, labelled: pd.DataFrame) -> tuple[Iterable[str], _Steps]:
    counted = Counter(filter(None, _column(labelled, "label")))
    others = [label for label, _ in counted.most_common(_MOST_NAMES)]
    return [*others, ""], lambda label: _ANOTHER_NAME


_WAYS: dict[str, Callable[[str, pd.DataFrame], tuple[Iterable[str], _Steps]]] = {
    "bpm": _tempos,
    "key": _keys,
    "genres": _genres,
    "year": _years,
    "label": _labels,
}


def _column(tracks: pd.DataFrame, field: str) -> list[str]:
    return coerce(tracks[[field]], TRACKS)[0][field].tolist() if field in tracks else []


def _nearness(proba: np.ndarray, first: int) -> np.ndarray:
    """How far the best other bucket is ahead of bucket number `first`, (n,)."""
    return np.asarray(np.delete(proba, first, axis=1).max(axis=1) - proba[:, first])


def _smallest(
    model: BucketAssigner, changes: list[tuple[Edit, ...]], proba: np.ndarray, first: int
) -> tuple[tuple[Edit, ...], str, float] | None:
    """The change of fewest steps that leads elsewhere, the surest of equals; None where none
    does."""
    then = proba.argmax(axis=1)
    confidence = proba.max(axis=1)
    sizes = [round(sum(edit.steps for edit in change), 9) for change in changes]
    elsewhere = np.flatnonzero(then != first)
    if not len(elsewhere):
        return None
    best = min(elsewhere, key=lambda row: (sizes[row], -confidence[row]))
    return changes[best], str(model.classes_[then[best]]), float(confidence[best])


def _pairs(edits: list[Edit], nearness: np.ndarray) -> list[tuple[Edit, ...]]:
    chosen = []
    for field in dict.fromkeys(edit.field for edit in edits):
        rows = np.array([row for row, edit in enumerate(edits) if edit.field == field])
        nearest = rows[np.argsort(-nearness[rows], kind="stable")][:_NEAREST_EACH]
        spread = rows[np.linspace(0, len(rows) - 1, _SPREAD_EACH).round().astype(int)]
        chosen.append([edits[row] for row in dict.fromkeys([*nearest, *spread])])
    return [pair for two in combinations(chosen, 2) for pair in product(*two)]


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
    counterfactual = model.counterfactual_confidence(tracks)
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
            if_familiar=counterfactual[row],
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
