"""What has changed around the opportunities: the calls that come in, how likely the model finds
what it shows, and how much of it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from ..errors import EmbeddingsMissingError
from ..jobs.engagement import Shown, had_time, shown_so_far
from ..jobs.opportunity_models import opportunity_models
from ..jobs.ratings import Ratings, ratings_so_far
from ..jobs.scan_opportunities import known_opportunities
from ..jobs.talk import Talk
from ..monitoring.degradation import Answer, acceptance_change, overconfidence
from ..monitoring.drift import name_drift, number_drift, vector_drift
from ..monitoring.finding import Finding, together
from ..opportunities.call_words import sentences
from ..settings import Settings, Workspace
from .doors import served_and_before

_RECENT = 1 / 3
_MOST = 2000


def watch_opportunities(workspace: Workspace, settings: Settings, talk: Talk) -> list[Finding]:
    """Look at everything there is; what there is too little of is found "too few"."""
    served, before = served_and_before(opportunity_models(workspace))
    if served is None:
        return []
    with talk.step("Looking at the calls that come in and what is taken of them"):
        ratings = ratings_so_far(workspace)
        shown = shown_so_far(workspace, ratings)
        old = had_time(shown, datetime.now(UTC))
        taken = [Answer(s.version, s.chance, s.in_time) for s in old]
        return together(
            [
                *_incoming(workspace, settings),
                _chances(shown),
                acceptance_change("recommended calls taken", taken, served, before),
                overconfidence("chance against ratings", rated(shown, ratings), served, before),
            ]
        )


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
    """The third of the calls found last against those before."""
    calls = known_opportunities(workspace)
    if calls is None or not len(calls):
        return []
    calls = calls.sort_values("first_seen", kind="stable", ignore_index=True)
    recent = np.arange(len(calls)) >= round(len(calls) * (1 - _RECENT))
    lengths = calls["description"].str.len().to_numpy(dtype=float)
    tags = calls["tags"].str.split(";").str[0].fillna("")
    return [
        name_drift("source", *map(list, _parted(calls["source"], recent))),
        name_drift("tag", *map(list, _parted(tags, recent))),
        number_drift("length of texts", lengths[~recent], lengths[recent]),
        *_meaning(calls, recent, settings),
    ]


def _meaning(calls: pd.DataFrame, recent: np.ndarray, settings: Settings) -> list[Finding]:
    """What the texts are about, where something reads them; from the cache."""
    engine = settings.opportunities.engine
    if engine == "none":
        return []
    from ..features.embeddings import SentenceEmbedder

    rng = np.random.default_rng(settings.seed)
    parts = [_some(np.flatnonzero(which), rng) for which in (~recent, recent)]
    try:
        embedder = SentenceEmbedder(engine=engine)
        vectors = [embedder.embed(sentences(calls.iloc[rows])) for rows in parts]
    except EmbeddingsMissingError:
        return []
    return [vector_drift("meaning of texts", *vectors)]


def _chances(shown: Sequence[Shown]) -> Finding:
    """How likely what is shown was found, the last third against before."""
    told = [float(s.chance) for s in sorted(shown, key=lambda s: s.at) if s.chance is not None]
    values = np.array(told)
    recent = np.arange(len(values)) >= round(len(values) * (1 - _RECENT))
    return number_drift("chance", values[~recent], values[recent], kind="score")


def _parted(column: pd.Series, recent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values = column.to_numpy()
    return values[~recent], values[recent]


def _some(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= _MOST else np.sort(rng.choice(rows, _MOST, replace=False))
