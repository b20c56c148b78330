"""The opportunities model of a workspace: its registry, and learning all ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...errors import NotTrainedError
from ...features.embedding.engines import embeddings_available
from ...opportunities.feature_store import FeatureStore
from ...opportunities.history import COLUMNS, History, seconds_of
from ...opportunities.measures import RankFigures, newest, rank_figures
from ...opportunities.trees import WITHOUT
from ...registry import Registry, Version
from ...settings import Settings, Workspace
from ...tables.plain_json import to_plain
from ..core.progress import ProgressReporter
from ..promotion import POLICY, PromotionRequest
from .engagement import history_of
from .ratings import Ratings, current_ids, fingerprint, rated_calls
from .scan import known_opportunities

if TYPE_CHECKING:
    from scipy import sparse

    from ...opportunities.ranker import OpportunityRanker


LEARNER = "opportunity"

_FEWEST_MEASURED = 30
_DAY = 86_400.0


def opportunity_models(workspace: Workspace) -> Registry[OpportunityRanker]:
    """The registry of opportunities models; `models/opportunity_model.pkl` is the current one."""
    return Registry(workspace.models, LEARNER, _load)


def _load(folder: Path) -> OpportunityRanker:
    from ...opportunities.ranker import OpportunityRanker

    return OpportunityRanker.load(folder)


def current_version(workspace: Workspace) -> Version | None:
    """The version in force, None before the first ratings."""
    try:
        return opportunity_models(workspace).current()
    except NotTrainedError:
        return None


def feature_store(workspace: Workspace, *, keep: bool = True) -> FeatureStore:
    """The features kept in the workspace."""
    return FeatureStore(workspace.features, keep=keep)


@dataclass(frozen=True)
class Learnable:
    """What there is to learn from: rated calls with how each stood then (`rated`), how well each
    was liked, all calls (`pool`), and what both say."""

    rated: pd.DataFrame
    pool: pd.DataFrame
    counts: sparse.csr_matrix
    pool_counts: sparse.csr_matrix
    history: History

    @property
    def liked(self) -> np.ndarray:
        """How well each was liked, (n,)."""
        return self.rated["liked"].to_numpy(dtype=float)

    def learned(
        self, settings: Settings, rows: np.ndarray, half_life_days: float | None
    ) -> OpportunityRanker:
        """A ranker that has learned some of the ratings; older ones count less where a half-life
        says so."""
        from ...opportunities.ranker import OpportunityRanker

        some = self.rated.iloc[rows]
        return OpportunityRanker(settings.seed, settings.opportunities.engine).fit(
            some,
            self.liked[rows],
            sample_weight=fading(some["at"], half_life_days),
            pool=self.pool,
            counts=(self.counts[rows], self.pool_counts),
        )

    def scores(self, model: OpportunityRanker, rows: np.ndarray) -> np.ndarray:
        """How likely a model finds it that some of the rated calls are liked, (rows,)."""
        some = self.rated.iloc[rows]
        points = model.encode(some, self.counts[rows])
        return model.probabilities(points, some["user_id"].tolist())


def learnable(workspace: Workspace, ratings: Ratings) -> Learnable:
    """Everything rated, with its features out of the store."""
    calls = known_opportunities(workspace)
    calls = no_calls() if calls is None else calls
    store, history = feature_store(workspace), history_of(workspace, ratings, current_ids(calls))
    rated = rated_calls(ratings, calls)
    rated[list(COLUMNS)] = store.standing(rated, history)
    pool = calls if len(calls) else rated.drop_duplicates("opportunity_id", ignore_index=True)
    pool_counts = store.counts(pool)
    return Learnable(rated, pool, _counts(rated, pool, pool_counts), pool_counts, history)


def learn_ratings(
    workspace: Workspace,
    settings: Settings,
    ratings: Ratings,
    talk: ProgressReporter,
    *,
    half_life_days: float | None = None,
    metrics: Mapping[str, Any] | None = None,
    promotion: PromotionRequest = "auto",
) -> Version:
    """Learn all ratings anew, measure on the newest, and save a new version."""
    served = current_version(workspace)
    with talk.step("Learning what is liked"):
        data = learnable(workspace, ratings)
        figures = time_split(data, settings, half_life_days)
        model = data.learned(settings, np.arange(len(data.rated)), half_life_days)
    engine = settings.opportunities.engine
    if engine != "none" and not model.features_.reads_:
        talk.say(f"{embeddings_available(engine)}: the texts count by their words alone")
    if model.blend_.lacking:
        talk.say(f"{model.blend_.lacking}: {WITHOUT}; then: djlib train --opportunities")
    return opportunity_models(workspace).save(
        model,
        metadata={
            "engine": engine,
            "half_life_days": half_life_days,
            "ratings": len(ratings.by_key),
            "liked": int((data.liked > 0.5).sum()),
            "users": len(ratings.users),
            "calls": len(data.pool),
            "own": model.blend_.own,
            "trees": dict(model.blend_.trees),
            "ratings_logged": ratings.n_logged,
            "data_fingerprint": fingerprint(ratings),
            "metrics": {"newest": to_plain(figures), **(metrics or {})},
        },
        parent=served.id if served else None,
        promote=POLICY.decide({}, promotion).promote,
    )


def time_split(
    data: Learnable, settings: Settings, half_life_days: float | None = None
) -> RankFigures | None:
    """How well the newest fifth of the ratings is ranked by what was learned of the earlier ones;
    None where there is too little, or all were given at one moment."""
    is_new = newest(data.rated["at"].tolist())
    old, new = np.flatnonzero(~is_new), np.flatnonzero(is_new)
    if len(data.rated) < _FEWEST_MEASURED or not len(new) or not len(old):
        return None
    model = data.learned(settings, old, half_life_days)
    users = data.rated["user_id"].iloc[new].tolist()
    return rank_figures(data.scores(model, new), data.liked[new], users)


def is_all_learned(workspace: Workspace, ratings: Ratings) -> bool:
    """Whether the model in force has seen the whole log, which one that was cut off has not."""
    version = current_version(workspace)
    return version is not None and int(version.metadata["ratings_logged"]) >= ratings.n_logged


def fading(at: pd.Series, half_life_days: float | None) -> np.ndarray | None:
    """How much ratings of these moments count beside the newest, (n,); None where all count alike.

    >>> fading(pd.Series(["2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z"]), 10).tolist()
    [0.5, 1.0]
    """
    if half_life_days is None:
        return None
    seconds = seconds_of(at)
    return np.asarray(0.5 ** ((seconds.max() - seconds) / _DAY / half_life_days), dtype=float)


def no_calls() -> pd.DataFrame:
    """The table of calls of a workspace that has scanned none."""
    from ...opportunities.intake import CALL_COLUMNS

    return pd.DataFrame({name: pd.Series(dtype="str") for name in CALL_COLUMNS})


def _counts(
    rated: pd.DataFrame, pool: pd.DataFrame, pool_counts: sparse.csr_matrix
) -> sparse.csr_matrix:
    """The terms of rated calls: those of the pool where they are in it."""
    from ...opportunities.call_features import counted

    place = {name: row for row, name in enumerate(pool["opportunity_id"])}
    rows = np.array([place.get(name, -1) for name in rated["opportunity_id"]], dtype=int)
    if (rows >= 0).all():
        return pool_counts[rows]
    return counted(rated)
