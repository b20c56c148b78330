"""Reasons for what the Gaussian process selects, and its additive explanation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...tables.cells import text_of
from ..listing_numbers import AGE, LISTED
from .features import ListingFeatures, number_values
from .kernel import MISSING, NUMBER_KERNEL, Encoded, names_in
from .posterior import Posterior

_NEAR = 0.5
"""Kernel value (of 1, a number with itself) from which on two values are called near."""
_CLOSE = 0.35
"""Cosine (of 1) from which on a record is called close to a kept one."""
_NEAREST = 3
_WORDS = {
    "words": "its words",
    "names": "its name",
    "letters": "the spelling of its name",
    "artists": "its artist",
    "labels": "its label",
    "genres": "its genre",
    "meaning": "what its name and style suggest",
}
_NOUNS = {"artists": "artist", "labels": "label", "genres": "genre"}
_BY_CHANCE = "picked by chance, so that the choices can be checked later"


@dataclass(frozen=True)
class Explainer:
    """Explains by what the model learned: its features, its posterior, and its labels counted."""

    features: ListingFeatures
    posterior: Posterior
    labels: LabelCounts

    def explain(
        self, listings: pd.DataFrame, points: Encoded, strategies: Sequence[str]
    ) -> list[list[str]]:
        """Reasons for each row, the weightiest first; `strategies` says which rule picked it."""
        if not len(self.labels.keeper):
            typical = "nothing is known yet: typical of this pool, and unlike the others"
            return [[typical] for _ in strategies]
        close = self._close_keepers(points)
        counts = _keeper_counts(listings, self.labels)
        contributions = self.posterior.functional.parts(points)
        unlabelled = _unlabelled(listings, self.labels)
        explained = []
        for row, strategy in enumerate(strategies):
            reasons = [*close[row], *counts[row]]
            if not reasons or strategy == "exploit":
                reasons += self._largest(contributions[row], listings, points, row)
            if strategy != "exploit":
                reasons = [*unlabelled[row], *reasons] or ["the model is unsure of it"]
            explained.append([_BY_CHANCE, *reasons] if strategy == "uniform" else reasons)
        return explained

    def _close_keepers(self, points: Encoded) -> list[list[str]]:
        """The most similar of the kept records among the landmarks."""
        rows, landmarks = self.posterior.rows, self.posterior.landmarks
        kept = np.flatnonzero(self.labels.keeper[rows] == 1)
        if not len(kept):
            return [[] for _ in range(len(points))]
        norm = np.sqrt(np.maximum(points.kernel_diag(), 1e-9))
        norm_kept = np.sqrt(np.maximum(landmarks.kernel_diag()[kept], 1e-9))
        cosine = points.kernel(landmarks)[:, kept] / norm[:, None] / norm_kept
        explained = []
        for row in cosine:
            nearest = [i for i in np.argsort(-row, kind="stable")[:_NEAREST] if row[i] >= _CLOSE]
            names = "; ".join(self.labels.names[rows[kept[i]]] for i in nearest)
            explained.append([f"close to what you kept: {names}"] if nearest else [])
        return explained

    def _largest(
        self, contributions: np.ndarray, listings: pd.DataFrame, points: Encoded, row: int
    ) -> list[str]:
        """The part that adds most to a row, beside the constant."""
        best = int(contributions[:-1].argmax())
        if contributions[best] <= 0:
            return []
        name = self.features.parts[best]
        if name in _WORDS:
            return [f"{_WORDS[name]} spoke for it most"]
        return [self._number_reason(listings.iloc[[row]], points[np.array([row])], name)]

    def _number_reason(self, listing: pd.DataFrame, point: Encoded, name: str) -> str:
        """What the number `name` of one listing is, and how many labels near it were keepers."""
        column = self.features.columns_.index(name)
        level = int(point.levels[0, column])
        if level == MISSING:
            return f"that its {name} is not known spoke for it most"
        reason = f"its {name} ({_number_text(listing, name)}) spoke for it most"
        rows, keeper = self.posterior.rows, self.labels.keeper
        if len(rows) < len(keeper):  # the model stands on a choice of labels: no count is whole
            return reason
        levels = self.posterior.landmarks.levels[:, column]
        similarity = NUMBER_KERNEL[level, levels] / NUMBER_KERNEL[level, level]
        near = (similarity >= _NEAR) & (levels != MISSING)
        return f"{reason}: kept {int(keeper[rows][near].sum())} of {int(near.sum())} about there"


class LabelCounts:
    """Labelled listings and their labels `keeper` (n,), counted once by artist, label and genre,
    to explain many selections."""

    def __init__(self, labelled: pd.DataFrame, keeper: np.ndarray) -> None:
        self.keeper = keeper
        self.n_labelled: dict[str, Counter[str]] = {block: Counter() for block in _NOUNS}
        self.n_kept: dict[str, Counter[str]] = {block: Counter() for block in _NOUNS}
        for block in _NOUNS:
            for names, label in zip(names_in(labelled, block), keeper, strict=True):
                self.n_labelled[block].update(names)
                self.n_kept[block].update(names if label else [])
        cells = zip(text_of(labelled, "artist"), text_of(labelled, "title"), strict=True)
        self.names = [_name(artist, title) for artist, title in cells]
        self.artists = set(text_of(labelled, "artist"))
        self.years = set(zip(_first_genre(labelled), _years(labelled), strict=True))


def _number_text(listing: pd.DataFrame, name: str) -> str:
    value = float(number_values(listing, [name])[0, 0])
    if name == LISTED:
        return f"{pd.Timestamp(0) + pd.Timedelta(days=value):%Y-%m}"
    return f"{value:.0f} years" if name == AGE else f"{value:.4g}"


def _keeper_counts(listings: pd.DataFrame, labels: LabelCounts) -> list[list[str]]:
    """How often records of the same artist, label and genre were kept."""
    explained: list[list[str]] = [[] for _ in range(len(listings))]
    for block, noun in _NOUNS.items():
        n, kept = labels.n_labelled[block], labels.n_kept[block]
        for reasons, names in zip(explained, names_in(listings, block), strict=True):
            rates = {name: kept[name] / n[name] for name in names if kept[name]}
            if rates:
                best = max(rates, key=rates.__getitem__)
                reasons.append(f"{noun} {best} kept {kept[best]} of {n[best]} times")
    return explained


def _unlabelled(listings: pd.DataFrame, labels: LabelCounts) -> list[list[str]]:
    """What has no label yet: a genre in a year, else an artist."""
    explained = []
    rows = zip(_first_genre(listings), _years(listings), text_of(listings, "artist"), strict=True)
    for genre, year, artist in rows:
        if genre and year and (genre, year) not in labels.years:
            explained.append([f"never asked about {genre} from {year}"])
        elif artist and artist not in labels.artists:
            explained.append([f"never asked about {artist}"])
        else:
            explained.append([])
    return explained


def _first_genre(listings: pd.DataFrame) -> list[str]:
    return [names[0] if names else "" for names in names_in(listings, "genres")]


def _years(listings: pd.DataFrame) -> list[str]:
    return [year.strip().removesuffix(".0") for year in text_of(listings, "year")]


def _name(artist: str, title: str) -> str:
    return " - ".join(part for part in (artist.strip(), title.strip()) if part) or "a record"
