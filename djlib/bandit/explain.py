"""Why a record was chosen, in words that are true of the model that chose it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..tables.cells import text_of
from .gaussian_process.features import number_values
from .gaussian_process.kernel import MISSING, NUMBER_KERNEL, Encoded, names_in
from .gaussian_process.policy import GaussianProcessPolicy
from .listing_numbers import AGE, LISTED

_ALIKE = 0.5
"""How alike (of 1, a number with itself) the model must hold two values to call them near."""


def number_reason(
    policy: GaussianProcessPolicy,
    listing: pd.DataFrame,
    point: Encoded,
    name: str,
    keeper: np.ndarray,
) -> str:
    """Say of one listing, a frame of one row, what its number `name` is and how many answers near
    it were keepers; `keeper` (n,) holds the answers in the order they came."""
    level = int(point.levels[0, policy.features_.columns_.index(name)])
    if level == MISSING:
        return f"that its {name} is not known spoke for it most"
    said = f"its {name} ({_shown(listing, name)}) spoke for it most"
    rows = policy.posterior_.rows
    if len(rows) < len(keeper):  # the model stands on a choice of answers: no count is whole
        return said
    near = _near(policy, name, level)
    return f"{said}: kept {int(keeper[rows][near].sum())} of {int(near.sum())} about there"


def _near(policy: GaussianProcessPolicy, name: str, level: int) -> np.ndarray:
    place = policy.features_.columns_.index(name)
    levels = policy.posterior_.landmarks.levels[:, place]
    alike = NUMBER_KERNEL[level, levels] / NUMBER_KERNEL[level, level]
    return np.asarray((alike >= _ALIKE) & (levels != MISSING))


def _shown(listing: pd.DataFrame, name: str) -> str:
    value = float(number_values(listing, [name])[0, 0])
    if name == LISTED:
        return f"{pd.Timestamp(0) + pd.Timedelta(days=value):%Y-%m}"
    return f"{value:.0f} years" if name == AGE else f"{value:.4g}"


_CLOSE = 0.35
"""How alike (of 1) a record must be to a kept one to be called close to it."""
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


class Known:
    """What was answered so far, counted once, to say again and again what is true of it."""

    def __init__(self, labelled: pd.DataFrame) -> None:
        self.labelled = labelled
        self.keeper = labelled["keeper"].to_numpy(dtype=int)
        self.asked: dict[str, Counter[str]] = {block: Counter() for block in _NOUNS}
        self.kept: dict[str, Counter[str]] = {block: Counter() for block in _NOUNS}
        for block in _NOUNS:
            for names, answer in zip(names_in(labelled, block), self.keeper, strict=True):
                self.asked[block].update(names)
                self.kept[block].update(names if answer else [])
        cells = zip(text_of(labelled, "artist"), text_of(labelled, "title"), strict=True)
        self.names = [_name(artist, title) for artist, title in cells]
        self.artists = set(text_of(labelled, "artist"))
        self.years = set(zip(_first_genre(labelled), _years(labelled), strict=True))


def reasons_of(
    policy: GaussianProcessPolicy,
    listings: pd.DataFrame,
    points: Encoded,
    known: Known,
    strategies: Sequence[str],
) -> list[list[str]]:
    """Reasons for each row, the weightiest first; `strategies` says which rule picked it."""
    if not len(known.labelled):
        typical = "nothing is known yet: typical of this pool, and unlike the others"
        return [[typical] for _ in strategies]
    close = _close_keepers(policy, points, known)
    counts = _counted(listings, known)
    parts = policy.posterior_.direction.parts(points)
    new = _never_asked(listings, known)
    made = []
    for row, strategy in enumerate(strategies):
        said = [*close[row], *counts[row]]
        if not said or strategy == "exploit":
            said += _leading(policy, parts[row], listings, points, row, known)
        if strategy != "exploit":
            said = [*new[row], *said] or ["the model is unsure of it"]
        made.append([_BY_CHANCE, *said] if strategy == "uniform" else said)
    return made


def contributions(policy: GaussianProcessPolicy, points: Encoded) -> pd.DataFrame:
    """What each part of a listing adds to the answer expected of it; rows sum to that answer."""
    return pd.DataFrame(policy.posterior_.direction.parts(points), columns=policy.features_.parts)


def _close_keepers(policy: GaussianProcessPolicy, points: Encoded, known: Known) -> list[list[str]]:
    """The most alike of the kept records that the model stands on."""
    rows = policy.posterior_.rows
    kept = np.flatnonzero(known.keeper[rows] == 1)
    if not len(kept):
        return [[] for _ in range(len(points))]
    landmarks = policy.posterior_.landmarks
    own = np.sqrt(np.maximum(points.self_likeness(), 1e-9))
    theirs = np.sqrt(np.maximum(landmarks.self_likeness()[kept], 1e-9))
    alike = points.likeness(landmarks)[:, kept] / own[:, None] / theirs
    made = []
    for row in alike:
        nearest = [i for i in np.argsort(-row, kind="stable")[:_NEAREST] if row[i] >= _CLOSE]
        shown = "; ".join(known.names[rows[kept[i]]] for i in nearest)
        made.append([f"close to what you kept: {shown}"] if nearest else [])
    return made


def _counted(listings: pd.DataFrame, known: Known) -> list[list[str]]:
    """How often records of the same artist, label and genre were kept."""
    made: list[list[str]] = [[] for _ in range(len(listings))]
    for block, noun in _NOUNS.items():
        asked, kept = known.asked[block], known.kept[block]
        for said, names in zip(made, names_in(listings, block), strict=True):
            best = max((n for n in names if kept[n]), key=lambda n: kept[n] / asked[n], default="")
            if best:
                said.append(f"{noun} {best} kept {kept[best]} of {asked[best]} times")
    return made


def _never_asked(listings: pd.DataFrame, known: Known) -> list[list[str]]:
    """What was never asked about: a genre in a year, else an artist."""
    made = []
    rows = zip(_first_genre(listings), _years(listings), text_of(listings, "artist"), strict=True)
    for genre, year, artist in rows:
        if genre and year and (genre, year) not in known.years:
            made.append([f"never asked about {genre} from {year}"])
        elif artist and artist not in known.artists:
            made.append([f"never asked about {artist}"])
        else:
            made.append([])
    return made


def _leading(
    policy: GaussianProcessPolicy,
    parts: np.ndarray,
    listings: pd.DataFrame,
    points: Encoded,
    row: int,
    known: Known,
) -> list[str]:
    """The part that speaks loudest for a row, beside what speaks for every row."""
    best = int(parts[:-1].argmax())
    if parts[best] <= 0:
        return []
    name = policy.features_.parts[best]
    if name in _WORDS:
        return [f"{_WORDS[name]} spoke for it most"]
    only = listings.iloc[[row]], points.take(np.array([row]))
    return [number_reason(policy, *only, name, known.keeper)]


def _first_genre(listings: pd.DataFrame) -> list[str]:
    return [names[0] if names else "" for names in names_in(listings, "genres")]


def _years(listings: pd.DataFrame) -> list[str]:
    return [year.strip().removesuffix(".0") for year in text_of(listings, "year")]


def _name(artist: str, title: str) -> str:
    return " - ".join(part for part in (artist.strip(), title.strip()) if part) or "a record"
