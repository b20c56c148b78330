"""What is wrong with what a scraper brought: nothing, too much, or something else than before.

Every sign is the size of a difference, never its p-value: a source with ten thousand records is
judged as one with thirty. Under a floor of records nothing is said at all, and what could be a bad
day has to come twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ..features.text import fold

State = Literal["fine", "suspect", "broken"]

_FLOOR = 20
"""Records on either side without which shares and shapes are not compared."""
_FLOOR_DATED = 10
_FLOOR_USUAL = 5
"""Records a source must usually bring before bringing none means anything."""
_FLOOR_MANY = 30
_TIMES = 10.0
_SHIFT, _SHIFT_AT_ONCE = 0.6, 0.9
"""Cliff's delta: 0 where two sets of rows are alike, 1 where every row of one is above the other's.
Of 20 rows beside 20 it strays by 0.19."""
_MORE_MISSING = 0.5
_IDENTICAL, _USUALLY_IDENTICAL = 0.9, 0.5
_FIELDS = ("url", "deadline", "tags", "description")
_MOST_ROWS = 2000


@dataclass(frozen=True)
class Signal:
    """One thing that is not as before: its name, how far it is off, in words, and whether it is
    beyond doubt or has to come twice."""

    name: str
    effect: float
    words: str
    is_certain: bool = True

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the log and `--json`."""
        return asdict(self)


@dataclass(frozen=True)
class Batch:
    """What one scan brought from a source: how many records, and the calls among them."""

    n_read: int
    calls: pd.DataFrame


def find_anomalies(batch: Batch, known: pd.DataFrame, past_counts: Sequence[int]) -> list[Signal]:
    """Compare a batch with the calls `known` from its source and how many records earlier scans
    brought.

    >>> nothing = Batch(0, pd.DataFrame({"title": []}))
    >>> [s.name for s in find_anomalies(nothing, pd.DataFrame({"title": []}), [31, 40])]
    ['no records']
    """
    usual = float(np.median(past_counts)) if past_counts else 0.0
    if batch.n_read == 0:
        words = f"no records, usually {usual:.0f}"
        return [Signal("no records", 1.0, words)] if usual >= _FLOOR_USUAL else []
    found = []
    if len(past_counts) > 1 and batch.n_read >= max(_TIMES * usual, _FLOOR_MANY):
        words = f"{batch.n_read:,} records, usually {usual:.0f}"
        found.append(Signal("too many records", batch.n_read / max(usual, 1.0), words))
    found += _junk(batch, past_counts)
    found += _identical_deadlines(batch.calls, known)
    if min(len(batch.calls), len(known)) >= _FLOOR:
        found += _missing(batch.calls, known)
        found += _shifts(batch.calls.tail(_MOST_ROWS), known.tail(_MOST_ROWS))
    return found


def judge(signals: Sequence[Signal], before: Sequence[str]) -> State:
    """Judge a source by its signals now and the names of those of the scan before.

    >>> odd = Signal("longer titles", 0.7, "titles are longer", is_certain=False)
    >>> judge([], []), judge([odd], []), judge([odd], ["longer titles"])
    ('fine', 'suspect', 'broken')
    """
    if any(signal.is_certain or signal.name in before for signal in signals):
        return "broken"
    return "suspect" if signals else "fine"


def _junk(batch: Batch, past_counts: Sequence[int]) -> list[Signal]:
    """Almost nothing of what came is a call, of a source that had calls."""
    share = 1 - len(batch.calls) / batch.n_read
    if not past_counts or batch.n_read < _FLOOR or share < _IDENTICAL:
        return []
    return [Signal("mostly no calls", share, f"{share:.0%} of the records are no calls")]


def _identical_deadlines(calls: pd.DataFrame, known: pd.DataFrame) -> list[Signal]:
    now, before = _top_share(calls), _top_share(known)
    if now is None or before is None or now < _IDENTICAL or before >= _USUALLY_IDENTICAL:
        return []
    words = f"{now:.0%} of the deadlines are the same day, before {before:.0%}"
    return [Signal("identical deadlines", now - before, words)]


def _top_share(calls: pd.DataFrame) -> float | None:
    days = calls["deadline"].str[:10] if len(calls) else pd.Series(dtype="str")
    days = days[days.str.match(r"\d")]
    return float(days.value_counts(normalize=True).iloc[0]) if len(days) >= _FLOOR_DATED else None


def _missing(calls: pd.DataFrame, known: pd.DataFrame) -> list[Signal]:
    found = []
    for field in _FIELDS:
        now, before = (float(table[field].isin(["", "tba"]).mean()) for table in (calls, known))
        if now - before >= _MORE_MISSING:
            words = f"{field} is missing in {now:.0%}, before in {before:.0%}"
            found.append(Signal(f"missing {field}", now - before, words, now >= 0.99))
    return found


def _shifts(calls: pd.DataFrame, known: pd.DataFrame) -> list[Signal]:
    half = np.arange(len(known)) % 2 == 0
    vocabulary = {word for text in _texts(known[half]) for word in _words(text)}
    now, before = (_shapes(table, vocabulary) for table in (calls, known[~half]))
    found = []
    for name, values in now.items():
        delta = cliffs_delta(values, before[name])
        if abs(delta) >= _SHIFT:
            middle, was = float(np.median(values)), float(np.median(before[name]))
            words = f"{name}: {middle:.3g} in the middle, before {was:.3g}"
            found.append(Signal(name, abs(delta), words, abs(delta) >= _SHIFT_AT_ONCE))
    return found


def _shapes(calls: pd.DataFrame, vocabulary: set[str]) -> dict[str, np.ndarray]:
    """Numbers of each record that a changed page changes."""
    texts = _texts(calls)
    words = [_words(text) for text in texts]
    known = [sum(w in vocabulary for w in ws) / len(ws) if ws else 0.0 for ws in words]
    marks = [sum(not (s.isalnum() or s.isspace()) for s in t) / max(len(t), 1) for t in texts]
    return {
        "length of titles": calls["title"].str.len().to_numpy(dtype=float),
        "length of texts": calls["description"].str.len().to_numpy(dtype=float),
        "share of marks": np.array(marks),
        "share of known words": np.array(known),
    }


def cliffs_delta(some: np.ndarray, others: np.ndarray) -> float:
    """How much larger `some` values are than `others`: the chance of larger minus that of smaller.

    Cliff 1993. It does not grow with the number of values.

    >>> cliffs_delta(np.array([3.0, 4.0]), np.array([1.0, 2.0]))
    1.0
    >>> cliffs_delta(np.ones(9), np.ones(4))
    0.0
    """
    n, m = len(some), len(others)
    ranks = rankdata(np.concatenate([some, others]))[:n].sum()
    return float(2 * (ranks - n * (n + 1) / 2) / (n * m) - 1)


def _texts(calls: pd.DataFrame) -> list[str]:
    return (calls["title"] + " " + calls["description"].str[:1000]).tolist()


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", fold(text)))
