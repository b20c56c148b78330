"""Records as scrapers bring them, and sources that stay as they are or break."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from djlib.opportunities.intake import take_in

NOW = "2026-04-01T03:00:00Z"
_STARTS = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu")
_ENDS = ("ral", "nen", "tik", "mos", "lud", "van", "zer", "pol", "kin", "dar", "fes", "gom")
WORDS = np.array([start + end for end in _ENDS for start in _STARTS], dtype=object)


def records(*rows: dict[str, Any]) -> pd.DataFrame:
    """Records with an address and a source of their own where none is said."""
    return pd.DataFrame(
        [{"url": f"https://example.org/{n}", "source": "E"} | row for n, row in enumerate(rows)]
    )


def calls(*rows: dict[str, Any], now: str = NOW) -> pd.DataFrame:
    """Calls made of records."""
    return take_in(records(*rows), now=now).calls


def source(n: int, rng: np.random.Generator, *, name: str = "E") -> pd.DataFrame:
    """What a source brings in a scan: `n` calls of common and rare words, most with a deadline.

    Texts of large sources come from a pool, which is quicker and no more alike than chance.
    """
    chances = 1 / np.arange(1, len(WORDS) + 1)
    chances /= chances.sum()
    pool = min(n, 200)

    def texts(low: int, high: int) -> np.ndarray:
        lengths = rng.integers(low, high, pool)
        drawn = rng.choice(WORDS, lengths.sum(), p=chances)
        made = [" ".join(part) for part in np.split(drawn, lengths.cumsum()[:-1])]
        return np.array(made, dtype=object)[
            np.arange(n) if n == pool else rng.integers(pool, size=n)
        ]

    days = np.datetime64("2026-05-01") + rng.integers(0, 90, n)
    table = pd.DataFrame(
        {
            "source": name,
            "title": texts(3, 9),
            "url": [f"https://example.org/{key}" for key in rng.integers(1 << 40, size=n)],
            "deadline": np.where(rng.random(n) < 0.7, days.astype(str), ""),
            "tags": np.where(rng.random(n) < 0.5, "art", ""),
            "description": texts(8, 60),
        }
    )
    return table.astype("str")
