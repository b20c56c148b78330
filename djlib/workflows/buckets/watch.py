"""What has changed around the buckets: the tracks that come in, how sure the model is of them, and
what people do with its proposals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...bucketing.analysis.drift import ConfidenceDrift, FieldDrift
from ...errors import InputError, NotFoundError
from ...features.dates import days_added
from ...monitoring.degradation import Answer, judged, parted
from ...monitoring.finding import Finding, together
from ...settings import Settings, Workspace
from ..core.progress import NullReporter, ProgressReporter
from ..core.samples import meaning_drift
from ..library.tracks import read_tracks
from .acceptance import looks
from .audit import confidences_of
from .models import bucket_models
from .train import training_source
from .trends import TrendsOptions, library_trends

_SHIFT = 0.1
_LESS_SURE = 0.1
_ALWAYS_MOVES = "year"
"""New tracks are of later years, always."""
_HONESTY = "confidence against answers"
_SHOWN = 2


def watch_buckets(
    workspace: Workspace, settings: Settings, talk: ProgressReporter
) -> list[Finding]:
    """Look at everything there is; what there is too little of is found "too few"."""
    with talk.step("Looking at what comes in"):
        return _incoming(workspace, settings) + _taken(workspace)


def _incoming(workspace: Workspace, settings: Settings) -> list[Finding]:
    """Recent tracks against those before; the fields are tested by whole days and corrected for
    how many they are already."""
    try:
        source = training_source(workspace)
        found = library_trends(
            workspace, settings, source, options=TrendsOptions(), talk=NullReporter()
        )
    except (InputError, NotFoundError):  # no library, or nobody knows when a track was added
        return []
    fields = [_of_field(field) for field in found.drift if field.field != _ALWAYS_MOVES]
    score = _of_confidence(found.confidence)
    return fields + together([score, *_sentences(workspace, settings, found.since)])


def _of_field(found: FieldDrift) -> Finding:
    size = found.psi if found.psi is not None else found.distance
    moved = "; ".join(
        f"{m.value}: {100 * m.before:.0f} % before, {100 * m.since:.0f} % since"
        for m in found.moved[:_SHOWN]
    )
    return Finding(
        "input",
        found.field,
        found.n_before,
        found.n_since,
        effect=None if size is None else abs(size),
        measure="PSI" if found.psi is not None else "share",
        matters=_SHIFT,
        p_value=found.p_value,
        words=moved,
    )


def _of_confidence(found: ConfidenceDrift | None) -> Finding:
    if found is None:
        return Finding("score", "confidence", 0, 0)
    return Finding(
        "score",
        "confidence",
        found.n_before,
        found.n_since,
        effect=round(abs(found.since - found.before), 4),
        measure="difference",
        matters=_LESS_SURE,
        p_value=found.p_value,
        words=f"{100 * found.before:.0f} % before, {100 * found.since:.0f} % since",
        worse=found.since < found.before,
    )


def _sentences(workspace: Workspace, settings: Settings, since: str) -> list[Finding]:
    """The embeddings of the tracks' sentences, where an engine is in use; from the cache."""
    if settings.buckets.engine == "none" or not settings.buckets.model.startswith("hybrid"):
        return []
    from ...features.embedding.encoder import SentenceEmbedder

    tracks = read_tracks(workspace, training_source(workspace), NullReporter())[0]
    days = days_added(tracks["date_added"].reset_index(drop=True))
    is_recent = np.asarray(days >= pd.Timestamp(since))
    old = days.notna().to_numpy() & ~is_recent

    embedder = SentenceEmbedder(engine=settings.buckets.engine)

    def read(rows: np.ndarray) -> np.ndarray:
        return embedder.transform(tracks.iloc[rows])

    return meaning_drift("sentences", read, old, is_recent, settings.seed)


def _taken(workspace: Workspace) -> list[Finding]:
    stood = [(look.model_version, look.accepted) for look in looks(workspace)]
    eras = parted(bucket_models(workspace).served(), stood)
    if eras is None:
        return []
    answers = bucket_answers(workspace, eras.versions)
    return together(judged(eras, answers, taken="proposals let stand", honesty=_HONESTY))


def bucket_answers(workspace: Workspace, versions: list[str]) -> list[Answer]:
    """What people did with the proposals of some versions, and how sure those were."""
    sure = confidences_of(workspace, versions)
    return [
        Answer(look.model_version, sure.get((look.model_version, look.track_id)), look.accepted)
        for look in looks(workspace)
        if look.model_version in versions
    ]
