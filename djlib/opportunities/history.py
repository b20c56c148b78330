"""How calls and their sources stood at a moment: what was shown, opened and rated before it.

Every figure counts events strictly earlier than the moment asked about, so that a rating is learned
from what a ranking could have known when it was given. Rates are smoothed towards the usual one (a
Beta prior): one like of one is no certainty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np
import pandas as pd

from ..tables.cells import text_of

COLUMNS = (
    "how others liked it",
    "how its source was liked",
    "how often it was opened",
    "how often its source was opened",
    "how often it was rated",
)
"""What `standing` gives of each call: log-odds beside the usual, but the last, a logarithm."""
_PRIOR = 5.0
_PRIOR_OPENED = 20.0
"""Events a prior counts as; opening is rarer than liking."""
_USUALLY_LIKED, _USUALLY_OPENED = 0.3, 0.1
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 1 << 34
"""Seconds since 1970 that no event reaches: keeps the moments of two keys apart."""


@dataclass(frozen=True)
class _Tally:
    """Events by key, in order of time: how many, and what they add up to, before a moment."""

    names: pd.Index
    places: np.ndarray
    sums: np.ndarray
    times: np.ndarray

    @classmethod
    def of(
        cls, keys: pd.Series, seconds: np.ndarray, values: np.ndarray, times: np.ndarray
    ) -> _Tally:
        codes, names = pd.factorize(keys)
        places = codes.astype(np.int64) * _LATEST + seconds
        order = np.argsort(places, kind="stable")
        sums, often = (np.concatenate([[0.0], np.cumsum(v[order])]) for v in (values, times))
        return cls(pd.Index(names), places[order], sums, often)

    def before(self, keys: pd.Series, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Events of each key earlier than each moment: their number and their sum, (n,) each."""
        start, end = self._span(keys, seconds)
        return self.times[end] - self.times[start], self.sums[end] - self.sums[start]

    def n_before(self, keys: pd.Series, seconds: np.ndarray) -> np.ndarray:
        """Rows of each key earlier than each moment, whatever they count, (n,)."""
        start, end = self._span(keys, seconds)
        return end - start

    def _span(self, keys: pd.Series, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        codes = self.names.get_indexer(pd.Index(keys)).astype(np.int64)
        start = np.searchsorted(self.places, codes * _LATEST)
        end = np.searchsorted(self.places, codes * _LATEST + seconds)
        return start, np.where(codes < 0, start, end)

    def rate(
        self, keys: pd.Series, seconds: np.ndarray, usual: np.ndarray | float, prior: float
    ) -> np.ndarray:
        """What an event of a key adds up to, smoothed towards the usual, (n,)."""
        n, sums = self.before(keys, seconds)
        # What is opened without having been shown, by a link from elsewhere, was shown there.
        return np.asarray((sums + prior * usual) / (np.maximum(n, sums) + prior), dtype=float)


class History:
    """All events, ready to be asked about any moment.

    Both tables have `opportunity_id`, `source` and `at` (ISO 8601, UTC); `ratings` also `liked`, 0
    to 1; `shown` has `opened` and `times`: 0 and 1 where a call was shown, 1 and 0 where it was
    opened later.

    >>> ratings = pd.DataFrame({"opportunity_id": ["o1", "o1"], "source": ["S", "S"],
    ...     "liked": [1.0, 1.0], "at": ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]})
    >>> History.of(ratings).standing(ratings)[:, -1].round(2).tolist()
    [0.0, 0.69]
    """

    def __init__(self, tallies: dict[str, _Tally]) -> None:
        self._tallies = tallies

    @classmethod
    def of(cls, ratings: pd.DataFrame, shown: pd.DataFrame | None = None) -> Self:
        """Take all events in."""
        shown = ratings.head(0).assign(opened=0.0) if shown is None else shown
        tallies = {}
        for name, table in (("liked", ratings), ("opened", shown)):
            at, values = seconds_of(text_of(table, "at")), table[name].to_numpy(dtype=float)
            times = table["times"].to_numpy(dtype=float) if "times" in table else np.ones(len(at))
            keys = (text_of(table, "opportunity_id"), text_of(table, "source"), _same(len(table)))
            for what, key in zip(("call", "source", "all"), keys, strict=True):
                tallies[f"{name} {what}"] = _Tally.of(key, at, values, times)
        return cls(tallies)

    def n_before(self, calls: pd.DataFrame) -> np.ndarray:
        """How many events are known from before the moment of each call: of the call, its source
        and all, (n, 3)."""
        seconds = seconds_of(text_of(calls, "at"))
        names, sources = text_of(calls, "opportunity_id"), text_of(calls, "source")
        found = np.zeros((len(calls), 3), dtype=np.int64)
        for name in ("liked", "opened"):
            for place, (what, keys) in enumerate(
                (("call", names), ("source", sources), ("all", _same(len(calls))))
            ):
                found[:, place] += self._tallies[f"{name} {what}"].n_before(keys, seconds)
        return found

    def standing(self, calls: pd.DataFrame, at: str | None = None) -> np.ndarray:
        """How each call stood at its moment (column `at`), or all at one: (n, len(COLUMNS))."""
        seconds = seconds_of(text_of(calls, "at"))
        if at is not None:
            seconds = np.repeat(seconds_of(pd.Series([at])), len(calls))
        names, sources = text_of(calls, "opportunity_id"), text_of(calls, "source")
        liked, _ = self._beside("liked", names, sources, seconds, _USUALLY_LIKED, _PRIOR)
        opened, _ = self._beside("opened", names, sources, seconds, _USUALLY_OPENED, _PRIOR_OPENED)
        n_rated, _ = self._tallies["liked call"].before(names, seconds)
        return np.column_stack([*liked, *opened, np.log1p(n_rated)])

    def reliability(self, calls: pd.DataFrame, at: str) -> np.ndarray:
        """How likely a call of each source is liked, all that is known at a moment, (n,)."""
        seconds = np.repeat(seconds_of(pd.Series([at])), len(calls))
        sources = text_of(calls, "source")
        _, usual = self._beside("liked", sources, sources, seconds, _USUALLY_LIKED, _PRIOR)
        return self._tallies["liked source"].rate(sources, seconds, usual, _PRIOR)

    def _beside(
        self,
        what: str,
        names: pd.Series,
        sources: pd.Series,
        seconds: np.ndarray,
        at_first: float,
        prior: float,
    ) -> tuple[list[np.ndarray], np.ndarray]:
        """Log-odds of the call, drawn to its source, and of the source, drawn to the usual; both
        beside the usual, which is given too."""
        usual = self._tallies[f"{what} all"].rate(_same(len(names)), seconds, at_first, prior)
        source = self._tallies[f"{what} source"].rate(sources, seconds, usual, prior)
        call = self._tallies[f"{what} call"].rate(names, seconds, source, prior)
        return [_odds(call) - _odds(source), _odds(source) - _odds(usual)], usual


def seconds_of(moments: pd.Series) -> np.ndarray:
    """Moments, ISO 8601 in UTC, as whole seconds since 1970, (n,); 0 for what is none."""
    place, distinct = pd.factorize(moments)
    found = np.array([_second(str(moment)) for moment in distinct], dtype=np.int64)
    return found[place] if len(place) else np.zeros(0, dtype=np.int64)


def _second(moment: str) -> int:
    try:
        read = datetime.fromisoformat(moment)
    except ValueError:
        return 0
    whole = int((read.replace(tzinfo=read.tzinfo or UTC) - _BEGIN).total_seconds())
    return min(max(whole, 0), _LATEST - 1)


def _same(n: int) -> pd.Series:
    return pd.Series(["all"] * n, dtype="str")


def _odds(rate: np.ndarray) -> np.ndarray:
    inside = np.clip(rate, 1e-4, 1 - 1e-4)
    return np.asarray(np.log(inside / (1 - inside)), dtype=float)
