"""How long the parts of the keepers bandit take, beside the bare arithmetic they stand on.

    python benchmarks/bandit_speed.py [--million]

Each figure is the best of several runs on one thread; the floor is measured in the same run.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from djlib import ContrastiveBandit
from djlib.bandit.contrastive.inputs import ListingInputs

N_ENCODED, N_LABELS = 5000, 1000
GENRES = ("House", "Techno", "Dub", "Disco; Funk", "Jazz", "Electronic; Ambient")


def main() -> None:
    """Print the table."""
    print(f"{'what':44}{'ms':>10}{'floor ms':>10}{'ratio':>8}")
    reading()
    choosing()
    learning()
    if "--million" in sys.argv:
        million()
    moments()
    encoding()
    updating()


def moments() -> None:
    """50 draws over 1,000 points: the floor is one product of their hidden units with 50 masks."""
    from djlib.bandit.contrastive.policy import ContrastiveNet

    rng = np.random.default_rng(0)
    points = rng.normal(size=(1000, 64)).astype(np.float32)
    head, masks = ContrastiveNet(3).head, rng.random((32, 50), dtype=np.float32)
    first = rng.random((64, 32), dtype=np.float32)

    def floor() -> np.ndarray:
        return np.asarray(1 / (1 + np.exp(-(np.maximum(points @ first, 0) @ masks))))

    def ours() -> None:
        head.moments(points, np.random.default_rng(0))

    show("mean and doubt, 50 draws x 1,000 cached", best(ours, 30), best(floor, 30))


def encoding() -> None:
    """Listings never seen before: the floor is their convolutions, once a distinct name."""
    import torch

    from djlib.bandit.contrastive.policy import ContrastiveNet

    torch.set_num_threads(1)
    listings = shop(N_ENCODED)
    inputs = ListingInputs().learn(listings)
    net = ContrastiveNet(inputs.width)
    n_names = len(inputs.read(listings).names)
    signal = torch.rand(n_names, 16, 32)
    convolutions = [torch.nn.Conv1d(16, 32, k, padding=k // 2) for k in (3, 5)]

    @torch.no_grad()
    def floor() -> None:
        for convolution in convolutions:
            convolution(signal)

    def ours() -> None:
        net.encoder.forget_names()
        net.encoder.encode(inputs.read(listings))

    took = best(ours, 5)
    show(f"encode {N_ENCODED:,} listings of {n_names:,} names", took, best(floor, 5))
    print(f"    {N_ENCODED / took:,.0f} listings a second")


def updating() -> None:
    """A batch of 20 after 1,000 labels: the floor is ten steps of Adam over the same weights."""
    import torch

    from djlib.bandit.contrastive.policy import ContrastiveNet, ContrastivePolicy

    labelled = shop(N_LABELS)
    keeper = np.random.default_rng(0).integers(0, 2, N_LABELS)
    policy = ContrastivePolicy(random_state=0)
    policy.update(labelled[:20], keeper[:20], np.ones(20, dtype=bool))
    net = ContrastiveNet(ListingInputs().width)

    def floor() -> None:
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
        for _ in range(10):
            optimizer.zero_grad()
            sum((weight**2).sum() for weight in net.parameters()).backward()
            optimizer.step()

    def ours() -> None:
        policy.update(labelled, keeper, np.arange(N_LABELS) >= N_LABELS - 20)

    show(f"update with 20 of {N_LABELS:,} labels", best(ours, 3), best(floor, 3))


def reading() -> None:
    """Listings as points of the strong mode, sentences left out: the floor splits their words."""
    listings = shop(N_ENCODED)
    bandit = ContrastiveBandit(engine="none", random_state=0).fit(with_answers(shop(100)))
    bandit.encode(shop(1000))
    text = [" ".join(map(str, row)) for row in listings.itertuples()]

    def floor() -> None:
        for line in text:
            line.lower().split()

    seconds = best(lambda: bandit.policy_.encode(listings), 3)
    show(f"strong reads {N_ENCODED / seconds:,.0f} listings a second", seconds, best(floor, 3))


def choosing() -> None:
    """20 of 1,000 listings that were read: the floor is the product that scores them."""
    bandit = ContrastiveBandit(engine="none", random_state=0).fit(with_answers(shop(220)))
    pool = bandit.encode(shop(1000))
    weights = bandit.policy_.posterior_.functional.words
    seconds = best(lambda: bandit.select(pool, k=20), 10)
    show("strong picks 20 of 1,000", seconds, best(lambda: pool.points.words @ weights, 10))


def learning() -> None:
    """A batch when 10,000 are learned: the floor factors a matrix of the size of the last layer."""
    listings = with_answers(shop(10_200))
    bandit = ContrastiveBandit(engine="none", random_state=0).fit(listings.head(10_000))
    starts = iter(range(10_000, 10_200, 20))

    def ours() -> None:
        start = next(starts)
        bandit.update(listings.iloc[start : start + 20])

    gram = np.eye(1000) * 5 + 1
    show("strong learns 20 after 10,000", best(ours, 5), best(lambda: np.linalg.cholesky(gram), 5))


def million() -> None:
    """20 of a million listings that were read, and the most memory the process ever held."""
    bandit = ContrastiveBandit(engine="none", random_state=0).fit(with_answers(shop(220)))
    started = time.perf_counter()
    pool = bandit.encode(shop(1_000_000))
    print(f"reading a million listings: {time.perf_counter() - started:.0f} s")
    weights = bandit.policy_.posterior_.functional.words
    held = rss()
    seconds = best(lambda: bandit.select(pool, k=20), 3)

    def floor() -> None:
        for some in pool.points.slices():
            some.words @ weights

    show("strong picks 20 of 1,000,000", seconds, best(floor, 3))
    print(f"memory while choosing: {held:,.0f} MB held, at most {peak():,.0f} MB ever")


def rss() -> float:
    """Megabytes held now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def peak() -> float:
    """Megabytes held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def with_answers(listings: pd.DataFrame) -> pd.DataFrame:
    """Answered: those of the first two genres are kept."""
    return listings.assign(keeper=listings["genres"].isin(GENRES[:2]).astype(int))


def shop(n: int) -> pd.DataFrame:
    """Listings with one artist in three met before, as in a shop."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "listing_id": [f"l{number}" for number in range(n)],
            "artist": [f"artist {number} of nowhere" for number in rng.integers(0, n, n)],
            "label": [f"records {number}" for number in rng.integers(0, n // 10, n)],
            "genres": rng.choice(GENRES, n),
            "year": rng.integers(1970, 2020, n).astype(float),
            "price": rng.lognormal(2.5, 1, n),
            "listed_at": "2024-05-01T10:00:00Z",
        }
    )


def best(call: Callable[[], object], times: int) -> float:
    """Shortest of some runs, in seconds."""
    call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def show(what: str, took: float, floor: float) -> None:
    """One line of the table."""
    print(f"{what:44}{took * 1e3:10.2f}{floor * 1e3:10.2f}{took / floor:8.1f}")


if __name__ == "__main__":
    main()
