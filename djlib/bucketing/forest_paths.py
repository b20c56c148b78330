"""How much each field moved a forest's votes, exactly.

Contributions follow each track down every tree and credit each change of the votes to the field
the node asked about (Palczewska et al. 2013, "Interpreting random forest classification models
using a feature contribution method"), so base rate plus contributions is exactly the forest's
vote.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier


class ForestPaths:
    """What each field adds to a forest's votes; built once for a forest, asked many times.

    `field_of` (columns,) is the number of the field behind each column of the matrix the forest
    learned from; `is_multi` whether the forest answers one yes/no question a bucket.

    >>> x = np.array([[0.0, 5.0], [1.0, 5.0]] * 10)
    >>> forest = RandomForestClassifier(5, random_state=0).fit(x, [0, 1] * 10)
    >>> paths = ForestPaths(forest, np.array([0, 1]), n_fields=2, is_multi=False)
    >>> base, parts = paths.of(forest.apply(x[:1]), np.array([0]))
    >>> bool(parts[0, 0] > 0.3), float(parts[0, 1])
    (True, 0.0)
    """

    def __init__(
        self, forest: RandomForestClassifier, field_of: np.ndarray, *, n_fields: int, is_multi: bool
    ) -> None:
        self._field_of = field_of
        self._n_fields = n_fields
        self._is_multi = is_multi
        self._trees = [self._by_node(tree.tree_) for tree in forest.estimators_]

    def of(self, leaves: np.ndarray, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For bucket `column` (n,) of tracks that fell into `leaves` (n, trees): the base vote
        (n,) and what each field added, (n, fields)."""
        parts = np.zeros((len(leaves), self._n_fields))
        base = np.zeros(len(leaves))
        for t, (root, added) in enumerate(self._trees):
            parts += added[leaves[:, t], column]
            base += root[column]
        return base / len(self._trees), parts / len(self._trees)

    def _by_node(self, tree: Any) -> tuple[np.ndarray, np.ndarray]:
        """The root's votes (buckets,) and what was added on the way to each node,
        (nodes, buckets, fields)."""
        votes = self._votes_at_nodes(tree)
        added = np.zeros((*votes.shape, self._n_fields), dtype=np.float32)
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
        return np.asarray(shares[:, :, 1] if self._is_multi else shares[:, 0, :])
