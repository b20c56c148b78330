"""Trees help where LightGBM is; where it is not, the ranking goes on without them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.opportunities.ranker import OpportunityRanker
from djlib.opportunities.trees import ENOUGH_FOR_TREES, trees_missing
from tests.opportunities.no_lightgbm import FAULTS, no_lightgbm
from tests.opportunities.tastes import likes, some_calls

ADVICE = {"not installed": "pip install", "no OpenMP": "libgomp1"}


@pytest.fixture(scope="module")
def calls() -> pd.DataFrame:
    return some_calls(500).assign(user_id="ann")


@pytest.fixture(scope="module")
def grown(calls: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model with trees: what is liked no sum of weights says."""
    made = tmp_path_factory.mktemp("grown")
    liked = np.abs(likes(calls, "film") - likes(calls, "residency"))
    model = OpportunityRanker(random_state=0, engine="none").fit(calls, liked)
    assert model.trees_of("ann") is not None
    model.save(made)
    return made


def test_where_it_is_nothing_is_missing() -> None:
    assert trees_missing() == ""


@pytest.mark.parametrize(("how", "advice"), list(ADVICE.items()))
def test_what_is_missing_is_said_with_what_to_install(
    tmp_path: Path, how: str, advice: str
) -> None:
    with no_lightgbm(tmp_path, how):
        assert advice in trees_missing()


@pytest.mark.parametrize("how", FAULTS)
def test_a_model_with_trees_ranks_by_the_logistic_alone(
    grown: Path, calls: pd.DataFrame, tmp_path: Path, how: str
) -> None:
    with no_lightgbm(tmp_path, how):
        model = OpportunityRanker.load(grown)
        points = model.encode(calls)
        assert np.array_equal(
            model.log_odds(points, "ann"), model.logistic_.of("ann").evaluate(points)
        )
        assert len(model.shortlist(points, "ann")) == len(calls)
        assert np.isfinite(model.predict_proba(calls)).all()
        parts = model.contributions(calls.head(20))
        assert np.allclose(parts.sum(axis=1), model.log_odds(points, "ann")[:20])
        assert model.explain(calls.head(3))
        model.save(tmp_path / "again")
    kept = OpportunityRanker.load(tmp_path / "again")
    asked = OpportunityRanker.load(grown)
    assert np.array_equal(kept.predict_proba(calls), asked.predict_proba(calls))


@pytest.mark.parametrize("how", FAULTS)
def test_training_goes_on_without_trees(calls: pd.DataFrame, tmp_path: Path, how: str) -> None:
    liked = likes(calls, "sound")
    few = calls.index < ENOUGH_FOR_TREES - 1
    with no_lightgbm(tmp_path, how):
        model = OpportunityRanker(random_state=0, engine="none").fit(calls, liked)
        assert model.blend_.lacking == trees_missing()
        small = OpportunityRanker(engine="none").fit(calls[few], liked[few])
    assert small.blend_.lacking == ""  # nothing is lost: trees are not tried
    assert not model.trees_
    chance = model.predict_proba(calls)[:, 1]
    assert chance[liked == 1].min() > chance[liked == 0].mean()
