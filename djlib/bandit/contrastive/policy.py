"""The policy `faithful`: a contrastive network with Monte-Carlo dropout, ten epochs a batch."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ...errors import ModelError
from ...tables.atomic import replace_file, write_json
from ..acquisition import ExplorationProfile, Picks, choose_by_explore_rate
from ..policy import EncodedPool, Policy, Progress
from .encoder import Encoder, Head
from .inputs import Inputs, ListingInputs
from .losses import mine, recall, stage_of, total_loss

EPOCHS, STEP, BATCH = 10, 1e-4, 20

_COLLAPSED = 0.99
"""Length of the mean of all points from which on they count as one point."""
_CONSTANT = 0.01
"""Spread of P(keep) below which the scores of different listings say nothing."""
_log = logging.getLogger(__name__)

_SETTINGS, _WEIGHTS = "faithful.json", "taste.safetensors"
_KIND = "djlib faithful keepers policy"
_NUMBERS = ("loss", "spread", "closeness")


class ContrastivePolicy(Policy):
    """Learns a batch in ten epochs of Adam at 1e-4 and predicts by Monte-Carlo dropout.

    Layers 128, 64 and 32, dropout 0.2, 50 draws; predictions repeat exactly until the next update.
    At this rate a batch hardly moves the network; what it did is in `health_`.

    Parameters
    ----------
    random_state : int or None, seed of the initial weights, of dropout and of the triplets; None
        draws another each time (default None).
    numeric : sequence of str, further columns of the listings to read as numbers (default ()).

    Attributes
    ----------
    health_ : Health or None, how the last training went, with named warnings.
    n_updates_ : int, trainings so far; beside the seed it decides all that is drawn.

    Examples
    --------
    >>> listings = pd.DataFrame({"artist": ["Robyn", "Moodymann"], "genres": ["Pop", "House"]})
    >>> policy = ContrastivePolicy(random_state=0).fit(listings, np.array([0, 1]))
    >>> mean, uncertainty = policy.predict(policy.encode(listings))
    >>> mean.shape, policy.embed(listings).shape
    ((2,), (2, 64))
    """

    health_: Health | None
    _inputs: ListingInputs
    _net: ContrastiveNet

    def __init__(self, random_state: int | None = None, numeric: Sequence[str] = ()) -> None:
        self.random_state = random_state
        self.numeric = tuple(numeric)
        self._begin()

    def fit(self, listings: pd.DataFrame, keeper: np.ndarray) -> Self:
        """Learn all anew, 20 listings at a time."""
        self._begin()
        return self.update(listings, keeper, np.ones(len(listings), dtype=bool))

    def update(self, listings: pd.DataFrame, keeper: np.ndarray, is_new: np.ndarray) -> Self:
        """Learn this batch; `listings` and `keeper` are all labels so far."""
        if not len(listings):
            return self
        self._inputs.learn(listings)
        inputs = self._inputs.read(listings)
        self.n_updates_ += 1
        self.health_ = train(self._net, inputs, np.asarray(keeper), is_new, self._seed())
        for name, warning in self.health_.warnings.items():
            _log.warning("%s: %s", name, warning)
        return self

    def encode(self, listings: pd.DataFrame, progress: Progress | None = None) -> np.ndarray:
        """Give listings as points, which are their embeddings; `progress` hears nothing."""
        return self.embed(listings)

    def predict(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of P(keep) of embeddings (n, 64), each (n,)."""
        with one_thread():
            return self._net.head.moments(points, np.random.default_rng(self._seed()))

    def select(
        self,
        pool: EncodedPool,
        k: int,
        *,
        profile: ExplorationProfile,
        batch_number: int,
        rng: np.random.Generator,
    ) -> Picks:
        """Pick by mean less uncertainty, then by uncertainty; `batch_number` alone decides how
        many of either."""
        mean, uncertainty = self.predict(pool.points)
        return choose_by_explore_rate(mean, uncertainty, k=k, batch_number=batch_number)

    def explain(
        self, listings: pd.DataFrame, points: np.ndarray, strategies: Sequence[str]
    ) -> list[list[str]]:
        """The rule that picked each row, with mean and uncertainty."""
        rule = {"exploit": "mean less uncertainty is high", "explore": "uncertainty is high"}
        return [
            [f"{rule[strategy]} ({mean:.2f} ± {uncertainty:.2f})"]
            for strategy, mean, uncertainty in zip(strategies, *self.predict(points), strict=True)
        ]

    def health(self) -> dict[str, str]:
        """What was wrong with the last training, by name."""
        return dict(self.health_.warnings) if self.health_ else {}

    def embed(self, listings: pd.DataFrame) -> np.ndarray:
        """Embeddings, (n, 64), of length one."""
        with one_thread():
            return self._net.encoder.encode(self._inputs.read(listings))

    def save(self, folder: Path) -> None:
        """Write weights and settings into `folder`, the settings last."""
        from safetensors.numpy import save

        folder.mkdir(parents=True, exist_ok=True)
        with replace_file(folder / _WEIGHTS) as handle:
            handle.write(save(self._net.weights()))
        write_json(folder / _SETTINGS, self._settings())

    @classmethod
    def load(cls, folder: Path, labelled: pd.DataFrame | None = None) -> Self:
        """Read back what `save` wrote; raises `ModelError` where a file is damaged."""
        try:
            return cls._read(folder)
        except FileNotFoundError as error:
            raise ModelError(f"{folder}: {error.filename} is missing; take a saved one") from error
        except (ValueError, KeyError, TypeError, RuntimeError, AttributeError, OSError) as error:
            raise ModelError(
                f"{folder}: not a whole keepers model ({_first_line(error)}); take a saved one"
            ) from error

    @classmethod
    def _read(cls, folder: Path) -> Self:
        from safetensors import SafetensorError
        from safetensors.numpy import load

        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        if settings["kind"] != _KIND:
            raise ValueError(f"{settings['kind']!r} instead of {_KIND!r}")
        try:
            weights = load((folder / _WEIGHTS).read_bytes())
        except SafetensorError as error:
            raise ValueError(_first_line(error)) from error
        policy = cls(settings["random_state"], settings["numeric"])
        policy._seed_base = int(settings["seed"])
        policy.n_updates_ = int(settings["n_updates"])
        policy._inputs = ListingInputs.from_dict(settings["inputs"])
        policy._net = ContrastiveNet(policy._inputs.width)
        policy._net.set_weights(weights)
        policy.health_ = _with_health(settings["health"])
        return policy

    def _settings(self) -> dict[str, Any]:
        return {
            "kind": _KIND,
            "random_state": self.random_state,
            "numeric": list(self.numeric),
            "seed": self._seed_base,
            "n_updates": self.n_updates_,
            "inputs": self._inputs.as_dict(),
            "health": self.health_.as_dict() if self.health_ else None,
        }

    def _begin(self) -> None:
        drawn = np.random.default_rng(self.random_state).integers(2**31)
        self._seed_base = int(drawn)
        self.n_updates_ = 0
        self.health_ = None
        self._inputs = ListingInputs(self.numeric)
        self._net = ContrastiveNet(self._inputs.width, self._seed_base)

    def _seed(self) -> int:
        return self._seed_base + self.n_updates_


def _with_health(values: dict[str, Any] | None) -> Health | None:
    """As saved; JSON holds nothing for a number that is none."""
    if values is None:
        return None
    numbers = {k: float("nan") if values[k] is None else float(values[k]) for k in _NUMBERS}
    return Health(**numbers, warnings=dict(values["warnings"]))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


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


class ContrastiveNet(nn.Module):
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
    net: ContrastiveNet, inputs: Inputs, keeper: np.ndarray, is_new: np.ndarray, seed: int
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
    net: ContrastiveNet,
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


def _health(net: ContrastiveNet, inputs: Inputs, loss: float, reason: str) -> Health:
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
