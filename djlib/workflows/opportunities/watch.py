"""What has changed around the opportunities: the calls that come in, how likely the model finds
what it shows, and how much of it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from ...monitoring.degradation import Answer, judged, parted
from ...monitoring.drift import name_drift, number_drift
from ...monitoring.finding import Finding, together
from ...opportunities.call_features import sentences
from ...settings import Settings, Workspace
from ..core.progress import ProgressReporter
from ..core.samples import before_and_since, meaning_drift, recent, recent_scans
from .engagement import Shown, had_time, shown_so_far
from .models import opportunity_models
from .ratings import Ratings, ratings_so_far
from .scan import known_opportunities

_TAKEN, _HONESTY = "recommended calls taken", "chance against ratings"


def watch_opportunities(
    workspace: Workspace, settings: Settings, talk: ProgressReporter
) -> list[Finding]:
    """Look at everything there is; what there is too little of is found "too few"."""
    models = opportunity_models(workspace)
    if not models.served():
        return []
    with talk.step("Looking at the calls that come in and what is taken of them"):
        ratings = ratings_so_far(workspace)
        shown = shown_so_far(workspace, ratings)
        old = had_time(shown, datetime.now(UTC))
        answers = [Answer(s.version, s.chance, s.in_time) for s in old]
        found = [*_incoming(workspace, settings), _chances(shown)]
        eras = parted(models.served(), [(a.version, a.accepted) for a in answers])
        if eras:
            told = rated(shown, ratings)
            found += judged(eras, answers, taken=_TAKEN, honesty=_HONESTY, told=told)
        return together(found)


def rated(shown: Sequence[Shown], ratings: Ratings) -> list[Answer]:
    """What was said of recommended calls, and how likely the version that showed them found it."""
    found: dict[tuple[str, str], Answer] = {}
    for one in shown:
        rating = ratings.by_key.get((one.user_id, one.opportunity_id))
        if rating is not None and one.chance is not None and one.at <= rating.first_at:
            key = (one.user_id, one.opportunity_id)
            found[key] = Answer(one.version, float(one.chance), rating.liked > 0.5)
    return list(found.values())


def _incoming(workspace: Workspace, settings: Settings) -> list[Finding]:
    """The third of the calls found last, by whole scans, against those before."""
    calls = known_opportunities(workspace)
    if calls is None or not len(calls):
        return []
    calls = calls.sort_values("first_seen", kind="stable", ignore_index=True)
    since = recent_scans(calls["first_seen"])
    tags = calls["tags"].str.split(";").str[0].fillna("")
    lengths = calls["description"].str.len().astype(float)
    return [
        name_drift("source", *map(list, before_and_since(calls["source"], since))),
        name_drift("tag", *map(list, before_and_since(tags, since))),
        number_drift("length of texts", *before_and_since(lengths, since)),
        *_meaning(calls, since, settings),
    ]


def _meaning(calls: pd.DataFrame, since: np.ndarray, settings: Settings) -> list[Finding]:
    """What the texts are about, where something reads them; from the cache."""
    engine = settings.opportunities.engine
    if engine == "none":
        return []
    from ...features.embedding.encoder import SentenceEmbedder

    embedder = SentenceEmbedder(engine=engine)

    def read(rows: np.ndarray) -> np.ndarray:
        return embedder.embed(sentences(calls.iloc[rows]))

    return meaning_drift("meaning of texts", read, ~since, since, settings.seed)


def _chances(shown: Sequence[Shown]) -> Finding:
    """How likely what is shown was found, the last third against before."""
    told = [float(s.chance) for s in sorted(shown, key=lambda s: s.at) if s.chance is not None]
    return number_drift(
        "chance", *before_and_since(np.array(told), recent(len(told))), kind="score"
    )
