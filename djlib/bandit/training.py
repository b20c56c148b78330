"""One network of encoder and head, and how it learns a batch: ten epochs of Adam at 1e-4.

Seeded by the generators it is given, never by the global one. What went wrong is said in `Health`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .curriculum import stage_of
from .encoder import Encoder
from .head import Head
from .listing_inputs import Inputs
from .losses import total_loss
from .triplets import mine, recall

EPOCHS, STEP, BATCH = 10, 1e-4, 20

_COLLAPSED = 0.99
"""Length of the mean of all points from which on they count as one point."""
_CONSTANT = 0.01
"""Spread of P(keep) below which the scores of different listings say nothing."""


@dataclass(frozen=True)
class Health:
    """How the last training went: `loss` of the last step, `spread` of P(keep) and `closeness` of
    the points (1: all are one), and what is wrong, by name, in `warnings`."""

    loss: float
    spread: float
    closeness: float
    warnings: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


class TasteNet(nn.Module):
    """Encoder and head together, started from `seed`; `width` as `ListingInputs.width`."""

    def __init__(self, width: int, seed: int = 0) -> None:
        super().__init__()
        with torch.device("meta"):  # the usual start would draw from the global generator
            self.encoder = Encoder(width)
            self.head = Head()
        self.to_empty(device="cpu")
        _start(self, torch.Generator().manual_seed(seed))

    def weights(self) -> dict[str, np.ndarray]:
        """All weights by name."""
        return {name: value.numpy() for name, value in self.state_dict().items()}

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Take what `weights` gave; raises RuntimeError where names or shapes differ."""
        self.load_state_dict({name: torch.from_numpy(w.copy()) for name, w in weights.items()})
        self.encoder.forget_names()


def train(
    net: TasteNet, inputs: Inputs, keeper: np.ndarray, is_new: np.ndarray, seed: int
) -> Health:
    """Learn the new rows of `inputs` in ten epochs; the others are what triplets compare with.

    More than 20 new rows, as when all is learned anew, are learned 20 at a time.
    """
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=STEP)
    loss, reasons = float("nan"), set()
    with one_thread():
        for epoch in range(EPOCHS):
            for batch in _batches(np.flatnonzero(is_new), rng):
                step, reason = _step_loss(net, inputs, keeper, batch, epoch, rng, generator)
                optimizer.zero_grad()
                step.backward()
                optimizer.step()
                loss = float(step.detach())
                reasons.add(reason)
        net.encoder.forget_names()
        return _health(net, inputs, loss, " / ".join(sorted(reasons - {""})))


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of torch: for networks this small more of them only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _step_loss(
    net: TasteNet,
    inputs: Inputs,
    keeper: np.ndarray,
    batch: np.ndarray,
    epoch: int,
    rng: np.random.Generator,
    generator: torch.Generator,
) -> tuple[Tensor, str]:
    """The loss of one batch, and what there is to say about its triplets."""
    in_batch = np.zeros(len(keeper), dtype=bool)
    in_batch[batch] = True
    recalled = recall(keeper, in_batch, rng)
    others = () if recalled.reason else (recalled.positives, recalled.negatives)
    beside = np.setdiff1d(np.concatenate([batch[:0], *others]), batch)
    rows = np.concatenate([batch, beside])
    points = net.encoder(inputs.take(rows), generator)
    triplets = mine(points, rows, recalled, stage_of(epoch, EPOCHS))
    logits = net.head(points[: len(batch)], generator)
    answers = torch.tensor(keeper[batch], dtype=logits.dtype)
    return total_loss(points, triplets, logits, answers), triplets.reason


def _batches(rows: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The rows in a new order, 20 at a time."""
    order = rng.permutation(rows)
    yield from (order[at : at + BATCH] for at in range(0, len(order), BATCH))


def _health(net: TasteNet, inputs: Inputs, loss: float, reason: str) -> Health:
    warnings = {"triplets": reason} if reason else {}
    points = net.encoder.encode(inputs)
    if len(points) < 2:
        return Health(loss, float("nan"), float("nan"), warnings)
    chance = net.head.moments(points, np.random.default_rng(0))[0]
    spread, closeness = float(chance.std()), float(np.linalg.norm(points.mean(axis=0)))
    if closeness > _COLLAPSED:
        warnings["collapsed"] = (
            f"all listings lie at one point of the taste space ({closeness:.3f})"
        )
    if spread < _CONSTANT:
        warnings["constant_scores"] = f"the scores of all listings are nearly equal ({spread:.4f})"
    return Health(loss, spread, closeness, warnings)


@torch.no_grad()
def _start(net: nn.Module, generator: torch.Generator) -> None:
    """Weights as torch starts them, from one generator, in the order of their names."""
    for _, module in sorted(net.named_modules(), key=lambda pair: pair[0]):
        if isinstance(module, nn.Linear | nn.Conv1d):
            fan_in = module.weight[0].numel()
            for weight in (module.weight, module.bias):
                assert weight is not None
                weight.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
        elif isinstance(module, nn.Embedding):
            module.weight.normal_(generator=generator)
    for name, weight in net.named_parameters():
        if name.endswith("question"):
            weight.normal_(std=len(weight) ** -0.5, generator=generator)
