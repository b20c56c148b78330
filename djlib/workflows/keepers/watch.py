"""What has changed around the keepers: the listings that are shown, how likely the model finds
them, and how many are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...features.text import genre_tokens
from ...monitoring.degradation import Answer, judged, parted
from ...monitoring.drift import name_drift, number_drift, vector_drift
from ...monitoring.finding import Finding, together
from ...settings import Settings, Workspace
from ...tables.schema import LISTINGS, coerce
from ..core.progress import ProgressReporter
from ..core.samples import before_and_since, recent
from .labels import labels_so_far
from .models import keeper_models
from .selections import slots_shown

_NUMBERS = ("price", "year")
_HONESTY = "confidence against answers"
_BY_MODEL = ("exploit",)
"""What the model alone chose; what explores is not meant to be kept as often."""


def watch_keepers(
    workspace: Workspace, settings: Settings, talk: ProgressReporter
) -> list[Finding]:
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
        Answer(slot["model_version"], _likely(slot), bool(label.keeper))
        for label in labels_so_far(workspace).explicit.values()
        if (slot := shown.get(label.listing_id)) and slot["selection_strategy"] in _BY_MODEL
    ]


def _likely(slot: dict[str, Any]) -> float | None:
    return None if slot.get("mean") is None else float(slot["mean"])


def _listings(slots: Sequence[dict[str, Any]], model: Any) -> list[Finding]:
    """The last third of the listings shown against those before, in the order of showing."""
    if not slots:
        return []
    slots = sorted(slots, key=lambda slot: str(slot["at"]))
    table, _ = coerce(pd.DataFrame([s["listing"] for s in slots]), LISTINGS)
    since = recent(len(slots))
    found = [
        number_drift(
            column, *before_and_since(pd.to_numeric(table[column], errors="coerce"), since)
        )
        for column in _NUMBERS
        if column in table
    ]
    if "genres" in table:
        genres = table["genres"].map(lambda cell: next(iter(genre_tokens(str(cell))), ""))
        found.append(name_drift("genre", *map(list, before_and_since(genres, since))))
    means = pd.Series([_likely(slot) for slot in slots], dtype=float)
    found.append(number_drift("keep probability", *before_and_since(means, since), kind="score"))
    if model is not None:
        found.append(
            vector_drift("taste space", *before_and_since(np.asarray(model.embed(table)), since))
        )
    return found
