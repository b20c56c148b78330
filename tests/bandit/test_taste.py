from __future__ import annotations

import numpy as np
import pandas as pd

from djlib.bandit.listing_inputs import ListingInputs
from djlib.bandit.taste import pretrain
from djlib.bandit.training import TasteNet


def two_styles(n: int = 60) -> pd.DataFrame:
    """Every listing by another artist; those of one style come from one decade."""
    dub = np.arange(n) % 2 == 0
    return pd.DataFrame(
        {
            "artist": [f"{name} {name}" for name in np.random.default_rng(0).permutation(n)],
            "styles": np.where(dub, "Dub", "Synth-pop"),
            "year": np.where(dub, 1979.0, 2012.0),
        }
    )


def apart(points: np.ndarray) -> float:
    """How much nearer listings of one style are than those of two."""
    near = points @ points.T
    same = np.equal.outer(np.arange(len(points)) % 2, np.arange(len(points)) % 2)
    return float(near[same].mean() - near[~same].mean())


def test_listings_of_one_style_are_drawn_together_and_the_seed_decides() -> None:
    listings = two_styles()
    inputs = ListingInputs().learn(listings)
    net, again = (TasteNet(inputs.width, 0) for _ in range(2))
    read = inputs.read(listings)
    before = apart(net.encoder.encode(read))
    assert pretrain(net, read, listings) == 60
    pretrain(again, read, listings)
    assert apart(net.encoder.encode(read)) > before + 0.2
    assert (net.encoder.encode(read) == again.encoder.encode(read)).all()


def test_with_nothing_in_common_nothing_is_learned() -> None:
    for listings in (two_styles().drop(columns="styles"), two_styles(0), two_styles(1)):
        inputs = ListingInputs()
        net, read = TasteNet(inputs.width, 0), inputs.read(listings)
        before = net.encoder.encode(read)
        assert pretrain(net, read, listings) == 0
        assert (net.encoder.encode(read) == before).all()
