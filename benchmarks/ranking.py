"""Time to rank 100,000 open calls for one person, once they are read, beside bare numpy.

    python benchmarks/ranking.py [N]

The floor is what no ranking can do without: one product of the words and one of the meanings with a
vector, and finding the ten highest. Ends with 1 where a ranking takes more than a second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from djlib.opportunities.call_features import Points
from djlib.opportunities.ranker import OpportunityRanker
from djlib.opportunities.recommending import best
from djlib.synthetic.opportunities import synthetic_opportunities

_CALLS = 100_000
_RATINGS = 2000
_MEANING = 384
_NOISE = 0.1
_AT_MOST = 1.0


def main() -> None:
    """Print a line a kind of ranking."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else _CALLS
    ranker, points, titles = _made(n)
    direction, trees = ranker.logistic_.of("me"), ranker.trees_

    def bare() -> object:
        scores = points.words @ direction.words + points.meaning @ direction.meaning
        return np.argpartition(-scores, 10)[:10]

    def ranked() -> object:
        rows = ranker.shortlist(points, "me")
        some = points if len(rows) == n else points.take(rows)
        return rows[best(ranker.log_odds(some, "me"), [titles[row] for row in rows], 10)]

    floor = _fastest(bare)
    print(f"{n:,} calls, one person, {_RATINGS:,} ratings")
    print(f"bare numpy          {floor:.4f} s")
    slowest = 0.0
    for name, kind in (("logistic", {}), ("logistic and trees", trees)):
        ranker.trees_ = kind
        seconds = _fastest(ranked)
        slowest = max(slowest, seconds)
        print(f"{name:<19} {seconds:.4f} s, {seconds / floor:.1f} times bare numpy")
    sys.exit(slowest > _AT_MOST)


def _made(n: int) -> tuple[OpportunityRanker, Points, list[str]]:
    """A ranker that learned, and calls as points; meanings are drawn, since reading 100,000 texts
    takes an hour once and nothing afterwards."""
    rng = np.random.default_rng(0)
    known = synthetic_opportunities(_RATINGS, seed=1)
    liked = known["tags"].str.contains("sound|dj").to_numpy()
    said = np.where(rng.random(len(liked)) < _NOISE, ~liked, liked).astype(float)
    ranker = OpportunityRanker(random_state=0, engine="none")
    ranker.fit(known.assign(user_id="me"), said)
    calls = synthetic_opportunities(n, seed=2)
    calls["title"] += [f" {row}" for row in range(n)]
    points = ranker.encode(calls)
    meaning = rng.normal(0, 0.05, (n, _MEANING)).astype(np.float32)
    taste = ranker.logistic_
    wide = np.hstack([rng.normal(0, 1, (len(taste.dense), _MEANING)), taste.dense])
    ranker.logistic_ = replace(taste, dense=wide.astype(np.float32), n_meaning=_MEANING)
    return ranker, Points(points.words, meaning, points.standing), calls["title"].tolist()


def _fastest(work: Callable[[], object], times: int = 7) -> float:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


if __name__ == "__main__":
    main()
