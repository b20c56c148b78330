"""What is wrong with what a scraper brought: nothing, too much, or something else than before.

Every sign is the size of a difference, never its p-value: a source with ten thousand records is
judged as one with thirty. What few records show by chance is asked on top, so that small sources
raise no more false alarms than large ones. Under a floor of records nothing is said at all, and
what could be a bad day has to come twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from ..features.text import fold

State = Literal["fine", "suspect", "broken"]

_FLOOR = 20
"""Records on either side without which shares and shapes are not compared."""
_FLOOR_DATED = 10
_FLOOR_USUAL, _USUAL_NEVER_NONE = 5, 10
"""Records a source must usually bring before bringing none means anything, and before it cannot be
chance: of ten expected none come once in twenty thousand scans."""
_FLOOR_MANY = 30
_TIMES = 10.0
_SHIFT, _SHIFT_AT_ONCE = 0.6, 0.9
"""Cliff's delta: 0 where two sets of rows are alike, 1 where every row of one is larger."""
_CHANCE = 4.0
"""Standard deviations: as far as chance leads once in sixteen thousand looks."""
_MORE_MISSING = 0.5
_IDENTICAL, _USUALLY_IDENTICAL = 0.9, 0.5
_FIELDS = ("url", "deadline", "tags", "description")
_MOST_ROWS = 2000
_LONGEST = 1000


@dataclass(frozen=True)
class Signal:
    """One thing that is not as before: its name, how far it is off, in words, and whether it is
    beyond doubt or has to come twice."""

    name: str
    effect: float
    words: str
    is_certain: bool = True


@dataclass(frozen=True)
class Batch:
    """What one scan brought from a source: how many records, and the calls among them; `is_unread`
    where it could not be read at all."""

    n_read: int
    calls: pd.DataFrame
    is_unread: bool = False


def find_anomalies(
    batch: Batch, known: pd.DataFrame, past_counts: Sequence[int], *, junk_before: float = 0.0
) -> list[Signal]:
    """Compare a batch with calls `known` from its source, as it brought them, how many records
    earlier scans brought, and what share of those were no calls.

    >>> nothing = Batch(0, pd.DataFrame({"title": []}))
    >>> [s.name for s in find_anomalies(nothing, pd.DataFrame({"title": []}), [31, 40])]
    ['no records']
    """
    usual = float(np.median(past_counts)) if past_counts else 0.0
    if batch.n_read == 0:
        return _nothing(batch, usual) if usual >= _FLOOR_USUAL else []
    found = []
    if len(past_counts) > 1 and batch.n_read >= max(_TIMES * usual, _FLOOR_MANY):
        words = f"{batch.n_read:,} records, usually {usual:.0f}"
        found.append(Signal("too many records", batch.n_read / max(usual, 1.0), words))
    if past_counts:
        found += _junk(batch, junk_before)
    found += _identical_deadlines(batch.calls, known)
    if min(len(batch.calls), len(known)) >= _FLOOR:
        found += _missing(batch.calls, known)
        found += _shifts(batch.calls, known)
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


def _nothing(batch: Batch, usual: float) -> list[Signal]:
    text = "could not be read" if batch.is_unread else "no records"
    is_certain = not batch.is_unread and usual >= _USUAL_NEVER_NONE
    return [Signal("no records", 1.0, f"{text}, usually {usual:.0f} records", is_certain)]


def _junk(batch: Batch, before: float) -> list[Signal]:
    """Almost nothing of what came is a call, of a source that had calls."""
    share = 1 - len(batch.calls) / batch.n_read
    if batch.n_read < _FLOOR or share < _IDENTICAL or before >= _USUALLY_IDENTICAL:
        return []
    words = f"{share:.0%} of the records are no calls, before {before:.0%}"
    return [Signal("mostly no calls", share, words)]


def _identical_deadlines(calls: pd.DataFrame, known: pd.DataFrame) -> list[Signal]:
    if min(len(calls), len(known)) < _FLOOR_DATED:
        return []
    (now, n), (before, m) = _top_share(calls), _top_share(known)
    if min(n, m) < _FLOOR_DATED or now < _IDENTICAL or before >= _USUALLY_IDENTICAL:
        return []
    if now - before < _by_chance(before, n, m):
        return []
    words = f"{now:.0%} of the deadlines are the same day, before {before:.0%}"
    return [Signal("identical deadlines", now - before, words)]


def _top_share(calls: pd.DataFrame) -> tuple[float, int]:
    """Share of the commonest day among those said, and how many are said."""
    days = calls["deadline"].str[:10] if len(calls) else pd.Series(dtype="str")
    days = days[days.str.match(r"\d")]
    return float(days.value_counts(normalize=True).max()) if len(days) else 0.0, len(days)


def _by_chance(share: float, n: int, m: int) -> float:
    """How far shares of n and m rows come to lie apart by chance alone."""
    return float(_CHANCE * np.sqrt(share * (1 - share) * (1 / n + 1 / m)))


def _missing(calls: pd.DataFrame, known: pd.DataFrame) -> list[Signal]:
    found = []
    for field in _FIELDS:
        now, before = (float(table[field].isin(["", "tba"]).mean()) for table in (calls, known))
        if now - before >= max(_MORE_MISSING, _by_chance(before, len(calls), len(known))):
            words = f"{field} is missing in {now:.0%}, before in {before:.0%}"
            found.append(Signal(f"missing {field}", now - before, words, now >= 0.99))
    return found


def _shifts(calls: pd.DataFrame, known: pd.DataFrame) -> list[Signal]:
    calls, known = (_some(table) for table in (calls, known))
    n, m = len(calls), len(known)
    by_chance = np.sqrt((n + m + 1) / (3 * n * m))  # of Cliff's delta, where nothing has moved
    words = [[_words(text) for text in _texts(table)] for table in (calls, known)]
    word_counts = Counter(word for text in words[1] for word in text)
    # A known text does not count itself. That words are better known than before is no fault: they
    # are, where the same calls come again.
    pairs = {"share of known words": tuple(map(_known, words, (word_counts, word_counts), (0, 1)))}
    pairs |= {name: (shape(calls), shape(known)) for name, shape in _SHAPES.items()}
    found = []
    for name, (now, was) in pairs.items():
        delta = cliffs_delta(now, was)
        is_fault = delta < 0 or name in _SHAPES
        if is_fault and abs(delta) >= max(_SHIFT, _CHANCE * by_chance):
            text = f"{name}: {np.median(now):.3g} in the middle, before {np.median(was):.3g}"
            found.append(Signal(name, abs(delta), text, abs(delta) >= _SHIFT_AT_ONCE))
    return found


def _some(calls: pd.DataFrame) -> pd.DataFrame:
    """Rows from all of a table: what is compared costs the same whatever comes."""
    if len(calls) <= _MOST_ROWS:
        return calls
    return calls.iloc[np.linspace(0, len(calls) - 1, _MOST_ROWS).round().astype(int)]


def _known(texts: list[set[str]], word_counts: Mapping[str, int], own: int) -> np.ndarray:
    """The share of the words of each text, (n,), that other known texts say too."""
    known = [sum(word_counts.get(word, 0) > own for word in text) for text in texts]
    return np.array(known) / np.array([max(len(text), 1) for text in texts])


def _lengths(column: str, longest: int) -> Callable[[pd.DataFrame], np.ndarray]:
    return lambda calls: calls[column].str[:longest].str.len().to_numpy(dtype=float)


def _marks(calls: pd.DataFrame) -> np.ndarray:
    """The share of signs that are neither letters, digits nor blanks."""
    shares = [
        sum(not (s.isalnum() or s.isspace()) for s in t) / max(len(t), 1) for t in _texts(calls)
    ]
    return np.array(shares)


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
    return (calls["title"] + " " + calls["description"].str[:_LONGEST]).tolist()


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", fold(text)))


_SHAPES: dict[str, Callable[[pd.DataFrame], np.ndarray]] = {
    "length of titles": _lengths("title", _LONGEST),
    "length of texts": _lengths("description", _LONGEST),
    "share of marks": _marks,
}
"""Numbers of each record that a changed page changes."""
