"""The encoder and head: a listing as a 64-d embedding, and how likely it is kept."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .inputs import CAPACITY, N_LETTERS, PADDING, Inputs

DROPOUT = 0.2
N_EMBEDDING = 64
"""Dimensions of the embedding."""

_LETTER, _FILTERS, _GENRE, _HIDDEN = 16, 32, 16, 128
_KERNELS = (3, 5)
_NAME = _FILTERS * len(_KERNELS)
_MOST_NAMES = 200_000
"""Names whose vectors are remembered, about 50 MB."""
_ROWS = 8192


class NameReader(nn.Module):
    """Letters of names to vectors: convolutions over 3 and 5 letters, the strongest answer each."""

    def __init__(self) -> None:
        super().__init__()
        self.letters = nn.Embedding(N_LETTERS, _LETTER)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(_LETTER, _FILTERS, kernel, padding=kernel // 2) for kernel in _KERNELS
        )

    def forward(self, names: Tensor) -> Tensor:
        """Letters (m, 32) to vectors (m, 64); blanks count as zeros."""
        read = self.letters(names) * (names != 0).unsqueeze(-1)
        signal = read.transpose(1, 2)  # (m, letter, 32)
        return torch.cat([F.relu(c(signal)).amax(dim=2) for c in self.convolutions], dim=1)


class GenreReader(nn.Module):
    """Genre tokens to one vector: an average weighted by attention, padding left out."""

    def __init__(self) -> None:
        super().__init__()
        self.genres = nn.Embedding(CAPACITY, _GENRE)
        self.question = nn.Parameter(torch.empty(_GENRE))

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (n, 8), at least one of each row not padding, to vectors (n, 16)."""
        known = self.genres(tokens)  # (n, 8, 16)
        score = (known @ self.question).masked_fill(tokens == PADDING, -torch.inf)
        return (score.softmax(dim=1).unsqueeze(-1) * known).sum(dim=1)


class Encoder(nn.Module):
    """`Inputs` to embeddings; `width` is the number of their numeric columns."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.names = NameReader()
        self.genres = GenreReader()
        self.hidden = nn.Linear(2 * _NAME + _GENRE + width, _HIDDEN)
        self.taste = nn.Linear(_HIDDEN, N_EMBEDDING)
        self._known: dict[bytes, int] = {}
        self._vectors = np.zeros((0, _NAME), dtype=np.float32)

    def forward(self, inputs: Inputs, generator: torch.Generator | None = None) -> Tensor:
        """Points (n, 64) with gradients; with a generator its dropout is on."""
        return self._joined(inputs, self.names(torch.from_numpy(inputs.names)), generator)

    @torch.no_grad()
    def encode(self, inputs: Inputs) -> np.ndarray:
        """Points (n, 64) float32, without dropout; each name is read once and remembered."""
        names = torch.from_numpy(self._remembered(inputs.names))
        n = len(inputs)
        starts = range(0, n, _ROWS)
        parts = [self._part(inputs, names, slice(at, at + _ROWS)) for at in starts]
        return np.concatenate(parts) if parts else np.zeros((0, N_EMBEDDING), dtype=np.float32)

    def forget_names(self) -> None:
        """Read names anew: their vectors are of old weights."""
        self._known = {}
        self._vectors = np.zeros((0, _NAME), dtype=np.float32)

    def _part(self, inputs: Inputs, names: Tensor, rows: slice) -> np.ndarray:
        part = Inputs(
            inputs.names,
            inputs.artist[rows],
            inputs.label[rows],
            inputs.tokens[rows],
            inputs.numbers[rows],
        )
        return np.asarray(self._joined(part, names, None).numpy())

    def _joined(self, inputs: Inputs, names: Tensor, generator: torch.Generator | None) -> Tensor:
        parts = [
            names[torch.from_numpy(inputs.artist)],
            names[torch.from_numpy(inputs.label)],
            self.genres(torch.from_numpy(inputs.tokens)),
            torch.from_numpy(inputs.numbers).to(names.dtype),
        ]
        hidden = drop(F.relu(self.hidden(torch.cat(parts, dim=1))), generator)
        return F.normalize(self.taste(hidden), dim=1)

    def _remembered(self, names: np.ndarray) -> np.ndarray:
        """Vectors (m, 64) of names, read where they are new."""
        keys = [name.tobytes() for name in names.astype(np.uint8)]
        if len(self._known) + len(keys) > _MOST_NAMES:
            self.forget_names()
        first_new = len(self._known)
        new = [at for at, key in enumerate(keys) if self._is_new(key)]
        if new:
            read = [
                self.names(torch.from_numpy(names[new[at : at + _ROWS]])).numpy()
                for at in range(0, len(new), _ROWS)
            ]
            self._vectors = np.concatenate([self._vectors[:first_new], *read])
        return np.asarray(self._vectors[[self._known[key] for key in keys]])

    def _is_new(self, key: bytes) -> bool:
        if key in self._known:
            return False
        self._known[key] = len(self._known)
        return True


def drop(values: Tensor, generator: torch.Generator | None, share: float = DROPOUT) -> Tensor:
    """Dropout that draws from `generator`, never from the global one; None: off."""
    if generator is None:
        return values
    kept = torch.rand(values.shape, generator=generator) >= share
    return values * kept / (1 - share)


_UNITS = 32
DRAWS = 50
_HEAD_ROWS = 16_384


class Head(nn.Module):
    """Points (n, 64) to the logit of being kept, (n,), through 32 units with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.units = nn.Linear(N_EMBEDDING, _UNITS)
        self.kept = nn.Linear(_UNITS, 1)

    def forward(self, points: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Logits with gradients; with a generator its dropout is on."""
        units = drop(F.relu(self.units(points)), generator)
        return self.kept(units).squeeze(1)

    @torch.no_grad()
    def moments(
        self, points: np.ndarray, rng: np.random.Generator, draws: int = DRAWS
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of P(keep) over `draws` masks, each (n,) float64."""
        kept = rng.random((draws, _UNITS), dtype=np.float32) >= DROPOUT
        weights = self.kept.weight.numpy()[0] * kept / np.float32(1 - DROPOUT)  # (draws, 32)
        mean, spread = np.empty(len(points)), np.empty(len(points))
        for at in range(0, len(points), _HEAD_ROWS):
            rows = slice(at, at + _HEAD_ROWS)
            units = F.relu(self.units(torch.from_numpy(points[rows])))
            logits = units @ torch.from_numpy(weights).T + self.kept.bias  # (rows, draws)
            chance = torch.sigmoid(logits)
            mean[rows] = chance.mean(dim=1).numpy()
            spread[rows] = chance.std(dim=1, correction=0).numpy()
        return mean, spread
