"""Which calls are shown: open ones, the best ranked, no two of one title."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from ..features.text import fold
from ..formats.calls.deadlines import moment_of
from ..formats.calls.web_addresses import host_of
from ..tables.cells import text_of
from .openness import openness


def is_open(calls: pd.DataFrame, now: datetime) -> np.ndarray:
    """Whether each call, (n,), can still be answered, as `openness` judges it.

    >>> from datetime import UTC
    >>> calls = pd.DataFrame({"deadline": ["2026-05-01", "2026-05-02", "rolling", ""]})
    >>> is_open(calls, datetime(2026, 5, 2, tzinfo=UTC)).tolist()
    [False, True, True, True]
    """
    return openness(calls, now).is_open


def days_left(calls: pd.DataFrame, now: datetime) -> np.ndarray:
    """Days from `now` until each call closes, (n,), negative once it has; NaN without a date."""
    place, distinct = pd.factorize(text_of(calls, "deadline"))
    moments = [moment_of(cell) for cell in distinct]
    left = [np.nan if m is None else (m - now).total_seconds() / 86_400 for m in moments]
    return np.array(left, dtype=float)[place] if len(place) else np.zeros(0)


_FRESH_DAYS = 30.0
"""A call this old counts half of one found today."""
_SOON, _LATER = 3.0, 60.0
"""Days left that make a call worth a look now: enough to answer it, too few to let it wait."""
_DATED = 0.5
"""What a call without a date counts of one that closes in time."""
_MORE_OF_SAME = 0.5
"""What a further call of a source or tag counts of the one before."""
_OF_ONE_SOURCE = 0.3
"""The share of a list that one source or site may have."""
_LIKENESS_COSTS = 0.15
"""What a call whose title has all the words of one shown already loses of its chance."""
_NEARLY_THE_SAME = 0.8
"""From this share of common words on, titles are one call written twice."""
_LOOKED_AT = 20
"""Times more calls are looked at than shown."""


def best(scores: np.ndarray, titles: Sequence[str], k: int) -> np.ndarray:
    """The rows of the `k` highest scores (n,), no two of one title, highest first.

    >>> best(np.array([0.1, 0.9, 0.8, 0.7]), ["a", "Dub", "dub", "b"], 2).tolist()
    [1, 3]
    """
    picked: list[int] = []
    seen_titles: set[str] = set()
    for row in _descending(scores, k):
        title = fold(titles[row])
        if title not in seen_titles:
            seen_titles.add(title)
            picked.append(int(row))
        if len(picked) == k:
            break
    return np.array(picked, dtype=int)


def spread(chances: np.ndarray, calls: pd.DataFrame, k: int) -> np.ndarray:
    """The rows of `k` calls of high chance (n,), at most three tenths of one source or site,
    near-duplicates once, by maximal marginal relevance (Carbonell & Goldstein 1998).

    Fewer sources than that takes share the list evenly.

    >>> calls = pd.DataFrame({"title": ["Dub prize one", "Dub prize two", "Film grant"]})
    >>> spread(np.array([0.9, 0.89, 0.8]), calls.assign(source=list("SST")), 2).tolist()
    [0, 2]
    """
    rows = best(chances, text_of(calls, "title").tolist(), max(_LOOKED_AT * k, 200))
    some = calls.iloc[rows]
    sources = [fold(name).removeprefix("social:").strip() for name in text_of(some, "source")]
    sites = [host_of(url) for url in text_of(some, "url")]
    words = [frozenset(re.findall(r"\w+", fold(title))) for title in text_of(some, "title")]
    most = [_most_of_one(names, k) for names in (sources, sites)]
    often: list[Counter[str]] = [Counter(), Counter()]
    likeness = np.zeros(len(rows))
    value = np.asarray(chances)[rows].astype(float)
    picked: list[int] = []
    while len(picked) < k:
        worth = value - _LIKENESS_COSTS * likeness
        worth[likeness >= _NEARLY_THE_SAME] = -np.inf
        for place in range(len(rows)):
            if often[0][sources[place]] >= most[0] or often[1][sites[place]] >= most[1]:
                worth[place] = -np.inf
        place = int(np.argmax(worth)) if len(worth) else 0
        if not len(worth) or not np.isfinite(worth[place]):
            break
        picked.append(place)
        often[0][sources[place]] += bool(sources[place])
        often[1][sites[place]] += bool(sites[place])
        value[place] = -np.inf
        for other in range(len(rows)):
            likeness[other] = max(likeness[other], _likeness(words[place], words[other]))
    shown = rows[np.array(picked, dtype=int)]
    return shown[np.argsort(-np.asarray(chances)[shown], kind="stable")]


def _most_of_one(names: Sequence[str], k: int) -> int:
    """How many of `k` may have one name: three tenths, more where there are too few names."""
    return max(int(_OF_ONE_SOURCE * k), 1, -(-k // max(len(set(names)), 1)))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of common words (Jaccard); titles whose numbers differ are two calls."""
    numbers = [{word for word in words if word.isdigit()} for words in (one, other)]
    union = len(one | other)
    same = len(one & other) / union if union else 0.0
    return same if numbers[0] == numbers[1] else min(same, _NEARLY_THE_SAME - 0.01)


def modest(chances: np.ndarray, n_ratings: int) -> np.ndarray:
    """Chances (n,) no nearer to certain than so many ratings can tell: between 1 / (n + 2) and
    (n + 1) / (n + 2), Laplace's rule of succession.

    >>> modest(np.array([0.0, 0.5, 1.0]), 8).tolist()
    [0.1, 0.5, 0.9]
    """
    return np.clip(chances, 1 / (n_ratings + 2), (n_ratings + 1) / (n_ratings + 2))


def varied(scores: np.ndarray, calls: pd.DataFrame, k: int) -> np.ndarray:
    """The rows of `k` calls of high score (n,), all above 0, that differ in source and tags.

    Each further call of a source or tag counts half (greedy; Carbonell & Goldstein 1998).

    >>> calls = pd.DataFrame({"title": list("abc"), "source": ["S", "S", "T"], "tags": [""] * 3})
    >>> varied(np.array([0.9, 0.8, 0.7]), calls, 2).tolist()
    [0, 2]
    """
    rows = best(scores, text_of(calls, "title").tolist(), max(_LOOKED_AT * k, 200))
    sources, tags = text_of(calls, "source").iloc[rows].tolist(), _first_tags(calls, rows)
    left = dict.fromkeys(range(len(rows)))
    picked: list[int] = []
    often: dict[str, int] = {}
    while left and len(picked) < k:
        place = max(
            left,
            key=lambda p: (
                scores[rows[p]]
                * _MORE_OF_SAME ** (often.get(sources[p], 0) + often.get(tags[p], 0))
            ),
        )
        left.pop(place)
        picked.append(int(rows[place]))
        for name in filter(None, (sources[place], tags[place])):
            often[name] = often.get(name, 0) + 1
    return np.array(picked, dtype=int)


def worth_a_look(
    days_old: np.ndarray, days_left: np.ndarray, reliability: np.ndarray
) -> np.ndarray:
    """How much a call is worth showing to somebody who has said nothing yet, (n,) above 0: how
    fresh it is, whether it closes soon but not too soon, and how well its source is liked.

    >>> worth_a_look(np.array([0.0, 90.0]), np.array([20.0, 20.0]), np.ones(2)).round(2).tolist()
    [1.0, 0.12]
    """
    fresh = 0.5 ** (np.clip(np.nan_to_num(days_old, nan=_FRESH_DAYS), 0, None) / _FRESH_DAYS)
    left = np.nan_to_num(days_left, nan=-1.0)
    in_time = np.where(left < 0, _DATED, np.where(left < _SOON, 0.4, 0.7))
    in_time = np.where((left >= _SOON) & (left <= _LATER), 1.0, in_time)
    return np.asarray(fresh * in_time * np.maximum(reliability, 1e-3), dtype=float)


def _descending(scores: np.ndarray, k: int) -> Iterator[int]:
    """Rows by falling score; the rest is sorted only when it is needed."""
    few = min(len(scores), max(_LOOKED_AT * k, 1000))
    top = np.argpartition(-scores, few - 1)[:few] if few < len(scores) else np.arange(len(scores))
    yield from top[np.lexsort((top, -scores[top]))].tolist()
    rest = np.setdiff1d(np.arange(len(scores)), top)
    yield from rest[np.argsort(-scores[rest], kind="stable")].tolist()


def _first_tags(calls: pd.DataFrame, rows: np.ndarray) -> list[str]:
    return [fold(cell.split(";")[0]) for cell in text_of(calls, "tags").iloc[rows]]
