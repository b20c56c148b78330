"""The ranker: each their own taste, shared where nothing is known, and honest reasons."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from djlib.errors import InputError, ModelError
from djlib.opportunities.call_features import terms
from djlib.opportunities.measures import precision
from djlib.opportunities.ranker import OpportunityRanker
from djlib.opportunities.trees import ENOUGH_FOR_TREES
from tests.opportunities.tastes import likes, some_calls


def ranker() -> OpportunityRanker:
    return OpportunityRanker(random_state=0, engine="none")


@pytest.fixture(scope="module")
def calls() -> pd.DataFrame:
    return some_calls(700)


@pytest.fixture(scope="module")
def both(calls: pd.DataFrame) -> OpportunityRanker:
    """One likes sound, the other film; both dislike what the other likes."""
    first, second = calls.iloc[:60], calls.iloc[60:120]
    rated = pd.concat([first.assign(user_id="ann"), second.assign(user_id="ben")])
    liked = np.concatenate([likes(first, "sound"), likes(second, "film")])
    return ranker().fit(rated, liked, pool=calls)


def test_each_gets_their_own(both: OpportunityRanker, calls: pd.DataFrame) -> None:
    rest = calls.iloc[150:]
    for user, topic, other in (("ann", "sound", "film"), ("ben", "film", "sound")):
        chance = both.predict_proba(rest.assign(user_id=user))[:, 1]
        assert precision(chance, likes(rest, topic)) >= 0.9
        assert precision(chance, likes(rest, other)) <= 0.3


def test_somebody_nobody_knows_gets_what_is_shared(calls: pd.DataFrame) -> None:
    parts = [calls.iloc[40 * i : 40 * (i + 1)].assign(user_id=f"u{i}") for i in range(3)]
    rated = pd.concat(parts)
    model = ranker().fit(rated, likes(rated, "sound"), pool=calls)
    rest = calls.iloc[150:]
    chance = model.predict_proba(rest.assign(user_id="new"))[:, 1]
    assert precision(chance, likes(rest, "sound")) >= 0.9
    assert np.array_equal(chance, model.predict_proba(rest)[:, 1])


def test_few_ratings_of_ones_own_are_drawn_to_what_is_shared(calls: pd.DataFrame) -> None:
    crowd = calls.iloc[:150].assign(user_id=[f"u{i % 3}" for i in range(150)])
    said = likes(crowd, "sound")
    rest = calls.iloc[300:].assign(user_id="own")
    crowds = ranker().fit(crowd, said, pool=calls).predict_proba(rest)[:, 1]
    found = []
    for n in (1, 60):
        own = calls.iloc[160 : 160 + n].assign(user_id="own")
        liked = np.concatenate([said, likes(own, "film")])
        model = ranker().fit(pd.concat([crowd, own]), liked, pool=calls)
        chance = model.predict_proba(rest)[:, 1]
        found.append((np.corrcoef(crowds, chance)[0, 1], precision(chance, likes(rest, "film"))))
    assert found[0][0] > 0.95
    assert found[1][0] < found[0][0] - 0.1
    assert found[1][1] >= 0.8 > found[0][1]


def test_trees_are_tried_from_enough_ratings_of_one_person_on(calls: pd.DataFrame) -> None:
    few = calls.iloc[: ENOUGH_FOR_TREES - 1]
    assert not ranker().fit(few, likes(few, "sound")).trees_
    many = calls.iloc[:500]
    # liked is a film, or else a residency, not both: no sum of weights says so
    both_ways = np.abs(likes(many, "film") - likes(many, "residency"))
    model = ranker().fit(many.assign(user_id="ann"), both_ways, pool=calls)
    assert model.blend_.trees["ann"] > 0
    rest = calls.iloc[500:].assign(user_id="ann")
    truth = np.abs(likes(rest, "film") - likes(rest, "residency"))
    assert precision(model.predict_proba(rest)[:, 1], truth) >= 0.9
    said = {k: v for k, v in model.blend_.losses.items() if k.startswith("trees")}
    assert min(said, key=lambda k: said[k]) == f"trees {model.blend_.trees['ann']} for ann"


def test_the_same_seed_gives_the_same(calls: pd.DataFrame) -> None:
    some = calls.iloc[:250]
    one, other = (ranker().fit(some, likes(some, "sound")).predict_proba(calls) for _ in range(2))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_one_class_only_is_learned_without_certainty(calls: pd.DataFrame, answer: float) -> None:
    some = calls.iloc[:12]
    model = ranker().fit(some, np.full(12, answer))
    chance = model.predict_proba(calls)[:, 1]
    assert np.isfinite(chance).all()
    assert (chance > 0.5).mean() == answer
    assert 0.02 < chance.mean() < 0.98


def test_stars_in_between_stand_in_between(calls: pd.DataFrame) -> None:
    some = calls.iloc[:90]
    levels = np.where(likes(some, "sound") > 0, 1.0, np.where(likes(some, "film") > 0, 0.5, 0.0))
    model = ranker().fit(some, levels, pool=calls)
    rest = calls.iloc[90:]
    chance = model.predict_proba(rest)[:, 1]
    loud, seen = likes(rest, "sound") > 0, likes(rest, "film") > 0
    means = [chance[m].mean() for m in (loud & ~seen, seen & ~loud, ~loud & ~seen)]
    assert means[0] > means[1] > means[2]


def test_contributions_add_up_with_and_without_trees(calls: pd.DataFrame) -> None:
    some = calls.iloc[:400]
    both_ways = np.abs(likes(some, "film") - likes(some, "residency"))
    for n in (50, 400):
        model = ranker().fit(some.iloc[:n].assign(user_id="ann"), both_ways[:n], pool=calls)
        rows = calls.iloc[400:420].assign(user_id=["ann", "new"] * 10)
        added = model.contributions(rows).sum(axis=1)
        said = model.log_odds(model.encode(rows), rows["user_id"].tolist())
        assert np.allclose(added, said, atol=1e-4)


def test_reasons_name_words_that_tell_something() -> None:
    title = pd.Series([f"{what} of the year {n}" for n in range(8) for what in ("Dub", "Film")])
    liked = title.str.startswith("Dub").to_numpy(dtype=float)
    calls = pd.DataFrame({"title": title.where(liked == 0, title + " and for all of the")})
    said = ranker().fit(calls, liked).explain(calls.head(1))[0]
    assert any("dub" in reason for reason in said)
    assert not any("of the," in reason or "for all" in reason for reason in said)


def test_reasons_are_true_of_the_model(both: OpportunityRanker, calls: pd.DataFrame) -> None:
    rest = calls.iloc[150:].assign(user_id="ann")
    top = rest.iloc[np.argsort(-both.predict_proba(rest)[:, 1])[:10]]
    tagged = 0
    weights = both.logistic_.of("ann").words
    for row, reasons in zip(top.to_dict("records"), both.explain(top), strict=True):
        said = [r for r in reasons if r.startswith("tagged ")]
        for names in said:
            shown = names.removeprefix("tagged ").removesuffix(", as calls you liked").split(", ")
            places = terms(pd.DataFrame([row]), "tags")[0]
            assert all(weights[places[name]] > 0 for name in shown)
            tagged += 1
    assert tagged >= 3
    stranger = both.explain(top.assign(user_id="new"))
    assert not any("you liked" in reason for reasons in stranger for reason in reasons)


def test_what_is_saved_comes_back(both: OpportunityRanker, calls: pd.DataFrame) -> None:
    import tempfile

    some = calls.iloc[:400].assign(user_id="ann")
    grown = ranker().fit(some, np.abs(likes(some, "film") - likes(some, "residency")))
    for model in (both, grown):
        folder = Path(tempfile.mkdtemp())
        model.save(folder)
        assert not [f for f in folder.iterdir() if f.suffix in (".pkl", ".joblib")]
        again = OpportunityRanker.load(folder)
        rows = calls.iloc[:50].assign(user_id="ann")
        assert np.array_equal(again.predict_proba(rows), model.predict_proba(rows))
        assert again.explain(rows.head(3)) == model.explain(rows.head(3))


def test_half_a_model_is_refused(both: OpportunityRanker, tmp_path: Path) -> None:
    both.save(tmp_path)
    arrays = tmp_path / "ranker.npz"
    whole = arrays.read_bytes()
    arrays.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="not a whole opportunities model"):
        OpportunityRanker.load(tmp_path)
    arrays.write_bytes(whole)
    said = json.loads((tmp_path / "ranker.json").read_text())
    del said["users"]
    (tmp_path / "ranker.json").write_text(json.dumps(said))
    with pytest.raises(ModelError):
        OpportunityRanker.load(tmp_path)
    with pytest.raises(ModelError):
        OpportunityRanker.load(tmp_path / "nowhere")


def test_nothing_to_learn_from_is_said(calls: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="nothing to learn from"):
        ranker().fit(calls.head(0), [])
    with pytest.raises(InputError, match="nothing to learn from"):
        ranker().fit(calls.head(2), [1])
    with pytest.raises(InputError, match="from 0"):
        ranker().fit(calls.head(2), [1, 5])


def test_calls_without_words_are_ranked_like_any() -> None:
    strange = pd.DataFrame({"title": ["", "🎧", "ضجيج", "x" * 5000], "user_id": ["a"] * 4})
    model = ranker().fit(strange, [1, 0, 1, 0])
    assert np.isfinite(logit(model.predict_proba(strange)[:, 1])).all()
    assert len(model.explain(strange)) == 4


def test_probabilities_mean_what_they_say(calls: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    rated, rest = calls.iloc[:300], calls.iloc[300:]

    def noisy(rows: pd.DataFrame) -> np.ndarray:
        truth = likes(rows, "sound", "film")
        return np.where(rng.random(len(rows)) < 0.15, 1 - truth, truth)

    model = ranker().fit(rated, noisy(rated), pool=calls)
    chance, said = model.predict_proba(rest)[:, 1], noisy(rest)
    assert abs(chance.mean() - said.mean()) < 0.08
    sure = chance > 0.7
    assert sure.sum() > 30
    assert abs(chance[sure].mean() - said[sure].mean()) < 0.12


def test_the_shortlist_holds_the_best(calls: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    import djlib.opportunities.ranker as module

    monkeypatch.setattr(module, "_SHORTLIST", 60)
    some = calls.iloc[:400].assign(user_id="ann")
    model = ranker().fit(some, np.abs(likes(some, "film") - likes(some, "residency")))
    points = model.encode(calls)
    assert len(model.shortlist(points, "ann")) == 60
    assert len(model.shortlist(points, "new")) == len(calls)
    by_logistic = np.argsort(-model.logistic_.of("ann").evaluate(points))[:20]
    assert set(by_logistic) <= set(model.shortlist(points, "ann"))


def test_where_nothing_reads_texts_the_words_rank(
    calls: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import djlib.opportunities.call_features as module

    monkeypatch.setattr(module, "embeddings_available", lambda _: "nothing is installed")
    some = calls.iloc[:60]
    without = OpportunityRanker(random_state=0).fit(some, likes(some, "sound"), pool=calls)
    assert not without.features_.reads_
    words = ranker().fit(some, likes(some, "sound"), pool=calls)
    assert np.array_equal(without.predict_proba(calls), words.predict_proba(calls))
    # A model made where texts were read is served where they cannot be.
    without.features_.reads_ = True
    without.features_.centre_ = np.ones(384, dtype=np.float32)
    points = without.encode(calls)
    assert points.meaning.shape == (len(calls), 384)
    assert not points.meaning.any()
    assert "nothing is installed: ranked without" in caplog.text
