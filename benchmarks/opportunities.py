"""How well calls are ranked after so many ratings: djlib beside what else there is.

    python benchmarks/opportunities.py FOLDER [--games 40] [--ratings 20,200,2000]

FOLDER holds tables of calls (`conferences.csv`, `opportunities.csv`). Ratings are simulated: a
person has three topics, likes what has one of them, and says the opposite one time in ten. Topics
are the tags of conferences; of other calls, words that stand in them. In each game one person
rates so many calls, four others with tastes of their own rate 200 each, and everybody is shown some
and opens a few. Ranked are calls the person did not rate, held against what they truly like.
"""

from __future__ import annotations

import argparse
import re
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from opportunity_peers import PEERS, Game

from djlib.evaluation.significance import group_intervals
from djlib.formats.calls.feeds import read_opportunities
from djlib.opportunities.call_features import counted
from djlib.opportunities.history import COLUMNS, History
from djlib.opportunities.intake import take_in
from djlib.opportunities.measures import ndcg, precision
from djlib.opportunities.merging import merge
from djlib.opportunities.ranker import OpportunityRanker

TOPICS = {
    "residency": r"residenc", "grant": r"\bgrants?\b|fund", "exhibition": r"exhibit|gallery|museum",
    "public art": r"public art|mural|sculpt", "photo": r"photo", "writing": r"writ|poet|essay",
    "music": r"music|song|orchestra|jazz|sound", "film": r"film|video|cinema|movie",
    "science": r"engineer|scien|math|computer|coding|robot", "health": r"medic|health|hospital",
    "community": r"volunteer|community service|youth|neighbou?rhood", "jobs": r"\bjobs?\b|hiring",
    "teaching": r"teach|instructor|education|professor", "stage": r"danc|theat|perform",
    "craft": r"ceramic|clay|textile|fiber|craft|glass", "business": r"business|entrepreneur",
    "nature": r"park|garden|environment|climate|ecolog", "net": r"internet|network|cyber|privacy",
    "contest": r"contest|competition|prize|award", "internship": r"internship|fellow",
}  # fmt: skip
_RARE, _COMMON = 20, 0.25
_NOISE = 0.1
_OTHERS, _OF_OTHERS = 4, 200
_SHOWN = 300
_AT_MOST = 0.75
_START = np.datetime64("2026-01-01T00:00:00")


def main() -> None:
    """Print a table for each table of calls and number of ratings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--games", type=int, default=40)
    parser.add_argument("--ratings", default="20,200,2000")
    parser.add_argument("--engine", default="torch")
    parser.add_argument("--first", type=int, default=0, help="seed of the first game")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for file in sorted(options.folder.glob("*.csv")):
        calls, topics = _read(file)
        counts = counted(calls)
        for asked in map(int, options.ratings.split(",")):
            n = min(asked, int(_AT_MOST * len(calls)))
            for seed in range(options.first, options.first + options.games):
                game = _game(calls, counts, topics, n, seed)
                rows += [
                    {"calls": file.stem, "n": asked, "rated": n, "seed": seed, **row}
                    for row in _played(game, options.engine)
                ]
            _show(pd.DataFrame([r for r in rows if (r["calls"], r["n"]) == (file.stem, asked)]))
    if len({row["calls"] for row in rows}) < 2:
        return
    print("\nall tables of calls together")
    for asked in dict.fromkeys(row["n"] for row in rows):
        _show(pd.DataFrame([row for row in rows if row["n"] == asked]))


def _read(file: Path) -> tuple[pd.DataFrame, list[set[str]]]:
    records, _ = read_opportunities(file)
    calls = merge(None, take_in(records, now="2025-09-01T03:00:00Z").calls).calls
    tags = [set(cell.split("; ")) - {""} for cell in calls["tags"]]
    if np.mean([bool(t) for t in tags]) > 0.9:
        return calls, tags
    texts = (calls["title"] + " " + calls["description"] + " " + calls["tags"]).str.lower()
    return calls, [{k for k, p in TOPICS.items() if re.search(p, text)} for text in texts]


def _game(calls: pd.DataFrame, counts: object, topics: list[set[str]], n: int, seed: int) -> Game:
    rng = np.random.default_rng([seed, n])
    often = Counter(t for some in topics for t in some)
    names = sorted(t for t, k in often.items() if _RARE <= k <= _COMMON * len(calls))
    events, shown = [], []
    for person in range(_OTHERS + 1):
        taste = set(rng.choice(names, 3, replace=False))
        likes = np.array([bool(t & taste) for t in topics])
        said = np.where(rng.random(len(calls)) < _NOISE, ~likes, likes)
        rows = rng.permutation(len(calls))[: n if person == 0 else _OF_OTHERS]
        at = _START + rng.integers(0, 90 * 86_400, len(rows)) * np.timedelta64(1, "s")
        events.append(pd.DataFrame({"row": rows, "user_id": f"p{person}", "liked": said[rows] * 1.0,
                                    "at": [f"{moment}Z" for moment in at]}))  # fmt: skip
        seen = rng.choice(len(calls), min(_SHOWN, len(calls)), replace=False)
        opened = rng.random(len(seen)) < np.where(likes[seen], 0.3, 0.03)
        at = _START + rng.integers(0, 90 * 86_400, len(seen)) * np.timedelta64(1, "s")
        shown.append(pd.DataFrame({"row": seen, "opened": opened * 1.0,
                                   "at": [f"{moment}Z" for moment in at]}))  # fmt: skip
        if person == 0:
            truth, rated = likes, rows
    ratings, views = pd.concat(events, ignore_index=True), pd.concat(shown, ignore_index=True)
    for table in (ratings, views):
        for column in ("opportunity_id", "source"):
            table[column] = calls[column].to_numpy()[table["row"]]
    history = History.of(ratings, views)
    rest = np.setdiff1d(np.arange(len(calls)), rated)
    then = pd.DataFrame(history.standing(ratings), columns=list(COLUMNS))
    now = pd.DataFrame(history.standing(calls, "2026-06-01T00:00:00Z"), columns=list(COLUMNS))
    return Game(calls, counts, pd.concat([ratings, then], axis=1), now, rest, truth[rest], seed)


def _played(game: Game, engine: str) -> list[dict[str, object]]:
    found = []
    ours = {"djlib": lambda g: _ours(g, engine), "djlib, alone": lambda g: _ours(g, engine, "p0")}
    for name, rank in {**ours, **PEERS}.items():
        started = time.perf_counter()
        scores, trees = rank(game), np.nan
        if isinstance(scores, tuple):
            scores, trees = scores
        figures = {"p@10": precision(scores, game.likes), "ndcg@10": ndcg(scores, game.likes)}
        seconds = time.perf_counter() - started
        found.append({"by": name, **figures, "trees": trees, "seconds": seconds})
    return found


def _ours(game: Game, engine: str, only: str | None = None) -> tuple[np.ndarray, float]:
    ratings = game.ratings if only is None else game.ratings[game.ratings["user_id"] == only]
    rows = ratings["row"].to_numpy()
    rated = pd.concat(
        [
            game.calls.iloc[rows].reset_index(drop=True),
            ratings[["user_id", *COLUMNS]].reset_index(drop=True),
        ],
        axis=1,
    )
    ranker = OpportunityRanker(random_state=0, engine=engine)
    ranker.fit(
        rated, ratings["liked"].to_numpy(), pool=game.calls, counts=(game.counts[rows], game.counts)
    )
    rest = pd.concat([game.calls, game.now], axis=1).iloc[game.rest]
    return ranker.log_odds(
        ranker.encode(rest, game.counts[game.rest]), "p0"
    ), ranker.blend_.trees.get("p0", 0.0)


def _show(rows: pd.DataFrame) -> None:
    games = rows["calls"] + rows["seed"].astype(str)
    rated = " or ".join(f"{n:,}" for n in sorted(rows["rated"].unique()))
    print(f"\n{', '.join(rows['calls'].unique())}: {rated} ratings, {games.nunique()} games")
    columns = ["p@10", "ndcg@10", "trees", "seconds"]
    means = rows.groupby("by")[columns].mean().sort_values("p@10", ascending=False)
    print(means.round(3).to_string())
    by = rows.assign(game=games).pivot_table(index="game", columns="by", values="p@10")
    for peer in [name for name in by if name != "djlib"]:
        gain = (by["djlib"] - by[peer]).to_numpy()
        low, high = group_intervals(gain[:, None], np.arange(len(gain)), bound=1)[0]
        print(f"djlib over {peer}: {gain.mean():+.3f} ({low:+.3f} to {high:+.3f})", flush=True)


if __name__ == "__main__":
    main()
