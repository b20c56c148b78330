"""Learns a person's musical taste from what they already did, proposes, takes corrections.

    >>> from djlib import SimpleMLBucketAssigner, read_table

Public names load on first use, so that `import djlib` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "ContrastiveBandit": ".bandit.bandit",
    "HybridBucketAssigner": ".bucketing.hybrid",
    "SimpleMLBucketAssigner": ".bucketing.simple_ml",
    "read_table": ".tables.io",
    "write_table": ".tables.io",
}

__all__ = [  # noqa: F822 (PEP 562)
    "ContrastiveBandit",
    "HybridBucketAssigner",
    "SimpleMLBucketAssigner",
    "read_table",
    "write_table",
]

if TYPE_CHECKING:
    from .bandit.bandit import ContrastiveBandit
    from .bucketing.hybrid import HybridBucketAssigner
    from .bucketing.simple_ml import SimpleMLBucketAssigner
    from .tables.io import read_table, write_table


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
