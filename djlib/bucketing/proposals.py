"""Proposals: for every track a bucket, how sure, why, and what a person should look at."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..evaluation.splits import of_second
from ..features.columns import missing_fields
from ..features.text import genre_tokens
from ..tables.schema import PREDICTIONS, coerce
from .base import BucketAssigner
from .calibration.known_buckets import FITS_NOWHERE_UNDER, is_sure
from .field_words import field_name, in_a_reason, joined

_log = logging.getLogger(__name__)

STATUSES = ("ok", "unsure", "fits_nowhere", "missing_data", "error")
_DIGITS = 4
"""Of probabilities in the table: more say nothing, and threads add them up in any order."""

_VISIBLY = 0.0051
"""Shown at least this much under the threshold: 0.499 is not 0.50 under 0.50."""

_SPEAKS = 0.02
"""A field that moved the share of votes by less is not named as a reason."""

_SPEAKS_OF_SCORE = 0.15
"""Scores have no scale of their own: there it is a share of all that speaks for the bucket."""

_MOST_NAMED = 3
_NEEDED = ("bpm", "key")
"""Without both of these no answer is sure, whatever else the model reads."""


@dataclass(frozen=True)
class Terms:
    """What a run decides for all its rows: `threshold` under which a prediction is unsure, the
    model's version and the time of the run (ISO 8601, UTC)."""

    threshold: float
    model_version: str
    predicted_at: str


class Proposer:
    """Turns tracks into rows of the predictions table; built once a run, called for each batch."""

    def __init__(self, model: BucketAssigner, terms: Terms) -> None:
        self._model = model
        self._terms = terms
        self._fallback = GenreMajority(model.labelled_)

    def propose(self, tracks: pd.DataFrame) -> pd.DataFrame:
        """Give the predictions table of `tracks`, row for row, columns as in PREDICTIONS."""
        if not len(tracks):
            return self._without_model(pd.DataFrame(index=tracks.index), tracks)
        try:
            return self._propose(tracks)
        except Exception:
            if len(tracks) == 1:
                _log.warning(
                    "track %s: the model failed", tracks["track_id"].iloc[0], exc_info=True
                )
                return self._fall_back(tracks)
        _log.warning("a batch of %d tracks failed; trying its halves", len(tracks))
        half = len(tracks) // 2
        parts = [self.propose(tracks.iloc[:half]), self.propose(tracks.iloc[half:])]
        return pd.concat(parts, ignore_index=True)

    def _propose(self, tracks: pd.DataFrame) -> pd.DataFrame:
        choices = self._model.predict_batch(tracks).round(_DIGITS)
        missing = missing_fields(tracks, tuple(dict.fromkeys([*self._model.fields, *_NEEDED])))
        known, right = self._model.detect(tracks)
        status = self._status(choices["probability_1"].to_numpy(), missing, known, right)
        columns = {"bucket_2": "second_bucket", "probability_2": "second_probability"}
        columns |= {"bucket_3": "third_bucket", "probability_3": "third_probability"}
        columns |= {"probability_1": "confidence"}
        table = choices.rename(columns=columns)
        table["status"] = status
        table["reason"] = self._reasons(tracks, choices, missing, status)
        return self._complete(table, tracks)

    def _status(
        self,
        confidence: np.ndarray,
        missing: dict[str, np.ndarray],
        known: np.ndarray,
        right: np.ndarray,
    ) -> np.ndarray:
        fields = self._model.fields or _NEEDED
        nothing = np.logical_and.reduce([missing[field] for field in fields])
        lacking = np.logical_and.reduce([missing[field] for field in _NEEDED])
        # the rule of `BucketAssigner.sure`, on probabilities at hand
        unsure = ~is_sure(confidence, right, self._terms.threshold) | lacking
        nowhere = unsure & (known < FITS_NOWHERE_UNDER)
        states = ["missing_data", "fits_nowhere", "unsure"]
        return np.select([nothing, nowhere, unsure], states, "ok")

    def _reasons(
        self,
        tracks: pd.DataFrame,
        choices: pd.DataFrame,
        missing: dict[str, np.ndarray],
        status: np.ndarray,
    ) -> list[str]:
        column = np.searchsorted(self._model.classes_, choices["bucket_1"].to_numpy(dtype=str))
        _, parts = self._model.contributions(tracks, column)
        confidence = choices["probability_1"].to_numpy()
        doubts = self._doubts(confidence, missing, status)
        return [
            doubt if state == "missing_data" else "; ".join(filter(None, (because, doubt)))
            for state, doubt, because in zip(
                status, doubts, self._because(tracks, parts, missing), strict=True
            )
        ]

    def _because(
        self, tracks: pd.DataFrame, parts: np.ndarray, missing: dict[str, np.ndarray]
    ) -> list[str]:
        """`genre House and tempo 124 speak for it`: the fields that added votes, strongest
        first."""
        speaks = speaking(parts, self._model.vote_scale)
        words = np.full(parts.shape, "", dtype=object)
        for number, field in enumerate(self._model.fields):
            rows = np.flatnonzero(speaks[:, number])
            of_field = tracks.filter([field]).iloc[rows]
            words[rows, number] = in_a_reason(of_field, field, missing[field][rows])
        order = np.argsort(-parts, axis=1, kind="stable")
        strongest = np.take_along_axis(words, order, axis=1)[:, :_MOST_NAMED]
        return [_speak_for_it([named for named in row if named]) for row in strongest]

    def _doubts(
        self, confidence: np.ndarray, missing: dict[str, np.ndarray], status: np.ndarray
    ) -> list[str]:
        limit = self._terms.threshold
        doubts = []
        for row, state in enumerate(status):
            if state == "missing_data":
                doubts.append(self._nothing_to_go_by())
            elif state == "unsure" and all(missing[field][row] for field in _NEEDED):
                doubts.append("tempo and key missing")
            elif state == "fits_nowhere":
                doubts.append("it is not like the tracks of any bucket; this one is the nearest")
            elif state == "unsure" and limit > 1:
                doubts.append("it has not been shown to be right often enough")
            elif state == "unsure" and confidence[row] >= limit:
                doubts.append("it may fit none of the buckets")
            elif state == "unsure":
                doubts.append(
                    f"confidence {min(confidence[row], limit - _VISIBLY):.2f} is under {limit:.2f}"
                )
            else:
                doubts.append("")
        return doubts

    def _nothing_to_go_by(self) -> str:
        names = [field_name(field) for field in self._model.fields or _NEEDED]
        listed = joined(names, "or") if len(names) <= _MOST_NAMED else "name and no tags"
        return f"no {listed} to go by"

    def _fall_back(self, tracks: pd.DataFrame) -> pd.DataFrame:
        bucket, why = self._fallback.answer(str(tracks.get("genres", pd.Series([""])).iloc[0]))
        row = {
            "predicted_bucket": bucket,
            "confidence": 0.0,
            "status": "error",
            "reason": f"the model failed on this track; {why}",
        }
        return self._without_model(pd.DataFrame([row]), tracks)

    def _without_model(self, table: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
        """Rows with the dtypes of the model's own, so that batches of both make one file."""
        return coerce(self._complete(table, tracks), PREDICTIONS)[0]

    def _complete(self, table: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
        for column in ("track_id", "artist", "title"):
            table[column] = tracks[column].to_numpy() if column in tracks else ""
        table["model_version"] = self._terms.model_version
        table["predicted_at"] = self._terms.predicted_at
        table["correct_bucket"] = ""
        return table.reindex(columns=PREDICTIONS.names)


class GenreMajority:
    """The plainest answer: the bucket most tracks of a genre sit in, else the largest bucket.

    >>> known = pd.DataFrame({"genres": ["House", "House", "DnB"], "buckets": ["A", "A", "B"]})
    >>> GenreMajority(known).answer("dnb")
    ('B', "most labelled tracks of genre 'drum & bass' sit there")
    >>> GenreMajority(known).answer("Polka")
    ('A', 'it is the largest bucket')
    """

    def __init__(self, labelled: pd.DataFrame) -> None:
        self._by_genre: dict[str, Counter[str]] = {}
        sizes: Counter[str] = Counter()
        genres = labelled["genres"] if "genres" in labelled else [""] * len(labelled)
        for cell, buckets in zip(genres, labelled["buckets"], strict=True):
            for bucket in str(buckets).split("|"):
                sizes[bucket] += 1
                for token in genre_tokens(str(cell)):
                    self._by_genre.setdefault(token, Counter())[bucket] += 1
        self._largest = _top(sizes)

    def answer(self, genres: str) -> tuple[str, str]:
        """The bucket, and why it."""
        for token in genre_tokens(genres):
            if token in self._by_genre:
                why = f"most labelled tracks of genre {token!r} sit there"
                return _top(self._by_genre[token]), why
        return self._largest, "it is the largest bucket"


def _top(counts: Counter[str]) -> str:
    return min(counts, key=lambda bucket: (-counts[bucket], bucket), default="")


def speaking(parts: np.ndarray, scale: str) -> np.ndarray:
    """Which fields moved the vote far enough to be named as a reason; `parts` (n, fields) as
    `BucketAssigner.contributions` gives them, on the model's `vote_scale`.

    >>> speaking(np.array([[0.3, 0.01, -0.2]]), "share of votes").tolist()
    [[True, False, False]]
    >>> speaking(np.array([[3.0, 0.2, -2.0]]), "score").tolist()
    [[True, False, False]]
    """
    if scale == "share of votes":
        return np.asarray(parts >= _SPEAKS)
    for_it = np.maximum(parts, 0)
    return np.asarray((for_it > 0) & (for_it >= _SPEAKS_OF_SCORE * for_it.sum(1, keepdims=True)))


def _speak_for_it(named: list[str]) -> str:
    if not named:
        return "close to the base rates: no field speaks for it"
    return f"{joined(named)} {'speaks' if len(named) == 1 else 'speak'} for it"


class SideBySide:
    """Proposes as `Proposer` does, by one of two of them; `share` of the songs are the second's,
    and a song is always answered by the same."""

    def __init__(
        self, first: Proposer, second: Proposer, versions: tuple[str, str], share: float
    ) -> None:
        self._first, self._second = first, second
        self._versions, self._share = versions, share

    def propose(self, tracks: pd.DataFrame) -> pd.DataFrame:
        """Give the predictions table of `tracks`, row for row."""
        is_second = of_second(tracks, *self._versions, self._share)
        parts = [
            proposer.propose(tracks[chosen].reset_index(drop=True)).set_index(
                np.flatnonzero(chosen)
            )
            for proposer, chosen in ((self._first, ~is_second), (self._second, is_second))
            if chosen.any()
        ]
        if not parts:
            return self._first.propose(tracks)
        return pd.concat(parts).sort_index().reset_index(drop=True)
