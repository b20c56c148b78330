"""Why the forest says so: what each field added, the nearest labelled tracks, what was missing.

Contributions follow each track down every tree and credit each change of the votes to the field
the node asked about (Palczewska et al. 2013, "Interpreting random forest classification models
using a feature contribution method"), so base rate plus contributions is exactly the forest's
vote. Nearness is the share of trees in which two tracks end in the same leaf (Breiman 2001).
It is about the model, not about the music: a field that two others repeat may look idle.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..features.columns import missing_fields
from .simple_ml import SimpleMLBucketAssigner


@dataclass(frozen=True)
class Neighbour:
    """A labelled track that many trees cannot tell from this one; `similarity` is their share."""

    track_id: str
    artist: str
    title: str
    buckets: str
    similarity: float


@dataclass(frozen=True)
class Explanation:
    """One prediction, taken apart: `votes` = `base` + the sum of `contributions`."""

    bucket: str
    confidence: float
    votes: float
    base: float
    contributions: dict[str, float]
    nearest: tuple[Neighbour, ...]
    missing: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


def explain(
    model: SimpleMLBucketAssigner, tracks: pd.DataFrame, *, n_nearest: int = 3
) -> list[Explanation]:
    """Explain the first choice for each track.

    >>> tracks = pd.DataFrame({"bpm": [122.0, 174.0] * 10, "genres": ["House", "DnB"] * 10})
    >>> model = SimpleMLBucketAssigner(random_state=0).fit(tracks, ["Warm", "Late"] * 10)
    >>> found = explain(model, tracks.iloc[:1])[0]
    >>> found.bucket, found.missing, len(found.nearest)
    ('Warm', ('key',), 3)
    >>> abs(found.base + sum(found.contributions.values()) - found.votes) < 1e-6
    True
    """
    proba = model.predict_proba(tracks)
    first = proba.argmax(axis=1)
    base, parts = Contributions(model).of(tracks, first)
    nearest = _nearest(model, tracks, n_nearest)
    missing = missing_fields(tracks)
    return [
        Explanation(
            bucket=str(model.classes_[column]),
            confidence=float(proba[row, column]),
            votes=float(base[row] + parts[row].sum()),
            base=float(base[row]),
            contributions=dict(zip(model.fields, parts[row].tolist(), strict=True)),
            nearest=nearest[row],
            missing=tuple(field for field in model.fields if missing[field][row]),
        )
        for row, column in enumerate(first)
    ]


class Contributions:
    """What each field adds to the forest's votes; built once for a model, asked many times."""

    def __init__(self, model: SimpleMLBucketAssigner) -> None:
        self._model = model
        place = {field: i for i, field in enumerate(model.fields)}
        self._field_of = np.array([place[f] for f in model.features_.fields_])
        self._trees = [self._by_node(tree.tree_) for tree in model.forest_.estimators_]

    def of(self, tracks: pd.DataFrame, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For bucket `column` (n,) of each track: the base vote (n,) and what each field added,
        (n, fields)."""
        leaves = self._model.leaves(tracks)
        parts = np.zeros((len(tracks), len(self._model.fields)))
        base = np.zeros(len(tracks))
        for t, (root, added) in enumerate(self._trees):
            parts += added[leaves[:, t], column]
            base += root[column]
        return base / len(self._trees), parts / len(self._trees)

    def _by_node(self, tree: Any) -> tuple[np.ndarray, np.ndarray]:
        """The root's votes (buckets,) and what was added on the way to each node,
        (nodes, buckets, fields)."""
        votes = self._votes_at_nodes(tree)
        added = np.zeros((*votes.shape, len(self._model.fields)), dtype=np.float32)
        parents = np.flatnonzero(tree.children_left >= 0)
        level = np.array([0])
        while len(level := level[np.isin(level, parents)]):
            field = self._field_of[tree.feature[level]]
            below = []
            for child in (tree.children_left[level], tree.children_right[level]):
                added[child] = added[level]
                added[child, :, field] += votes[child] - votes[level]
                below.append(child)
            level = np.concatenate(below)
        return votes[0], added

    def _votes_at_nodes(self, tree: Any) -> np.ndarray:
        """The share of training tracks of each bucket at each node, (nodes, buckets)."""
        shares = tree.value / tree.value.sum(axis=2, keepdims=True)
        return np.asarray(shares[:, :, 1] if self._model.is_multi_ else shares[:, 0, :])


def _nearest(
    model: SimpleMLBucketAssigner, tracks: pd.DataFrame, n: int
) -> list[tuple[Neighbour, ...]]:
    known = model.labelled_
    known_leaves = model.leaves(known).astype(np.int32)
    found = []
    for leaves in model.leaves(tracks).astype(np.int32):
        similarity = (known_leaves == leaves).mean(axis=1)
        best = np.argsort(-similarity, kind="stable")[:n]
        found.append(tuple(_neighbour(known.iloc[i], similarity[i]) for i in best))
    return found


def _neighbour(track: pd.Series, similarity: float) -> Neighbour:
    artist, title = str(track.get("artist", "")), str(track.get("title", ""))
    return Neighbour(
        str(track["track_id"]), artist, title, str(track["buckets"]), float(similarity)
    )
