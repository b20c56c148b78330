"""The policies by name."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from ..settings import KEEPER_MODES
from .policy import Policy
from .strong import StrongPolicy


def new_policy(
    mode: str, random_state: int | None, engine: str, numeric: Sequence[str], cache: str | None
) -> Policy:
    """A policy that has learned nothing; raises `UsageError` for an unknown mode.

    >>> type(new_policy("strong", 0, "none", (), None)).__name__
    'StrongPolicy'
    """
    if mode == "strong":
        return StrongPolicy(random_state, engine, numeric, cache)
    if mode == "faithful":
        from .faithful import FaithfulPolicy  # torch takes seconds to load

        return FaithfulPolicy(random_state, numeric)
    raise UsageError(f"unknown mode {mode!r}; known: {', '.join(KEEPER_MODES)}")
