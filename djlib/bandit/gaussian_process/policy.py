"""The policy `strong`: rich fixed features and an exact Gaussian process on all labels."""

from __future__ import annotations

import json
import logging
import zipfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from threadpoolctl import ThreadpoolController

from ...errors import ModelError
from ...tables.atomic import replace_file, write_json
from ...tables.io import read_table, write_table
from ..acquisition import (
    FEW,
    MANY,
    ExplorationProfile,
    Picks,
    choose_batch,
    facility_location,
    shortlisted,
)
from ..policy import EncodedPool, Policy, Progress
from .explain import Explainer, LabelCounts
from .features import ListingFeatures
from .kernel import Encoded, PackedPoints
from .posterior import MOST_LANDMARKS, KeepCurve, Posterior

_log = logging.getLogger(__name__)

READ_WHOLE_UP_TO = 100_000
"""Rows of a pool that is read whole at once; of a larger one only those shortlisted are."""
N_EMBEDDING = 64
"""Dimensions of the embedding."""
_REFERENCE = 400
_SAMPLE = 3000
_ENOUGH = 1000
"""Listings from which it is known how rare words are and how numbers are spread."""
_EXPECTED_WEIGHT = 1.5
"""Weight of the expected label beside the principal components in an embedding."""
_SETTINGS, _ARRAYS = "strong.json", "strong.npz"
_SEEN = "reference.parquet"
_CONSTANT = 1e-6
_AT_ONCE = 2000
"""Rows whose uncertainty is computed at once: each takes a number for every landmark."""
_LATEST = 100
"""Labels on which probabilities are calibrated: a pool that was asked about empties of keepers."""
_LEFT_OUT = 0.3


class GaussianProcessPolicy(Policy):
    """Learns all labels in one exact step; a batch of 20 takes milliseconds.

    Parameters
    ----------
    random_state : int or None, seed of what is drawn; None draws another each time
        (default None).
    engine : str, what embeds the sentences, "torch", "onnx", "static" or "none" for nothing
        (default "torch").
    numeric : sequence of str, extra columns of numbers that count; without names every numeric
        one does (default ()).
    cache : str or None, folder of remembered sentence vectors; None takes the person's own
        (default None).

    Attributes
    ----------
    features_ : ListingFeatures, how listings become points; fitted on the first pool that is seen.
    posterior_ : Posterior, the expected labels and their variance.
    curve_ : KeepCurve, from expected labels (about -1 to 1) to probabilities.

    Examples
    --------
    >>> shop = pd.DataFrame({"title": ["Dub I", "Dub II", "Polka", "Polka II"]})
    >>> policy = GaussianProcessPolicy(engine="none").fit(shop.iloc[[0, 2]], np.array([1, 0]))
    >>> mean, uncertainty = policy.predict(policy.encode(shop))
    >>> bool(mean[1] > mean[3])
    True
    """

    features_: ListingFeatures
    posterior_: Posterior
    _explainer: Explainer | None

    def __init__(
        self,
        random_state: int | None = None,
        engine: str = "torch",
        numeric: Sequence[str] = (),
        cache: str | None = None,
    ) -> None:
        self.random_state, self.engine, self.numeric = random_state, engine, tuple(numeric)
        self.cache = cache
        self._begin()

    def fit(self, listings: pd.DataFrame, keeper: np.ndarray) -> Self:
        """Learn all anew."""
        self._begin()
        self._listings, self._keeper = listings.reset_index(drop=True), np.asarray(keeper)
        self._expected = np.full(len(listings), np.nan)
        self._learn_features(self._listings)
        return self

    def update(self, listings: pd.DataFrame, keeper: np.ndarray, is_new: np.ndarray) -> Self:
        """Learn on from the labelled rows that are new."""
        before = self.posterior_.n
        self._explainer = None
        self._note_expected(listings, is_new)
        self._listings, self._keeper = listings.reset_index(drop=True), np.asarray(keeper)
        if before + is_new.sum() != len(keeper) or not is_new[before:].all():
            self._learn_labels()  # answers changed: start anew
        elif _is_time_for_landmarks(before, len(keeper)):
            self._learn_labels()
        else:
            with one_thread():
                fresh = self.features_.encode(self._listings[is_new])
                self.posterior_.add(fresh, self._keeper[is_new])
                self._learn_curve()
        return self

    def look_at(self, pool: pd.DataFrame) -> Self:
        """Learn from an unlabelled pool how rare words are and how numbers are spread, unless
        that is known from as large a one."""
        if self._n_seen < _ENOUGH and len(pool) > 2 * self._n_seen:
            sample = pool
            if len(pool) > _SAMPLE:
                rng = np.random.default_rng(self.random_state)
                sample = pool.iloc[np.sort(rng.choice(len(pool), _SAMPLE, replace=False))]
            coded = sample.select_dtypes("category").columns
            sample = sample.astype(dict.fromkeys(coded, "str"))
            self._learn_features(_together(sample, self._listings))
        return self

    def encode(self, listings: pd.DataFrame, progress: Progress | None = None) -> Encoded:
        """Give listings as points."""
        return self.features_.encode(listings, progress)

    def encode_pool(self, pool: pd.DataFrame, progress: Progress | None = None) -> EncodedPool:
        """Give a pool as points; of more than 100,000 rows only in outline, in little memory (see
        `ListingFeatures.pack`): `select` reads the most promising whole."""
        if len(pool) <= READ_WHOLE_UP_TO:
            return EncodedPool(pool, self.encode(pool, progress))
        return EncodedPool(pool, self.features_.pack(pool, progress), read_whole=self.encode)

    def predict(self, points: Encoded | PackedPoints) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of P(keep), each (n,), computed a slice at a time."""
        means, spreads = [np.zeros(0)], [np.zeros(0)]
        with one_thread():
            for some in points.slices(_AT_ONCE):
                expected = self.posterior_.mean(some)
                means.append(self.curve_.apply(expected))
                spreads.append(_spread(means[-1], self.posterior_.unknown_share(some)))
        return np.concatenate(means), np.concatenate(spreads)

    def select(
        self,
        pool: EncodedPool,
        k: int,
        *,
        profile: ExplorationProfile,
        batch_number: int,
        rng: np.random.Generator,
    ) -> Picks:
        """Pick by expected label and Thompson sampling; before the first label what together
        stands for the pool."""
        if not self.posterior_.n:
            rows = facility_location(pool.points, k, rng)
            return Picks(rows, ["explore"] * len(rows), np.ones(len(rows)), 1.0)
        expected = self.expected(pool.points)
        self._check_scores(expected)
        rows = shortlisted(expected, k, rng, MANY if pool.read_whole else FEW)
        few = pool.points_of(rows)
        return choose_batch(self.posterior_, few, rows, len(pool), k=k, profile=profile, rng=rng)

    def expected(self, points: Encoded | PackedPoints) -> np.ndarray:
        """The expected label of each row, from about -1 to 1, (n,)."""
        with one_thread():
            return np.concatenate([self.posterior_.mean(some) for some in points.slices()])

    def explain(
        self, listings: pd.DataFrame, points: Encoded, strategies: Sequence[str]
    ) -> list[list[str]]:
        """Reasons for each row, the weightiest first; `strategies` says which rule picked it."""
        if self._explainer is None:
            labels = LabelCounts(self._listings, self._keeper)
            self._explainer = Explainer(self.features_, self.posterior_, labels)
        return self._explainer.explain(listings, points, strategies)

    def contributions(self, points: Encoded) -> pd.DataFrame:
        """What each part of a listing adds to its expected label; rows sum to that."""
        parts = self.posterior_.functional.parts(points)
        return pd.DataFrame(parts, columns=self.features_.parts)

    def health(self) -> dict[str, str]:
        """What was wrong with the scores of the last pool, by name."""
        return dict(self._health)

    def embed(self, listings: pd.DataFrame) -> np.ndarray:
        """Embeddings, (n, 64), of length one: the directions in which listings differ most
        (kernel principal components), and the expected label of each."""
        with one_thread():
            points = self.encode(listings)
            components = points.kernel(self._reference) @ self._basis
            expected = self.posterior_.mean(points)
        embedding = np.zeros((len(points), N_EMBEDDING))
        embedding[:, : components.shape[1]] = components
        embedding[:, -1] = _EXPECTED_WEIGHT * expected
        lengths = np.linalg.norm(embedding, axis=1, keepdims=True)
        embedding[lengths[:, 0] < 1e-9, 0], lengths[lengths < 1e-9] = 1.0, 1.0
        return np.asarray(embedding / lengths)

    def save(self, folder: Path) -> None:
        """Write a sample of what was seen and what was learned of it into `folder`; the labelled
        rows are for the bandit to keep."""
        folder.mkdir(parents=True, exist_ok=True)
        write_table(self._seen, folder / _SEEN)
        with replace_file(folder / _ARRAYS) as handle:
            np.savez_compressed(handle, **self.features_.arrays(), expected=self._expected)  # type: ignore[arg-type]
        write_json(
            folder / _SETTINGS,
            {
                "random_state": self.random_state, "engine": self.engine,
                "numeric": list(self.numeric), "columns": self.features_.columns_,
                "n_seen": self._n_seen, "landmarks_of": self._landmarks_of,
            },
        )  # fmt: skip

    @classmethod
    def load(cls, folder: Path, labelled: pd.DataFrame, cache: str | None = None) -> Self:
        """Read back what `save` wrote and learn the `labelled` rows, with `keeper`, again; raises
        `ModelError` where a file is damaged."""
        try:
            return cls._read(folder, labelled, cache)
        except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ModelError(
                f"{folder}: not a whole keepers model ({reason}); take a saved one"
            ) from error

    @classmethod
    def _read(cls, folder: Path, labelled: pd.DataFrame, cache: str | None) -> Self:
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        policy = cls(settings["random_state"], settings["engine"], settings["numeric"], cache)
        policy._keeper = labelled["keeper"].to_numpy(dtype=int)
        policy._listings = labelled.drop(columns="keeper")
        policy._seen = read_table(folder / _SEEN, problems=[], duplicates="keep")
        policy._n_seen = settings["n_seen"]
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            policy.features_.restore(settings["columns"], {k: arrays[k] for k in arrays.files})
            policy._expected = arrays["expected"]
        policy._fit_components()
        policy._learn_labels(settings["landmarks_of"])
        return policy

    def _begin(self) -> None:
        self._listings = pd.DataFrame({"title": pd.Series([], dtype="str")})
        self._keeper = np.zeros(0, dtype=int)
        self._expected = np.zeros(0)
        self._health: dict[str, str] = {}
        self._explainer = None
        self._n_seen = 0
        self.features_ = ListingFeatures(self.engine, self.numeric, self.cache)
        self._learn_features(self._listings)

    def _learn_features(self, sample: pd.DataFrame) -> None:
        self.features_.fit(sample)
        self._n_seen = len(sample)
        self._seen = sample.iloc[:: max(1, len(sample) // _REFERENCE)].head(_REFERENCE)
        self._fit_components()
        self._learn_labels()

    def _fit_components(self) -> None:
        self._reference = self.features_.encode(self._seen)
        with one_thread():
            values, vectors = np.linalg.eigh(self._reference.kernel(self._reference))
        strongest = np.argsort(-values)[: N_EMBEDDING - 1]
        strongest = strongest[values[strongest] > 1e-6]
        self._basis = vectors[:, strongest] / np.sqrt(values[strongest])

    def _learn_labels(self, landmarks_of: int | None = None) -> None:
        """Learn all labels; landmarks come from the first `landmarks_of` of them."""
        n = len(self._keeper)
        self._explainer = None
        self._landmarks_of = n if landmarks_of is None else min(landmarks_of, n)
        first = slice(0, self._landmarks_of)
        with one_thread():
            points = self.features_.encode(self._listings)
            rows = np.arange(n)
            self.posterior_ = Posterior.learn(points[rows[first]], self._keeper[first])
            rest = rows[self._landmarks_of :]
            if len(rest):
                self.posterior_.add(points[rest], self._keeper[rest])
            self._learn_curve()

    def _note_expected(self, listings: pd.DataFrame, is_new: np.ndarray) -> None:
        """Note the expected label of new rows before their labels are learned."""
        expected = np.full(len(listings), np.nan)
        if before := min(len(self._expected), len(listings) - int(is_new.sum())):
            expected[:before] = self._expected[:before]
        if self.posterior_.n and is_new.any():
            expected[is_new] = self.posterior_.mean(self.features_.encode(listings[is_new]))
        self._expected = expected

    def _learn_curve(self) -> None:
        """Calibrate on the labels expected of the latest rows before they came, and a little on
        leave-one-out ones."""
        expected, keeper = self.posterior_.left_out()
        noted = np.flatnonzero(np.isfinite(self._expected))[-_LATEST:]
        self.curve_ = KeepCurve.fit(
            np.concatenate([expected, self._expected[noted]]),
            np.concatenate([keeper, self._keeper[noted]]),
            np.concatenate([np.full(len(expected), _LEFT_OUT), np.ones(len(noted))]),
        )

    def _check_scores(self, expected: np.ndarray) -> None:
        """Note what is wrong with the labels expected of a pool (n,)."""
        self._health = {}
        if len(expected) > 1 and np.ptp(expected) < _CONSTANT:
            self._health["constant_scores"] = "every listing is expected to be kept alike"
        for name, warning in self._health.items():
            _log.warning("%s: %s", name, warning)


def one_thread() -> AbstractContextManager[object]:
    """Hold the linear algebra to one thread while it lasts; libraries are looked for once.

    >>> with one_thread():
    ...     pass
    """
    return _controller().limit(limits=1)


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def _spread(mean: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """The standard deviation of P(keep), (n,): of the variance of an answer, P(1 - P), the share
    that more answers could take away (law of total variance). It is never more than P allows."""
    return np.sqrt(mean * (1 - mean) * unknown)


def _is_time_for_landmarks(before: int, now: int) -> bool:
    """Below a thousand labels every row is a landmark; then they are chosen anew at doublings."""
    if now <= MOST_LANDMARKS:
        return True
    doubled = int(np.log2(now / MOST_LANDMARKS)) != int(np.log2(max(before, 1) / MOST_LANDMARKS))
    return before <= MOST_LANDMARKS or doubled


def _together(pool: pd.DataFrame, labelled: pd.DataFrame) -> pd.DataFrame:
    if not len(labelled):
        return pool.reset_index(drop=True)
    columns = [c for c in pool.columns if c in labelled]
    same = labelled[columns].astype({c: pool[c].dtype for c in columns}, errors="ignore")
    return pd.concat([pool, same], ignore_index=True)
