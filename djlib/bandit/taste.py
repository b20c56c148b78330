"""A taste space before any label: listings of one artist, label or style are drawn together.

Weak supervision: the contrast of Khosla et al. 2020, with pairs found in the table itself.
In half of the pairs one side's names are hidden, or the network would only learn to compare
letters.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch
from pytorch_metric_learning.losses import SupConLoss

from ..features.text import fold, genre_tokens
from ..tables.cell_text import text_of
from .listing_inputs import Inputs
from .training import TasteNet, one_thread

_ROUNDS, _BATCH, _STEP, _TEMPERATURE = 10, 256, 1e-3, 0.1
_FEWEST = 2


def pretrain(
    net: TasteNet, inputs: Inputs, listings: pd.DataFrame, seed: int = 0, rounds: int = _ROUNDS
) -> int:
    """Draw listings with something in common together; give how many had something in common.

    `inputs` are those of `listings`. With fewer than two pairs nothing is learned.
    """
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    groups = _groups(listings)
    loss_of = SupConLoss(temperature=_TEMPERATURE)
    optimizer = torch.optim.Adam(net.encoder.parameters(), lr=_STEP)
    with one_thread():
        for _ in range(rounds):
            for rows, others in _pairs(groups, rng):
                anchors = net.encoder(inputs.take(rows), generator)
                hidden = _without_names(inputs.take(others), rng)
                points = torch.cat([anchors, net.encoder(hidden, generator)])
                loss = loss_of(points, torch.arange(len(rows)).repeat(2))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    net.encoder.forget_names()
    return len(np.unique(np.concatenate([*groups, np.zeros(0, dtype=int)])))


def _groups(listings: pd.DataFrame) -> list[np.ndarray]:
    """Rows that share an artist, a label or a style; of a column all rows share, none."""
    artist, label, styles = (text_of(listings, c) for c in ("artist", "label", "styles"))
    keys = [
        *((("artist", fold(name)), row) for row, name in enumerate(artist) if name.strip()),
        *((("label", fold(name)), row) for row, name in enumerate(label) if name.strip()),
        *((("style", t), row) for row, cell in enumerate(styles) for t in genre_tokens(cell)),
    ]
    found: dict[tuple[str, str], list[int]] = {}
    for key, row in keys:
        found.setdefault(key, []).append(row)
    return [np.array(r) for r in found.values() if _FEWEST <= len(r) < len(listings)]


def _pairs(
    groups: list[np.ndarray], rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each row of each group with another of it, mixed, some hundreds at a time."""
    ones, others = [], []
    for rows in groups:
        order = rng.permutation(rows)
        ones.append(order)
        others.append(np.roll(order, 1))
    if not ones:
        return
    one, other = np.concatenate(ones), np.concatenate(others)
    order = rng.permutation(len(one))
    for at in range(0, len(order), _BATCH):
        part = order[at : at + _BATCH]
        if len(part) >= _FEWEST:
            yield one[part], other[part]


def _without_names(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Half of the rows without artist and label."""
    names = np.vstack([inputs.names, np.zeros((1, inputs.names.shape[1]), dtype=np.int64)])
    hide = rng.random(len(inputs)) < 0.5
    artist, label = (np.where(hide, len(names) - 1, part) for part in (inputs.artist, inputs.label))
    return Inputs(names, artist, label, inputs.tokens, inputs.numbers)
