"""Why a call is recommended, in words that are true of the model that ranks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from ..tables.cell_text import text_of
from .call_features import Points
from .call_words import BLOCKS, STARTS, WIDTH, terms
from .history import COLUMNS

if TYPE_CHECKING:
    from .ranker import OpportunityRanker

PARTS = (*BLOCKS, "meaning", *COLUMNS, "patterns", "base")
"""Columns of `contributions`. "patterns" is what trees make of all that together, "base"
what a call gets of which nothing is known."""
_SHOWN = 3
_LEAST = 0.05
"""Log-odds under which a part is no reason."""
_OPENED = ("how often it was opened", "how often its source was opened")


def contributions(ranker: OpportunityRanker, points: Points, users: Sequence[str]) -> pd.DataFrame:
    """What each part of a call adds to its log-odds, (n, PARTS); rows sum to them."""
    by_term, rest = _taken_apart(ranker, points, users)
    ends = (*STARTS[1:], WIDTH)
    blocks = [
        np.asarray(by_term[:, start:end].sum(axis=1)).ravel()
        for start, end in zip(STARTS, ends, strict=True)
    ]
    return pd.DataFrame(np.column_stack([*blocks, rest]), columns=list(PARTS))


def reasons_of(
    ranker: OpportunityRanker, calls: pd.DataFrame, points: Points, users: Sequence[str]
) -> list[list[str]]:
    """Reasons for each call, the weightiest first."""
    by_term, _ = _taken_apart(ranker, points, users)
    parts = contributions(ranker, points, users)
    found = {block: terms(calls, block) for block in BLOCKS}
    sources = text_of(calls, "source").tolist()
    made = []
    for row, user in enumerate(users):
        # One row as a dictionary: looking terms up in a sparse row is slow.
        one = by_term[row].tocoo()
        weight = dict(zip(one.col.tolist(), one.data.tolist(), strict=True))
        told = {block: _leading(found[block][row], weight) for block in BLOCKS}
        likers = "you liked" if user in ranker.taste_.users else "others liked"
        order = parts.iloc[row].drop("base").sort_values(ascending=False)
        said = [
            _words(str(part), told, sources[row], likers)
            for part, value in order.items()
            if value >= _LEAST
        ]
        made.append(list(dict.fromkeys(filter(None, said))))
    return made


def _words(part: str, told: dict[str, list[str]], source: str, likers: str) -> str:
    """A part that speaks for a call, as a person reads it."""
    if part in ("words", "tags"):
        names = ", ".join(told[part])
        what = "tagged" if part == "tags" else "it says"
        return f"{what} {names}, as calls {likers}" if names else ""
    if part == "source":
        return f"calls of {source} were among those {likers}" if source else ""
    if part == "meaning":
        return f"it is about what calls {likers} are about"
    if part == "how others liked it":
        return "others liked this call"
    if part == "how its source was liked":
        return f"calls of {source} are liked more than most" if source else ""
    if part in _OPENED:
        return "it is opened more than most" if part == _OPENED[0] else f"{source} is opened often"
    return "it was rated often" if part == "how often it was rated" else ""


def _leading(names: dict[str, int], weight: dict[int, float]) -> list[str]:
    """The terms that speak for a call most; a word that stands in a pair shown is not repeated, and
    "of the" is named only where nothing else speaks for it."""
    speak = [name for name in names if weight.get(names[name], 0.0) > 0]
    telling = [name for name in speak if not ENGLISH_STOP_WORDS.issuperset(name.split())]
    heavy = sorted(telling or speak, key=lambda name: -weight[names[name]])
    shown: list[str] = []
    for name in heavy:
        if len(shown) == _SHOWN:
            break
        if not any(name in other or other in name for other in shown):
            shown.append(name)
    return shown


def _taken_apart(
    ranker: OpportunityRanker, points: Points, users: Sequence[str]
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """What each term adds, (n, WIDTH) sparse, and meaning, standing, patterns, base."""
    found = [_of_one(ranker, points.take(np.array([r])), user) for r, user in enumerate(users)]
    if not found:
        return sparse.csr_matrix((0, WIDTH)), np.zeros((0, len(COLUMNS) + 3))
    return sparse.vstack([f[0] for f in found], format="csr"), np.stack([f[1] for f in found])


def _of_one(
    ranker: OpportunityRanker, point: Points, user: str
) -> tuple[sparse.csr_matrix, np.ndarray]:
    """One call taken apart for one person."""
    direction = ranker.taste_.of(user)
    by_term = point.words.multiply(direction.words[None, :]).tocsr()
    rest = np.zeros(len(COLUMNS) + 3)
    rest[0] = float(point.meaning[0] @ direction.meaning) if point.meaning.shape[1] else 0.0
    rest[1:-2] = point.standing[0] * direction.standing
    rest[-1] = direction.bias
    trees = ranker.trees_of(user)
    if trees is None:
        return by_term, rest
    share = ranker.blend_.trees[user]
    grown = trees.parts(point, direction.along(point)).toarray()[0] * share
    n = len(trees.columns)
    of_trees = sparse.csr_matrix((grown[:n], (np.zeros(n, dtype=int), trees.columns)), (1, WIDTH))
    rest *= 1 - share
    rest[1:] += grown[n:]
    return by_term * (1 - share) + of_trees, rest
