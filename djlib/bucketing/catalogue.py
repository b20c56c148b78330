"""The bucket models by name: what `--model` and the settings may say, and how each is made."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ModelError, UsageError
from ..settings import MODELS
from .base import BucketAssigner

BASELINE_NAMES = ("majority", "genre", "artist", "text")
"""Simple models that a better one has to beat."""

MODEL_NAMES = (*MODELS, *BASELINE_NAMES)

_KINDS = {
    "hybrid": ("hybrid", "HybridBucketAssigner"),
    "simple_ml": ("simple_ml", "SimpleMLBucketAssigner"),
    "majority": ("baselines", "MajorityAssigner"),
    "genre": ("baselines", "GenreAssigner"),
    "artist": ("baselines", "ArtistAssigner"),
    "text": ("baselines", "TextAssigner"),
}
"""Kind of a model -> module and class."""


def make_model(name: str, *, seed: int | None = 0, **parameters: Any) -> BucketAssigner:
    """Make an unfitted model; `parameters` go to its constructor.

    >>> make_model("simple_ml", n_estimators=10)
    SimpleMLBucketAssigner(n_estimators=10, random_state=0)
    """
    if name not in MODEL_NAMES:
        raise UsageError(f"unknown model {name!r}; known: {', '.join(MODEL_NAMES)}")
    kind, _, head = name.partition(":")
    parameters |= {"head": head} if head else {}
    made: BucketAssigner = _class_of(kind)(random_state=seed, **parameters)
    return made


def load_model(folder: str | Path) -> BucketAssigner:
    """Read a model of any kind that `save` wrote into `folder`."""
    written = json.loads((Path(folder) / "settings.json").read_text(encoding="utf-8"))["model"]
    kind = next((kind for kind, (_, name) in _KINDS.items() if name == written), None)
    if kind is None:
        raise ModelError(f"{folder}: a model of unknown kind {written!r}")
    loaded: BucketAssigner = _class_of(kind).load(folder)
    return loaded


def _class_of(kind: str) -> Any:
    """The class of a kind of model, whose module is imported now."""
    module, name = _KINDS[kind]
    return getattr(import_module(f".{module}", __package__), name)
