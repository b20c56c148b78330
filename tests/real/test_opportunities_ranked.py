"""Real conferences, ranked after ratings of invented tastes, read in place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from djlib.formats.calls.feeds import read_opportunities
from djlib.opportunities.call_features import counted
from djlib.opportunities.intake import take_in
from djlib.opportunities.measures import precision
from djlib.opportunities.merging import merge
from djlib.opportunities.ranker import OpportunityRanker

_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "opportunities"
_FILE /= "conferences.csv"

pytestmark = pytest.mark.skipif(not _FILE.is_file(), reason=f"no real data at {_FILE}")


@pytest.fixture(scope="module")
def calls() -> pd.DataFrame:
    records, _ = read_opportunities(_FILE)
    some = records.sample(1200, random_state=0)
    return merge(None, take_in(some, now="2025-09-01T03:00:00Z").calls).calls


def test_it_ranks_above_likeness_to_what_was_liked(calls: pd.DataFrame) -> None:
    counts = counted(calls)
    tags = [set(cell.split("; ")) for cell in calls["tags"]]
    often = pd.Series([tag for some in tags for tag in some]).value_counts()
    topics = [tag for tag, n in often.items() if 20 <= n <= len(calls) / 4]
    text = calls["title"] + " " + calls["tags"] + " " + calls["description"]
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2)).fit_transform(text)
    ours, theirs = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        taste = set(rng.choice(topics, 3, replace=False))
        truth = np.array([bool(some & taste) for some in tags])
        said = np.where(rng.random(len(calls)) < 0.1, ~truth, truth).astype(float)
        order = rng.permutation(len(calls))
        rated, rest = order[:100], order[400:]
        model = OpportunityRanker(random_state=0, engine="none")
        model.fit(calls.iloc[rated], said[rated], pool=calls, counts=(counts[rated], counts))
        scores = model.log_odds(model.encode(calls.iloc[rest], counts[rest]), "")
        middle = np.asarray(words[rated][said[rated] > 0].mean(axis=0)).ravel()
        ours.append(precision(scores, truth[rest]))
        theirs.append(precision(np.asarray(words[rest] @ middle).ravel(), truth[rest]))
    assert np.mean(ours) > 0.75
    assert np.mean(ours) > np.mean(theirs) + 0.05
