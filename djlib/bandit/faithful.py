"""The recipe as its author gave it: network, losses, Monte-Carlo dropout, ten epochs a batch."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..tables.atomic import replace_file, write_json
from .listing_inputs import ListingInputs
from .training import Health, TasteNet, one_thread, train

_log = logging.getLogger(__name__)

_SETTINGS, _WEIGHTS = "faithful.json", "taste.safetensors"
_KIND = "djlib faithful keepers policy"


class FaithfulPolicy:
    """Learns a batch in ten epochs of Adam at 1e-4 and answers by Monte-Carlo dropout.

    Layers 128, 64 and 32, dropout 0.2, 50 draws; answers repeat exactly until the next update.
    At this rate a batch hardly moves the network; what it did is in `health_`.

    Parameters
    ----------
    random_state : seed of the start, of dropout and of what is drawn from the memory.
    numeric : further columns of the listings to read as numbers.

    Attributes
    ----------
    health_ : how the last training went, with named warnings.
    n_updates_ : trainings so far; beside the seed it decides all that is drawn.

    Examples
    --------
    >>> listings = pd.DataFrame({"artist": ["Robyn", "Moodymann"], "genres": ["Pop", "House"]})
    >>> policy = FaithfulPolicy(random_state=0)
    >>> policy.fit(listings, np.array([0, 1]))
    >>> mean, uncertainty = policy.moments(listings)
    >>> mean.shape, policy.embed(listings).shape
    ((2,), (2, 64))
    """

    def __init__(self, random_state: int | None = None, numeric: Sequence[str] = ()) -> None:
        self.random_state = random_state
        self.numeric = tuple(numeric)
        self._begin()

    def fit(self, listings: pd.DataFrame, keeper: np.ndarray) -> None:
        """Learn all anew, 20 listings at a time."""
        self._begin()
        self._learn(listings, keeper, np.ones(len(listings), dtype=bool))

    def update(self, listings: pd.DataFrame, keeper: np.ndarray, is_new: np.ndarray) -> None:
        """Learn this batch; `listings` and `keeper` are all labels so far."""
        self._learn(listings, keeper, is_new)

    def moments(self, listings: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of P(keep), each (n,)."""
        return self.moments_of(self.embed(listings))

    def moments_of(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same for points of the taste space (n, 64) that are there already."""
        with one_thread():
            return self._net.head.moments(points, np.random.default_rng(self._seed()))

    def embed(self, listings: pd.DataFrame) -> np.ndarray:
        """Points of the taste space, (n, 64), of length one."""
        with one_thread():
            return self._net.encoder.encode(self._inputs.read(listings))

    def encode(self, listings: pd.DataFrame) -> np.ndarray:
        """Give listings as points, which are those of the taste space."""
        return self.embed(listings)

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
        policy._net = TasteNet(policy._inputs.width)
        policy._net.set_weights(weights)
        policy.health_ = _health(settings["health"])
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
        self.health_: Health | None = None
        self._inputs = ListingInputs(self.numeric)
        self._net = TasteNet(self._inputs.width, self._seed_base)

    def _learn(self, listings: pd.DataFrame, keeper: np.ndarray, is_new: np.ndarray) -> None:
        if not len(listings):
            return
        self._inputs.learn(listings)
        inputs = self._inputs.read(listings)
        self.n_updates_ += 1
        self.health_ = train(self._net, inputs, np.asarray(keeper), is_new, self._seed())
        for name, said in self.health_.warnings.items():
            _log.warning("%s: %s", name, said)

    def _seed(self) -> int:
        return self._seed_base + self.n_updates_


def _health(values: dict[str, Any] | None) -> Health | None:
    """As saved; JSON holds nothing for a number that is none."""
    if values is None:
        return None
    numbers = {k: float("nan") if values[k] is None else float(values[k]) for k in _NUMBERS}
    return Health(**numbers, warnings=dict(values["warnings"]))


_NUMBERS = ("loss", "spread", "closeness")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
