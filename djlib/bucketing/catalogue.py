"""The bucket models by name: what `--model` and the settings may say, and how each is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import ModelError, UsageError
from ..settings import MODELS
from .base import BucketAssigner

BASELINE_NAMES = ("majority", "genre", "artist", "text")
"""Simple models that a better one has to beat."""

MODEL_NAMES = (*MODELS, *BASELINE_NAMES)


def make_model(name: str, *, seed: int | None = 0, **parameters: Any) -> BucketAssigner:
    """Make an unfitted model; `parameters` go to its constructor.

    >>> make_model("simple_ml", n_estimators=10)
    SimpleMLBucketAssigner(n_estimators=10, random_state=0)
    """
    if name not in MODEL_NAMES:
        raise UsageError(f"unknown model {name!r}; known: {', '.join(MODEL_NAMES)}")
    kind, _, head = name.partition(":")
    parameters |= {"head": head} if head else {}
    made: BucketAssigner = _kinds()[kind](random_state=seed, **parameters)
    return made


def load_model(folder: str | Path) -> BucketAssigner:
    """Read a model of any kind that `save` wrote into `folder`."""
    kinds = {kind.__name__: kind for kind in _kinds().values()}
    written = json.loads((Path(folder) / "settings.json").read_text(encoding="utf-8"))
    kind = kinds.get(written["model"])
    if kind is None:
        raise ModelError(f"{folder}: a model of unknown kind {written['model']!r}")
    return kind.load(folder)


def _kinds() -> dict[str, Any]:
    from .baselines import ArtistAssigner, GenreAssigner, MajorityAssigner, TextAssigner
    from .hybrid import HybridBucketAssigner
    from .simple_ml import SimpleMLBucketAssigner

    return {
        "hybrid": HybridBucketAssigner,
        "simple_ml": SimpleMLBucketAssigner,
        "majority": MajorityAssigner,
        "genre": GenreAssigner,
        "artist": ArtistAssigner,
        "text": TextAssigner,
    }
