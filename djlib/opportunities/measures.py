"""How good a ranking of calls is: on the newest ratings, learned from the earlier ones only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import ndcg_score, roc_auc_score

_TOP = 10


@dataclass(frozen=True)
class RankFigures:
    """Figures of a ranking of `n` rated calls by `users` people: `auc` over all of them, precision
    and NDCG of the first ten a person, the mean over those who have a call they like and one they
    do not. None where nothing can be told."""

    n: int
    users: int
    auc: float | None
    precision_at_10: float | None
    ndcg_at_10: float | None


def rank_figures(scores: np.ndarray, liked: np.ndarray, users: Sequence[str]) -> RankFigures:
    """Measure scores against how well each call was liked, both (n,).

    >>> rank_figures(np.array([0.9, 0.2, 0.4]), np.array([1, 0, 1]), ["a"] * 3)
    RankFigures(n=3, users=1, auc=1.0, precision_at_10=0.6666666666666666, ndcg_at_10=1.0)
    """
    likes, names = np.asarray(liked) > 0.5, np.array(users, dtype=object)
    area = float(roc_auc_score(likes, scores)) if 0 < likes.sum() < len(likes) else None
    found = []
    for user in dict.fromkeys(users):
        rows = np.flatnonzero(names == user)
        if 0 < likes[rows].sum() < len(rows):
            found.append((precision(scores[rows], likes[rows]), ndcg(scores[rows], likes[rows])))
    means = np.mean(found, axis=0).tolist() if found else [None, None]
    return RankFigures(len(likes), len(found), area, means[0], means[1])


def precision(scores: np.ndarray, liked: np.ndarray, top: int = _TOP) -> float:
    """The share of liked ones among the first `top`.

    >>> precision(np.array([3.0, 2.0, 1.0]), np.array([1, 0, 1]), top=2)
    0.5
    """
    return float(np.mean(np.asarray(liked, dtype=float)[np.argsort(-scores, kind="stable")[:top]]))


def ndcg(scores: np.ndarray, liked: np.ndarray, top: int = _TOP) -> float:
    """Discounted gain of the first `top` beside the best order (Järvelin & Kekäläinen 2002).

    >>> ndcg(np.array([3.0, 2.0, 1.0]), np.array([0, 0, 1]), top=3)
    0.5
    """
    gains = np.asarray(liked, dtype=float)[None, :]
    return float(ndcg_score(gains, np.asarray(scores, dtype=float)[None, :], k=top))


def newest(at: Sequence[str], share: float = 0.2) -> np.ndarray:
    """Which ratings are the newest, (n,): about `share` of them, those of one moment together.

    >>> newest(["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-03"], share=0.3).tolist()
    [False, False, False, True]
    """
    moments = np.array(at, dtype=object)
    order = np.sort(moments)
    if not len(order):
        return np.zeros(0, dtype=bool)
    cut = order[min(int(np.ceil(len(order) * (1 - share))), len(order) - 1)]
    late = np.array([moment >= cut for moment in moments], dtype=bool)
    return late if not late.all() else np.array([m > cut for m in moments], dtype=bool)
