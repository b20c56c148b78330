"""Invented record listings, and which of them one invented collector kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..tables.schema import LISTINGS
from .words import Names, artist_names, label_names, titles

KEPT = 0.15
"""Share of the listings that the collector kept, about what real collectors keep."""

_TASTE_NOISE = 0.9
_STYLES = {
    "Electronic": ("House", "Deep House", "Techno", "Acid", "Ambient", "Electro", "Drum n Bass"),
    "Funk / Soul": ("Funk", "Soul", "Disco", "Boogie", "Gospel"),
    "Jazz": ("Fusion", "Jazz-Funk", "Spiritual Jazz", "Bossa Nova"),
    "Reggae": ("Dub", "Roots Reggae", "Dancehall"),
    "Hip Hop": ("Boom Bap", "Instrumental", "Conscious"),
    "Rock": ("Post-Punk", "Krautrock", "Psychedelic Rock", "Indie Rock"),
}
_COUNTRIES = ("UK", "Germany", "US", "France", "Italy", "Japan", "Netherlands", "Brazil")
_FORMATS = ('Vinyl, 12", 33 ⅓ RPM', 'Vinyl, 12", 45 RPM, EP', "Vinyl, LP, Album", 'Vinyl, 7"', "CD")
_CONDITIONS = (
    "Mint (M)",
    "Near Mint (NM or M-)",
    "Very Good Plus (VG+)",
    "Very Good (VG)",
    "Good Plus (G+)",
)
_CONDITION_SHARES = (0.05, 0.25, 0.42, 0.22, 0.06)
_MONDAY = np.datetime64("2026-09-07T06:00:00")


def synthetic_listings(n: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Invent `n` listings: the `listings` table and `keeper`, 1 where the collector kept it.

    The taste is for some labels, some styles and the years around 1991; it is steady but noisy,
    so that no model can be perfect.

    >>> found = synthetic_listings(200, seed=1)
    >>> len(found), sorted(found["keeper"].unique().tolist())
    (200, [0, 1])
    """
    rng = np.random.default_rng([seed, 7001])
    labels = label_names(rng, int(np.clip(n // 10, 20, 2000)))
    artists = artist_names(rng, int(np.clip(n // 3, 30, 20_000)))
    genre, style = _genres_and_styles(rng, n)
    label = (rng.random(n) ** 2 * len(labels)).astype(int)
    artist = artists[(rng.random(n) ** 1.5 * len(artists)).astype(int)]
    year = np.round(np.clip(rng.normal(1996, 12, n), 1958, 2026))
    table = {
        "listing_id": np.array([f"l{number:06d}" for number in range(1, n + 1)], dtype=object),
        "artist": artist,
        "title": titles(rng, style, rng.permutation(artist)),
        "label": labels[label],
        "genres": genre,
        "styles": style,
        "year": np.where(rng.random(n) < 0.06, np.nan, year),
        "country": rng.choice(np.array(_COUNTRIES, dtype=object), n),
        "format": rng.choice(np.array(_FORMATS, dtype=object), n),
        **_market(rng, n),
    }
    table["url"] = "https://example.org/listing/" + table["listing_id"]
    table["image_url"] = "https://example.org/image/" + table["listing_id"] + ".jpg"
    frame = pd.DataFrame({c.name: _typed(table[c.name], c.kind) for c in LISTINGS.columns})
    return frame.assign(keeper=_kept(rng, label, style, year))


def _genres_and_styles(rng: np.random.Generator, n: int) -> tuple[Names, Names]:
    pairs = np.array([(g, s) for g, styles in _STYLES.items() for s in styles], dtype=object)
    common = 1 / (np.arange(len(pairs)) + 3.0)
    chosen = pairs[rng.choice(len(pairs), n, p=common / common.sum())]
    return chosen[:, 0], chosen[:, 1]


def _market(rng: np.random.Generator, n: int) -> dict[str, npt.NDArray[Any]]:
    """Prices, conditions, demand and times: scarce and wanted records cost more."""
    have = np.round(rng.lognormal(4.5, 1.2, n))
    want = np.round(have * rng.lognormal(-0.6, 0.8, n))
    grade, sleeve = rng.choice(5, (2, n), p=_CONDITION_SHARES)
    scarcity = np.sqrt((want + 5) / (have + 5))
    price = 9 * scarcity * (1.15 - 0.18 * grade) * rng.lognormal(0, 0.45, n)
    auction = rng.random(n) < 0.4
    listed = _MONDAY - (rng.random(n) * 30 * 86_400).astype("timedelta64[s]")
    ends = _MONDAY + (rng.random(n) * 7 * 86_400).astype("timedelta64[s]")
    return {
        "price": np.round(np.maximum(price, 0.5), 2),
        "currency": rng.choice(np.array(["EUR", "GBP", "USD"], dtype=object), n, p=[0.6, 0.2, 0.2]),
        "condition": np.array(_CONDITIONS, dtype=object)[grade],
        "sleeve_condition": np.array(_CONDITIONS, dtype=object)[sleeve],
        "have": have,
        "want": want,
        "listed_at": _utc(listed),
        "ends_at": np.where(auction, _utc(ends), ""),
        "kind": np.where(auction, "auction", "fixed").astype(object),
    }


def _utc(times: npt.NDArray[np.datetime64]) -> Names:
    return np.asarray((times.astype("datetime64[s]").astype(str).astype(object)) + "Z")


def _kept(
    rng: np.random.Generator,
    label: npt.NDArray[np.int64],
    style: Names,
    year: npt.NDArray[Any],
) -> npt.NDArray[np.int64]:
    """The collector's answers: the best `KEPT` of a score for label, style and year, with noise."""
    label_taste = rng.normal(0, 1, label.max() + 1)[label]
    styles = sorted({s for group in _STYLES.values() for s in group})
    style_taste = dict(zip(styles, rng.normal(0, 1, len(styles)), strict=True))
    score = label_taste + np.array([style_taste[s] for s in style])
    score += 1.5 * np.exp(-(((year - 1991) / 6) ** 2)) + rng.normal(0, _TASTE_NOISE, len(label))
    return np.asarray(score > np.quantile(score, 1 - KEPT), dtype=np.int64)


def _typed(values: npt.NDArray[Any], kind: str) -> pd.Series:
    return pd.Series(values, dtype="str" if kind == "text" else "float64")
