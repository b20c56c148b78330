"""Small invented shops with a taste in them."""

from __future__ import annotations

import numpy as np
import pandas as pd

GENRES = ("Dub", "House", "Polka", "Techno", "Folk")


def shop(n: int = 200, seed: int = 0) -> pd.DataFrame:
    """Listings of which those of one label and genre, and cheap ones, are mostly kept."""
    rng = np.random.default_rng(seed)
    genre = rng.integers(len(GENRES), size=n)
    label = rng.integers(8, size=n)
    price = rng.gamma(2, 8, size=n).round(2)
    liked = 3.0 * (genre == 0) + 2.0 * (label == 1) - 0.05 * price - 1.5
    return pd.DataFrame(
        {
            "listing_id": [f"x{seed}_{i}" for i in range(n)],
            "artist": [f"Artist {a}" for a in rng.integers(60, size=n)],
            "title": [f"Side {i}" for i in range(n)],
            "label": [f"Label {i}" for i in label],
            "genres": [GENRES[g] for g in genre],
            "year": rng.integers(1975, 2020, size=n).astype(float),
            "price": price,
            "keeper": (rng.random(n) < 1 / (1 + np.exp(-liked))).astype(int),
        }
    )
