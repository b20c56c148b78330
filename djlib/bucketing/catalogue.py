"""The bucket models by name: what `--model` and the settings may say, and how each is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import ModelError, UsageError
from .assigner import BucketAssigner

MODEL_NAMES = ("simple_ml",)


def make_model(name: str, *, seed: int | None = 0, **parameters: Any) -> BucketAssigner:
    """Make an unfitted model; `parameters` go to its constructor.

    >>> make_model("simple_ml", n_estimators=10)
    SimpleMLBucketAssigner(n_estimators=10, random_state=0)
    """
    if name == "simple_ml":
        from .simple_ml import SimpleMLBucketAssigner

        return SimpleMLBucketAssigner(random_state=seed, **parameters)
    raise UsageError(f"unknown model {name!r}; known: {', '.join(MODEL_NAMES)}")


def load_model(folder: str | Path) -> BucketAssigner:
    """Read a model of any kind that `save` wrote into `folder`."""
    from .simple_ml import SimpleMLBucketAssigner

    kinds = {kind.__name__: kind for kind in (SimpleMLBucketAssigner,)}
    written = json.loads((Path(folder) / "settings.json").read_text(encoding="utf-8"))
    kind = kinds.get(written["model"])
    if kind is None:
        raise ModelError(f"{folder}: a model of unknown kind {written['model']!r}")
    return kind.load(folder)
