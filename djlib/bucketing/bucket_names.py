"""What a bucket is called, learned from as if it were the genre of one more track of the bucket.

"Categories / Hip Hop" says what belongs there before a track does. Its words are columns like those
of any genre and its embedding lies where that of such tracks would, so a few labels teach more, and
artists never seen are placed better. A name that says nothing ("2", "Warm") shares no words with
the tracks and hardly changes anything; where tracks contradict a name, there are more of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd


def as_tracks(buckets: Iterable[str]) -> pd.DataFrame:
    """Give a tracks table with one row a bucket that says nothing but its name.

    >>> as_tracks(["Peak / Techno"])["genres"].tolist()
    ['Peak / Techno']
    """
    return pd.DataFrame({"genres": pd.Series(list(buckets), dtype="str")})


def with_names(truth: np.ndarray) -> np.ndarray:
    """Give 0/1 truth (n, buckets) and, below it, that each name belongs to its bucket,
    (n + buckets, buckets).

    >>> with_names(np.array([[0, 1]])).tolist()
    [[0, 1], [1, 0], [0, 1]]
    """
    return np.vstack([truth, np.eye(truth.shape[1], dtype=truth.dtype)])
