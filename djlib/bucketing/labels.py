"""What a person already sorted, as labels: one bucket a track, or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError
from ..tables.schema import split_buckets

SEVERAL_SHARE = 0.1
"""From this share of labelled tracks in two buckets or more, a library is multi-label: real
libraries measured had 6-10 % by accident of filing, or far more on purpose."""


@dataclass(frozen=True)
class Labels:
    """Labels as a 0/1 matrix: `truth` is (n, len(classes)); several 1s a row when `is_multi`."""

    classes: tuple[str, ...]
    truth: np.ndarray
    is_multi: bool

    @property
    def first(self) -> np.ndarray:
        """The rarest bucket of each row, shape (n,): the most specific one, for stratifying."""
        rarity = self.truth * (1.0 / np.maximum(self.truth.sum(axis=0), 1))
        return np.asarray(rarity.argmax(axis=1))


def encode(y: Iterable[Any]) -> Labels:
    """Read labels as an estimator takes them: one bucket a row, or a list of buckets a row.

    Raises `InputError` for a row without a bucket or fewer than two different buckets.

    >>> encode([["a"], ["b", "a"]]).truth.tolist()
    [[1, 0], [1, 1]]
    >>> encode(["a", "a"])
    Traceback (most recent call last):
        ...
    djlib.errors.InputError: only one bucket ('a'): there is nothing to tell apart; label at ...
    """
    given = list(y)
    several = [isinstance(row, (list, tuple, set, np.ndarray)) for row in given]
    is_multi = any(several)
    rows = [list(row) if many else [row] for row, many in zip(given, several, strict=True)]
    empty = [i for i, row in enumerate(rows) if not row or any(map(_is_missing, row))]
    if empty:
        raise InputError(f"row {empty[0]} has no bucket; leave unlabelled rows out of training")
    classes = sorted({str(bucket) for row in rows for bucket in row})
    if len(classes) < 2:
        shown = f"only one bucket ({classes[0]!r})" if classes else "no labelled tracks"
        raise InputError(f"{shown}: there is nothing to tell apart; label at least two buckets")
    place = {bucket: column for column, bucket in enumerate(classes)}
    truth = np.zeros((len(rows), len(classes)), dtype=int)
    for i, row in enumerate(rows):
        truth[i, [place[str(bucket)] for bucket in row]] = 1
    return Labels(tuple(classes), truth, is_multi)


def _is_missing(bucket: Any) -> bool:
    return bool(pd.isna(bucket)) or not str(bucket)


def buckets_of(tracks: pd.DataFrame) -> list[list[str]]:
    """The buckets a table gives each track: `buckets`, else `bucket`, else none.

    >>> buckets_of(pd.DataFrame({"bucket": ["Peak", ""], "buckets": ["Warm|Peak", ""]}))
    [['Warm', 'Peak'], []]
    """
    n = len(tracks)
    several = tracks["buckets"].tolist() if "buckets" in tracks else [""] * n
    one = tracks["bucket"].tolist() if "bucket" in tracks else [""] * n
    return [split_buckets(s or o) for s, o in zip(several, one, strict=True)]


def one_bucket_of(tracks: pd.DataFrame) -> list[str]:
    """The one bucket of each track: `bucket` where it names one, else the rarest, else ""."""
    several = buckets_of(tracks)
    sizes = Counter(bucket for row in several for bucket in row)
    named = tracks["bucket"].tolist() if "bucket" in tracks else [""] * len(tracks)
    return [
        one[0] if len(one) == 1 else min(row, key=lambda b: (sizes[b], b), default="")
        for one, row in zip(map(split_buckets, named), several, strict=True)
    ]


def are_several(labels: list[list[str]]) -> bool:
    """Whether enough labelled tracks sit in two or more buckets to learn them so."""
    labelled = [row for row in labels if row]
    return sum(len(row) > 1 for row in labelled) > SEVERAL_SHARE * max(len(labelled), 1)


def as_tracks(buckets: Iterable[str]) -> pd.DataFrame:
    """Give a tracks table with one row a bucket that says nothing but its name.

    >>> as_tracks(["Peak / Techno"])["genres"].tolist()
    ['Peak / Techno']
    """
    names = pd.Series(list(buckets), dtype="str")
    return pd.DataFrame({"genres": names, "path": names + "/"})  # a folder may be called the same


def with_names(truth: np.ndarray) -> np.ndarray:
    """Give 0/1 truth (n, buckets) and, below it, that each name belongs to its bucket,
    (n + buckets, buckets).

    >>> with_names(np.array([[0, 1]])).tolist()
    [[0, 1], [1, 0], [0, 1]]
    """
    return np.vstack([truth, np.eye(truth.shape[1], dtype=truth.dtype)])
