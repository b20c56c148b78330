"""What has changed around the keepers: the listings that are shown, how likely the model finds
them, and how many are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..features.text import genre_tokens
from ..jobs.keeper_models import keeper_models
from ..jobs.keeps import keeps_so_far
from ..jobs.selections import slots_shown
from ..jobs.talk import Talk
from ..monitoring.degradation import Answer
from ..monitoring.drift import name_drift, number_drift, vector_drift
from ..monitoring.eras import judged, parted
from ..monitoring.finding import Finding, together
from ..settings import Settings, Workspace
from ..tables.schema import LISTINGS, coerce

_NUMBERS = ("price", "year")
_HONESTY = "confidence against answers"
_RECENT = 1 / 3
_BY_MODEL = ("exploit",)
"""What the model alone chose; what explores is not meant to be kept as often."""


def watch_keepers(workspace: Workspace, settings: Settings, talk: Talk) -> list[Finding]:
    """Look at everything there is; what there is too little of is found "too few"."""
    models = keeper_models(workspace)
    if not models.served():
        return []
    shown = slots_shown(workspace)
    with talk.step("Looking at what is shown and kept"):
        answers = keeper_answers(workspace, shown)
        eras = parted(models.served(), [(a.version, a.accepted) for a in answers])
        model = None if models.current().problem else models.load()
        found = _listings(list(shown.values()), model)
        if eras:
            found += judged(eras, answers, taken="listings kept", honesty=_HONESTY)
        return together(found)


def keeper_answers(workspace: Workspace, shown: dict[str, dict[str, Any]]) -> list[Answer]:
    """What was kept of the listings that a version chose, and how likely it found that."""
    return [
        Answer(slot["model_version"], _likely(slot), bool(keep.keeper))
        for keep in keeps_so_far(workspace).said.values()
        if (slot := shown.get(keep.listing_id)) and slot["selection_strategy"] in _BY_MODEL
    ]


def _likely(slot: dict[str, Any]) -> float | None:
    return None if slot.get("mean") is None else float(slot["mean"])


def _listings(slots: Sequence[dict[str, Any]], model: Any) -> list[Finding]:
    """The last third of the listings shown against those before, in the order of showing."""
    if not slots:
        return []
    slots = sorted(slots, key=lambda slot: str(slot["at"]))
    table, _ = coerce(pd.DataFrame([s["listing"] for s in slots]), LISTINGS)
    is_recent = np.arange(len(slots)) >= round(len(slots) * (1 - _RECENT))
    found = [
        number_drift(column, *_parted(pd.to_numeric(table[column], errors="coerce"), is_recent))
        for column in _NUMBERS
        if column in table
    ]
    if "genres" in table:
        genres = table["genres"].map(lambda cell: next(iter(genre_tokens(str(cell))), ""))
        found.append(name_drift("genre", *map(list, _parted(genres, is_recent))))
    means = pd.Series([_likely(slot) for slot in slots], dtype=float)
    found.append(number_drift("keep probability", *_parted(means, is_recent), kind="score"))
    if model is not None:
        vectors = np.asarray(model.embed(table))
        found.append(vector_drift("taste space", vectors[~is_recent], vectors[is_recent]))
    return found


def _parted(column: pd.Series, is_recent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = column.to_numpy()
    return values[~is_recent], values[is_recent]
