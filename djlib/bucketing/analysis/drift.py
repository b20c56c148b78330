"""Whether the tracks that came in lately differ from those before, field by field.

How far two mixes are apart: the population stability index, as the credit trade uses it (0.1 is a
shift, 0.25 a large one), and the Jensen-Shannon distance (0 the same, 1 nothing in common; Lin
1991). Whether that is more than chance: windows of as many tracks, drawn by whole days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...evaluation.trend_tests import day_windows, share_at_least, without_false_discoveries
from ...features.music import fold_bpm, parse_key
from ...features.text import genre_tokens, lead_artist
from ...tables.cells import text_of

Verdict = Literal["drifted", "hardly", "cannot tell"]

FEWEST = 30
"""Tracks on either side without which a field is not compared."""
_LEVEL = 0.05
_SHIFT = 0.1
"""A population stability index under this matters little, however sure it is."""
_NOVELTY_SHIFT = 0.1
_BINS = 8
_GENRES = 20
_MOVED = 3
_HALF = 0.5


@dataclass(frozen=True)
class Moved:
    """One value of a field and its share before and since."""

    value: str
    before: float
    since: float


@dataclass(frozen=True)
class FieldDrift:
    """One field of the incoming tracks. `psi` and `distance` say how far it moved, `by_chance` what
    distance is usual for so few tracks; for "new artists" they are shares of tracks by artists not
    met before, less what is usual. `p_value` has all fields taken into account; `moved` are the
    values that changed most. All None where either side has too few values."""

    field: str
    n_before: int
    n_since: int
    psi: float | None = None
    distance: float | None = None
    by_chance: float | None = None
    p_value: float | None = None
    moved: tuple[Moved, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """ "drifted" where it is more than chance and matters; "hardly" where it is only that."""
        if self.p_value is None or self.distance is None or self.p_value >= _LEVEL:
            return "cannot tell"
        size = abs(self.distance) / _NOVELTY_SHIFT if self.psi is None else self.psi / _SHIFT
        return "drifted" if size >= 1 else "hardly"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True)
class ConfidenceDrift:
    """How sure the model was on average of tracks before and since, and whether chance does it."""

    n_before: int
    n_since: int
    before: float
    since: float
    p_value: float

    @property
    def verdict(self) -> Literal["falls", "rises", "cannot tell"]:
        """Whether it moved, as far as can be told."""
        if self.p_value >= _LEVEL:
            return "cannot tell"
        return "falls" if self.since < self.before else "rises"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**asdict(self), "verdict": self.verdict}


def field_drift(
    tracks: pd.DataFrame, days: np.ndarray, is_recent: np.ndarray, *, seed: int = 0
) -> list[FieldDrift]:
    """Compare the recent tracks with those before: tempo, key, year, genres, new artists.

    `days` (n,) are numbers in order of time, `is_recent` (n,) the later tracks.

    >>> rng = np.random.default_rng(0)
    >>> days, recent = np.repeat(np.arange(60), 5), np.repeat(np.arange(60) >= 40, 5)
    >>> tracks = pd.DataFrame({"bpm": rng.normal(np.where(recent, 140, 124), 3)})
    >>> [(f.field, f.verdict) for f in field_drift(tracks, days, recent)]
    [('tempo', 'drifted')]
    """
    mixes = {
        "tempo": _binned(_numbers(tracks, "bpm"), "{:.0f} to {:.0f}"),
        "key": _listed([_key(cell) for cell in _texts(tracks, "key")], 24),
        "year": _binned(_numbers(tracks, "year"), "{:.0f} to {:.0f}"),
        "genre": _listed([genre_tokens(cell) for cell in _texts(tracks, "genres")], _GENRES),
    }
    found = [
        _compared(name, mix, labels, days, is_recent, seed)
        for name, (mix, labels) in mixes.items()
        if labels
    ]
    artists = _new_artists(tracks, days, is_recent, seed)
    found += [artists] if artists else []
    tested = [f for f in found if f.p_value is not None]
    raised = without_false_discoveries([f.p_value for f in tested if f.p_value is not None])
    told = {f.field: p_value for f, p_value in zip(tested, raised, strict=True)}
    return [replace(f, p_value=told.get(f.field)) for f in found]


def confidence_drift(
    confidence: np.ndarray, days: np.ndarray, is_recent: np.ndarray, *, seed: int = 0
) -> ConfidenceDrift | None:
    """Compare how sure the model was, (n,), of recent tracks and of those before; None where
    either are too few."""
    n_since, n_before = int(is_recent.sum()), int((~is_recent).sum())
    if min(n_since, n_before) < FEWEST:
        return None
    sizes, by_day = _by_day(confidence[:, None], days)
    recent = day_windows(sizes, n_since, seed=seed) @ by_day
    apart = recent / n_since - (confidence.sum() - recent) / n_before
    before, since = float(confidence[~is_recent].mean()), float(confidence[is_recent].mean())
    p_value = share_at_least(np.array([abs(since - before)]), np.abs(apart))
    return ConfidenceDrift(n_before, n_since, before, since, float(p_value[0]))


def _compared(
    name: str,
    mix: np.ndarray,
    labels: Sequence[str],
    days: np.ndarray,
    is_recent: np.ndarray,
    seed: int,
) -> FieldDrift:
    """One field as a 0/1 matrix (n, values); rows without a value do not count."""
    known = mix.any(axis=1)
    mix, days, is_recent = mix[known], days[known], is_recent[known]
    n_since, n_before = int(is_recent.sum()), int((~is_recent).sum())
    if min(n_since, n_before) < FEWEST:
        return FieldDrift(name, n_before, n_since)
    everything = mix.sum(axis=0)
    recent = is_recent.astype(float)[None] @ mix
    sizes, by_day = _by_day(mix, days)
    drawn = day_windows(sizes, n_since, seed=seed) @ by_day
    seen = _distance(everything - recent, recent)
    by_chance = _distance(everything - drawn, drawn)
    p_value = share_at_least(seen, by_chance[:, None])
    before, since = (everything - recent[0]) / n_before, recent[0] / n_since
    return FieldDrift(
        name,
        n_before,
        n_since,
        psi=round(_stability(everything - recent[0], recent[0]), 4),
        distance=round(float(seen[0]), 4),
        by_chance=round(float(by_chance.mean()), 4),
        p_value=float(p_value[0]),
        moved=tuple(
            Moved(labels[k], round(float(before[k]), 4), round(float(since[k]), 4))
            for k in np.argsort(-np.abs(since - before), kind="stable")[:_MOVED]
        ),
    )


def _by_day(values: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many rows each day has, (days,), and the sums of its `values`, (days, k)."""
    _, rank, sizes = np.unique(days, return_inverse=True, return_counts=True)
    sums = np.zeros((len(sizes), values.shape[1]))
    np.add.at(sums, rank, values)
    return sizes, sums


def _distance(before: np.ndarray, since: np.ndarray) -> np.ndarray:
    """Jensen-Shannon distance, base 2, of counts (m, values) row by row."""
    p, q = (counts / counts.sum(axis=1, keepdims=True) for counts in (before, since))
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(x > 0, x * np.log2(x / middle), 0).sum(axis=1) for x in (p, q)]
    return np.asarray(np.sqrt(np.maximum(parts[0] + parts[1], 0) / 2))


def _stability(before: np.ndarray, since: np.ndarray) -> float:
    """Population stability index of counts; half a track in each value, so that none is empty."""
    p, q = ((c + _HALF) / (c + _HALF).sum() for c in (before, since))
    return float(((q - p) * np.log(q / p)).sum())


def _new_artists(
    tracks: pd.DataFrame, days: np.ndarray, is_recent: np.ndarray, seed: int
) -> FieldDrift | None:
    """How many recent tracks are of artists not met before, against windows by chance."""
    pairs = zip(_texts(tracks, "artist"), _texts(tracks, "title"), strict=True)
    artists = np.array([lead_artist(artist, title) for artist, title in pairs], dtype=object)
    known = artists != ""
    if not known.any():
        return None
    codes, _ = pd.factorize(artists[known])
    days, is_recent = days[known], is_recent[known]
    n_since, n_before = int(is_recent.sum()), int((~is_recent).sum())
    if min(n_since, n_before) < FEWEST:
        return FieldDrift("new artists", n_before, n_since)
    _, rank, sizes = np.unique(days, return_inverse=True, return_counts=True)
    drawn = day_windows(sizes, n_since, seed=seed) >= _HALF
    by_chance = np.array([_novelty(codes, days_in[rank]) for days_in in drawn])
    usual, seen = float(by_chance.mean()), _novelty(codes, is_recent)
    p_value = share_at_least(np.array([abs(seen - usual)]), np.abs(by_chance - usual)[:, None])
    return FieldDrift(
        "new artists",
        n_before,
        n_since,
        distance=round(seen - usual, 4),
        by_chance=0.0,
        p_value=float(p_value[0]),
        moved=(Moved("artists not met before", round(usual, 4), round(seen, 4)),),
    )


def _novelty(codes: np.ndarray, window: np.ndarray) -> float:
    """Share of tracks in a window whose artist is nowhere outside it; 0 in an empty one."""
    if not window.any():
        return 0.0
    outside = np.bincount(codes[~window], minlength=codes.max() + 1)
    return float((outside[codes[window]] == 0).mean())


def _binned(values: np.ndarray, shown: str) -> tuple[np.ndarray, list[str]]:
    """Numbers in about equally large bins; none where they are too few or all alike."""
    given = values[~np.isnan(values)]
    edges = np.unique(np.quantile(given, np.linspace(0, 1, _BINS + 1))) if len(given) else given
    if len(edges) < 3:
        return np.zeros((len(values), 0)), []
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    mix = np.eye(len(edges) - 1)[place] * ~np.isnan(values)[:, None]
    return mix, [shown.format(low, high) for low, high in zip(edges, edges[1:], strict=False)]


def _listed(rows: Sequence[Sequence[str]], most: int) -> tuple[np.ndarray, list[str]]:
    """Names as columns, those beyond the commonest together as `other`."""
    sizes = Counter(name for row in rows for name in row)
    common = [name for name, _ in sizes.most_common(most)]
    labels = [*common, "other"] if len(sizes) > most else common
    place = {name: column for column, name in enumerate(common)}
    mix = np.zeros((len(rows), len(labels)))
    for i, row in enumerate(rows):
        mix[i, [place.get(name, len(common)) for name in row]] = 1
    return mix, labels


def _key(cell: str) -> tuple[str, ...]:
    key = parse_key(cell)
    return (key.name,) if key else ()


def _numbers(tracks: pd.DataFrame, column: str) -> np.ndarray:
    if column not in tracks:
        return np.full(len(tracks), np.nan)
    numbers = tracks[column].to_numpy(dtype=float)
    return fold_bpm(numbers) if column == "bpm" else numbers


def _texts(tracks: pd.DataFrame, column: str) -> list[str]:
    return text_of(tracks, column).tolist()
