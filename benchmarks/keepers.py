"""How many keepers are found with so many questions: djlib's bandit beside what else there is.

    python benchmarks/keepers.py FOLDER [--seeds 5] [--policies strong,asreview] [--only NAME]
    python benchmarks/keepers.py FOLDER --resume FILE      go on where a stopped run was

FOLDER holds one CSV a pool: the columns of a listings table and `keeper`, 1 or 0 in every row; what
stands before the first "_" of a name is its kind. For each pool and seed the same 20 random
answers to start, 10 batches, each of 20 out of the same 1,000 random candidates; the score is the
share of keepers among the 200 picks. `lift` is that over the base rate, `late` the share in the
last three batches, `ece` and `ece_aside` how far off probabilities are on what was picked and on
random rows, both before their answers were learned, over all runs of the table: in the 200 picks
of one run luck alone is off by about 0.08.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from keeper_peers import PEERS

from djlib import read_table
from djlib.bandit.simulation.episode import SimulationOptions, check_pool, replay
from djlib.bandit.simulation.metrics import simulation_metrics
from djlib.bandit.simulation.policies import POLICIES, listing_ids, policy_factory
from djlib.evaluation.significance import group_intervals

_FACTORIES = {**POLICIES, **PEERS}
_DJLIB = ("faithful", "strong")
_DEFAULT = "random,squarecb,mabwiser_lints,mabwiser_linucb,asreview,greedy,greedy_sbert"
_LATE = 3
_SHOWN = ["rate", "lift", "late", "exploit_rate", "seconds"]
_BINS = 20


def main() -> None:
    """Print a table a kind of pool, and what strong gains over the best peer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--batches", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", help="pools by how their names begin, joined by commas")
    parser.add_argument("--policies", default=",".join((_DEFAULT, *_DJLIB)))
    parser.add_argument("--resume", type=Path, help="JSON lines: played games are kept there")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.getLogger("djlib").setLevel(logging.ERROR)  # what a batch lacked is no news here
    rows = _kept(options.resume)
    for file in sorted(options.folder.glob("*.csv")):
        if options.only and not file.stem.startswith(tuple(options.only.split(","))):
            continue
        rows += _played(file, options, {_key(row) for row in rows})
    asked = options.policies.split(",")
    _show(pd.DataFrame([row for row in rows if row["policy"] in asked]))


def _played(file: Path, options: argparse.Namespace, done: set[tuple[object, ...]]) -> list[dict]:
    table = read_table(file, schema="listings", problems=[])
    rules = SimulationOptions(batches=options.batches)
    keeper = check_pool(table, file.name, rules)
    listings = listing_ids(table.drop(columns="keeper"))
    found = []
    for policy in options.policies.split(","):
        for seed in range(options.seeds):
            row = {"pool": file.stem, "policy": policy, "seed": seed, "batches": options.batches}
            if _key(row) in done:
                continue
            game = replay(
                listings, keeper, policy_factory(policy, keeper, _FACTORIES), rules, seed=seed
            )
            row |= simulation_metrics(game, keeper).as_dict()
            row["late"] = float(game.keepers()[-_LATE:].mean() / rules.k)
            row["said"] = _said(game.mean, game.keeper)
            row["said_aside"] = _said(game.aside_mean, game.aside_keeper)
            found.append(row)
            _keep(options.resume, row)
            print(f"{file.stem} {policy} {seed} {row['rate']:.3f}", file=sys.stderr, flush=True)
    return found


def _said(mean: np.ndarray, keeper: np.ndarray) -> list[list[float]]:
    """For each of equally wide bins: probabilities summed, keepers, rows."""
    known = np.isfinite(mean)
    place = np.minimum((mean[known] * _BINS).astype(int), _BINS - 1)
    weights = (mean[known], keeper[known], np.ones(int(known.sum())))
    return [np.bincount(place, weights=w, minlength=_BINS).tolist() for w in weights]


def _ece(said: pd.Series) -> float:
    """Calibration error of all runs together."""
    known = [bins for bins in said.tolist() if isinstance(bins, list)]  # runs kept by an older run
    if not known:
        return np.nan
    probability, keepers, n = np.sum(np.stack(known), axis=0)
    return float(np.abs(probability - keepers).sum() / n.sum()) if n.sum() else np.nan


def _key(row: dict) -> tuple[object, ...]:
    return row["pool"], row["policy"], row["seed"], row["batches"]


def _kept(file: Path | None) -> list[dict]:
    if file is None or not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]  # the last may be half


def _keep(file: Path | None, row: dict) -> None:
    if file is not None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")


def _show(rows: pd.DataFrame) -> None:
    rows["kind"] = rows["pool"].str.split("_").str[0]
    for kind, part in [*rows.groupby("kind"), ("all pools", rows)]:
        by_policy = part.groupby("policy")
        means = by_policy[_SHOWN].mean().sort_values("rate")
        for heading, column in (("ece", "said"), ("ece_aside", "said_aside")):
            means[heading] = by_policy[column].agg(_ece)
        print(f"\n{kind}: {part['pool'].nunique()} pools, base rate {part['base_rate'].mean():.3f}")
        print(means.round(3).to_string(), flush=True)
    peers = rows[~rows["policy"].isin([*_DJLIB, "oracle"])].groupby("policy")["rate"].mean()
    for ours in _DJLIB:
        if ours in set(rows["policy"]) and len(peers):
            _held_against(rows, ours, str(peers.idxmax()))


def _held_against(rows: pd.DataFrame, ours: str, peer: str) -> None:
    """The difference in rate with a bootstrap over pools; both simulated the same runs."""
    by = rows.pivot_table(index=["pool", "seed"], columns="policy", values="rate")
    gain = (by[ours] - by[peer]).dropna()
    pools = gain.index.get_level_values("pool").to_numpy()
    low, high = group_intervals(gain.to_numpy()[:, None], pools, bound=1)[0]
    ratio = by[ours].mean() / by[peer].mean()
    print(
        f"\n{ours} over {peer}, the best of the others: {ratio:.3f} times, "
        f"{np.mean(gain):+.3f} ({low:+.3f} to {high:+.3f}, 95 %, paired bootstrap over pools)"
    )


if __name__ == "__main__":
    main()
