"""A large pool as points, packed tight: a slice at a time is made whole and asked about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .listing_points import Encoded


@dataclass(frozen=True)
class PackedSlice:
    """Some rows: the columns of their words as int32 and the weights in half precision, without
    what `Encoded` holds beside words and numbers."""

    columns: np.ndarray
    weights: np.ndarray
    starts: np.ndarray
    width: int
    levels: np.ndarray

    @classmethod
    def of(cls, points: Encoded) -> PackedSlice:
        """Pack points; what they mean as sentences is left out."""
        words = points.words
        return cls(
            words.indices.astype(np.int32, copy=False),
            words.data.astype(np.float16),
            words.indptr.astype(np.int32, copy=False),
            int(words.shape[1]),
            points.levels,
        )

    def __len__(self) -> int:
        return len(self.levels)

    def whole(self) -> Encoded:
        """The rows as points."""
        weights = self.weights.astype(np.float32)
        shape = (len(self), self.width)
        words = sparse.csr_matrix((weights, self.columns, self.starts), shape)
        return Encoded(words, self.levels, np.zeros((len(self), 0), dtype=np.float16))


class PackedPoints:
    """The rows of a large pool in slices, each as large as `PackedPoints.ROWS`, the last smaller.

    >>> points = Encoded(sparse.csr_matrix(np.eye(3, dtype=np.float32)),
    ...     np.zeros((3, 0), dtype=np.uint8), np.zeros((3, 0), dtype=np.float16))
    >>> packed = PackedPoints([points])
    >>> len(packed), packed.take(np.array([2, 0])).words.toarray().tolist()
    (3, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    """

    ROWS = 20_000

    def __init__(self, parts: Iterable[Encoded]) -> None:
        self._slices = [PackedSlice.of(part) for part in parts]

    def __len__(self) -> int:
        return sum(map(len, self._slices))

    def slices(self, most: int = ROWS) -> Iterator[Encoded]:
        """All rows as points, `most` at a time or a few less."""
        for some in self._slices:
            yield from some.whole().slices(most)

    def take(self, rows: np.ndarray) -> Encoded:
        """The points of some rows, which are to be few."""
        place = np.asarray(rows) // self.ROWS
        order = np.argsort(place, kind="stable")
        parts = [
            self._slices[number].whole().take(rows[order[place[order] == number]] % self.ROWS)
            for number in np.unique(place)
        ]
        found = joined(parts) if parts else self._slices[0].whole().take(rows)
        return found.take(np.argsort(order, kind="stable"))

    def keep(self, rows: np.ndarray) -> PackedPoints:
        """The same points without all rows but some, packed again."""
        starts = range(0, len(rows), self.ROWS)
        return PackedPoints(self.take(rows[start : start + self.ROWS]) for start in starts)


def joined(parts: Sequence[Encoded]) -> Encoded:
    """The rows of several points, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Encoded(
        sparse.vstack([part.words for part in parts], format="csr"),
        np.concatenate([part.levels for part in parts]),
        np.concatenate([part.meaning for part in parts]),
    )
