"""Listings of shops that do not exist."""

from __future__ import annotations

import numpy as np
import pandas as pd


def shop(n: int, seed: int = 0) -> pd.DataFrame:
    """`n` listings with everything a listing may say, some of it missing."""
    rng = np.random.default_rng(seed)
    artists = ["Robyn", "Björk", "大橋純子", "Moodymann", ""]
    return pd.DataFrame(
        {
            "listing_id": [f"l{seed}-{at}" for at in range(n)],
            "artist": rng.choice(artists, n),
            "title": [f"Song {at}" for at in range(n)],
            "label": rng.choice(["KDJ", "Konichiwa", ""], n),
            "genres": rng.choice(["House", "Dub; House", "Pop", ""], n),
            "styles": rng.choice(["Deep House", ""], n),
            "year": rng.choice([1981.0, 2005.0, np.nan], n),
            "price": rng.choice([3.0, 40.0, np.nan], n),
            "condition": rng.choice(["Very Good Plus (VG+)", "Mint (M)", ""], n),
            "listed_at": rng.choice(["2024-05-01T10:00:00Z", "1998", ""], n),
        }
    )


def likes_house(listings: pd.DataFrame) -> np.ndarray:
    """A taste that the genres tell."""
    return listings["genres"].str.contains("House").to_numpy().astype(int)
