"""One list of checks that every bucket model passes; a new model adds one line to MODELS."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from djlib.bucketing.baselines import (
    ArtistAssigner,
    GenreAssigner,
    MajorityAssigner,
    TextAssigner,
)
from djlib.bucketing.calibration import out_of_fold
from djlib.bucketing.hybrid import HybridBucketAssigner
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.bucketing.umap_shape import UmapShape
from djlib.errors import InputError
from djlib.features.columns import TabularFeatures
from djlib.features.track_vectorizer import TrackVectorizer
from djlib.synthetic.tables import synthetic_library

pytestmark = pytest.mark.slow

MODELS: dict[str, Callable[..., Any]] = {
    "simple_ml": lambda **kw: SimpleMLBucketAssigner(
        **{"n_estimators": 12, "random_state": 0} | kw
    ),
    "hybrid": lambda n_estimators=0, n_jobs=None, **kw: HybridBucketAssigner(
        **{"engine": None, "random_state": 0} | kw
    ),
}
TRACKS = synthetic_library(160, buckets=4, seed=21, multi=0.5)
FRESH = synthetic_library(40, buckets=4, seed=22)
ONE = TRACKS["bucket"].tolist()
SEVERAL = [cell.split("|") for cell in TRACKS["buckets"]]

make_models = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
label_kinds = pytest.mark.parametrize("y", [ONE, SEVERAL], ids=["one bucket", "several buckets"])
_FITTED: dict[tuple[int, int], Any] = {}


def fitted(make: Callable[..., Any], y: list[Any]) -> Any:
    """The model fitted on TRACKS; fitted once, as no check may change it."""
    key = (id(make), id(y))
    if key not in _FITTED:
        _FITTED[key] = make().fit(TRACKS, y)
    return _FITTED[key]


@pytest.fixture(autouse=True)
def _few_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out_of_fold, "N_FOLDS", 2)


def same(left: Any, right: Any) -> bool:
    return [list(a) for a in left] == [list(b) for b in right]


@make_models
@label_kinds
def test_classes_are_the_buckets_in_order(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    assert model.classes_.tolist() == sorted(set(ONE))
    assert model.is_multi_ is (y is SEVERAL)


@make_models
@label_kinds
def test_probabilities_are_probabilities(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    proba = model.predict_proba(FRESH)
    assert proba.shape == (len(FRESH), len(model.classes_))
    assert ((proba >= 0) & (proba <= 1)).all()
    if not model.is_multi_:
        np.testing.assert_allclose(proba.sum(axis=1), 1)


@make_models
@label_kinds
def test_the_answer_is_the_most_probable_bucket(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    first = model.classes_[model.predict_proba(FRESH).argmax(axis=1)]
    answers = model.predict(FRESH)
    assert answers.shape == (len(FRESH),)
    assert [a[0] if model.is_multi_ else a for a in answers] == first.tolist()


@make_models
@label_kinds
def test_it_learns(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    first = model.classes_[model.predict_proba(FRESH).argmax(axis=1)]
    assert (first == FRESH["bucket"]).mean() > 0.5


@make_models
@label_kinds
def test_the_callers_table_and_labels_are_not_changed(
    make: Callable[..., Any], y: list[Any]
) -> None:
    tracks, labels = TRACKS.copy(deep=True), [list(row) for row in y]
    model = make(n_estimators=3).fit(tracks, y)
    model.predict_proba(tracks)
    model.predict(tracks)
    model.predict_batch(tracks)
    pd.testing.assert_frame_equal(tracks, TRACKS)
    assert [list(row) for row in y] == labels


@make_models
@label_kinds
def test_the_same_seed_gives_the_same_answers(make: Callable[..., Any], y: list[Any]) -> None:
    again = make().fit(TRACKS, y).predict_proba(FRESH)
    np.testing.assert_array_equal(fitted(make, y).predict_proba(FRESH), again)
    other = make(random_state=1).fit(TRACKS, y).predict_proba(FRESH)
    assert not np.array_equal(again, other)


@make_models
def test_cores_change_no_answer(make: Callable[..., Any]) -> None:
    proba = make(n_jobs=2).fit(TRACKS, ONE).predict_proba(FRESH)
    np.testing.assert_allclose(proba, fitted(make, ONE).predict_proba(FRESH), atol=1e-12)


@make_models
@label_kinds
def test_what_was_saved_answers_the_same(
    make: Callable[..., Any], y: list[Any], tmp_path: Path
) -> None:
    model = fitted(make, y)
    model.save(tmp_path / "deep" / "model")
    loaded = type(model).load(tmp_path / "deep" / "model")
    np.testing.assert_array_equal(loaded.predict_proba(FRESH), model.predict_proba(FRESH))
    pd.testing.assert_frame_equal(loaded.predict_batch(FRESH), model.predict_batch(FRESH))
    pd.testing.assert_frame_equal(loaded.labelled_, model.labelled_)
    assert loaded.get_params() == model.get_params()
    assert loaded.classes_.tolist() == model.classes_.tolist()


@make_models
def test_settings_travel_by_clone(make: Callable[..., Any]) -> None:
    model = make(random_state=7)
    assert clone(model).get_params() == model.get_params()
    assert clone(model).set_params(random_state=8).get_params()["random_state"] == 8
    with pytest.raises(NotFittedError):
        clone(fitted(make, ONE)).predict(FRESH)


@make_models
def test_an_untrained_model_says_so(make: Callable[..., Any], tmp_path: Path) -> None:
    for ask in ("predict", "predict_proba", "predict_batch"):
        with pytest.raises(NotFittedError):
            getattr(make(), ask)(FRESH)
    with pytest.raises(NotFittedError):
        make().predict({"bpm": 120})
    with pytest.raises(NotFittedError):
        make().save(tmp_path)


@make_models
@label_kinds
def test_fitting_again_forgets_what_was_before(make: Callable[..., Any], y: list[Any]) -> None:
    other = SEVERAL if y is ONE else ONE
    again = make().fit(TRACKS.head(100), other[:100]).fit(TRACKS, y)
    np.testing.assert_array_equal(again.predict_proba(FRESH), fitted(make, y).predict_proba(FRESH))


@make_models
@label_kinds
def test_columns_may_be_missing(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    for bare in (FRESH[["track_id"]], FRESH[["track_id", "bpm"]], FRESH[["genres"]]):
        assert np.isfinite(model.predict_proba(bare)).all()
    blind = make(n_estimators=3).fit(TRACKS[["track_id"]], y)
    assert np.isfinite(blind.predict_proba(FRESH)).all()


@make_models
@label_kinds
def test_values_may_be_missing_unseen_or_odd(make: Callable[..., Any], y: list[Any]) -> None:
    odd = pd.DataFrame(
        {
            "track_id": list("abcdef"),
            "artist": ["NA", "null", "-", None, "", "Robyn"],
            "title": ["NA", "null", "-", None, "", "x" * 5000],
            "genres": ["Polka", None, "-", np.nan, "null", ";;"],
            "bpm": ["0.00", "128,00", "fast", None, "", "1e9"],
            "key": ["8A - 6", "off", None, "-", "", "Hbbm"],
        }
    )
    proba = fitted(make, y).predict_proba(odd)
    assert np.isfinite(proba).all()
    learned = make(n_estimators=3).fit(pd.concat([TRACKS.astype(object), odd]), [*y, *y[:6]])
    assert np.isfinite(learned.predict_proba(odd)).all()


@make_models
@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("bpm", "128,00", 128.0),
        ("bpm", "0.00", np.nan),
        ("key", "8A - 6", "Am"),
        ("key", "1m", "8A"),
    ],
)
def test_values_mean_the_same_however_written(
    make: Callable[..., Any], field: str, written: Any, meant: Any
) -> None:
    model = fitted(make, ONE)
    as_text, as_meant = FRESH.assign(**{field: written}), FRESH.assign(**{field: meant})
    np.testing.assert_array_equal(model.predict_proba(as_text), model.predict_proba(as_meant))


@make_models
def test_tempo_as_text_is_learned_from_and_saved(make: Callable[..., Any], tmp_path: Path) -> None:
    text = TRACKS["bpm"].map("{:.2f}".format).str.replace(".", ",").replace("nan", "")
    mixed = text.astype(object)
    mixed.iloc[0] = float(TRACKS["bpm"].iloc[0])
    expected = fitted(make, ONE).predict_proba(FRESH)
    for bpm in (text, mixed):
        model = make().fit(TRACKS.assign(bpm=bpm), ONE)
        np.testing.assert_allclose(model.predict_proba(FRESH), expected)
        model.save(tmp_path)
        pd.testing.assert_frame_equal(type(model).load(tmp_path).labelled_, model.labelled_)


@make_models
@pytest.mark.parametrize(
    "form", [pd.Series, np.array, tuple, iter, lambda y: pd.Series(y, index=range(160, 0, -1))]
)
def test_labels_in_any_container(make: Callable[..., Any], form: Callable[[Any], Any]) -> None:
    model = make().fit(TRACKS, form(ONE))
    np.testing.assert_array_equal(
        model.predict_proba(FRESH), fitted(make, ONE).predict_proba(FRESH)
    )


@make_models
@pytest.mark.parametrize("form", [tuple, set, np.array])
def test_lists_of_buckets_in_any_container(make: Callable[..., Any], form: Any) -> None:
    model = make().fit(TRACKS, pd.Series([form(row) for row in SEVERAL]))
    np.testing.assert_array_equal(
        model.predict_proba(FRESH), fitted(make, SEVERAL).predict_proba(FRESH)
    )


@make_models
@label_kinds
def test_order_and_index_mean_nothing(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    expected = model.predict_proba(FRESH)
    other = FRESH[FRESH.columns[::-1]].set_axis([3] * len(FRESH))
    np.testing.assert_array_equal(model.predict_proba(other), expected)
    np.testing.assert_array_equal(model.predict_proba(FRESH[::-1]), expected[::-1])
    relabelled = make().fit(TRACKS[TRACKS.columns[::-1]].set_axis([3] * len(TRACKS)), y)
    np.testing.assert_array_equal(relabelled.predict_proba(FRESH), expected)


@make_models
@label_kinds
def test_a_row_alone_is_answered_as_among_others(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    rows = np.vstack([model.predict_proba(FRESH.iloc[[i]]) for i in range(5)])
    np.testing.assert_allclose(rows, model.predict_proba(FRESH.head(5)), atol=1e-12)


@make_models
@label_kinds
def test_one_track_is_asked_as_a_mapping(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    expected = model.predict(FRESH)
    for i in range(3):
        for track in (FRESH.iloc[i].to_dict(), FRESH.iloc[i]):
            assert same([model.predict(track)], [expected[i]])
    assert model.predict({}) is not None


@make_models
@label_kinds
def test_an_empty_table_gets_an_empty_answer(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    for empty in (FRESH.head(0), pd.DataFrame()):
        assert model.predict_proba(empty).shape == (0, len(model.classes_))
        assert model.predict(empty).shape == (0,)
        table = model.predict_batch(empty)
        assert len(table) == 0
        assert table.columns.tolist() == model.predict_batch(FRESH).columns.tolist()


@make_models
@label_kinds
def test_a_batch_ranks_the_choices(make: Callable[..., Any], y: list[Any]) -> None:
    model = fitted(make, y)
    table, proba = model.predict_batch(FRESH, top=4), model.predict_proba(FRESH)
    ranked = table[[f"probability_{r}" for r in (1, 2, 3, 4)]].to_numpy()
    np.testing.assert_array_equal(ranked, -np.sort(-proba, axis=1))
    for row in range(len(FRESH)):
        places = [model.classes_.tolist().index(table[f"bucket_{r}"][row]) for r in (1, 2, 3, 4)]
        np.testing.assert_array_equal(proba[row, places], ranked[row])
    assert table["predicted_bucket"].str.split("|").str[0].tolist() == table["bucket_1"].tolist()


@make_models
def test_fewer_buckets_than_places_leave_places_empty(make: Callable[..., Any]) -> None:
    model = make().fit(TRACKS, np.where(TRACKS["bpm"] > 120, "fast", "slow"))
    table = model.predict_batch(FRESH)
    assert (table["bucket_3"] == "").all()
    assert table["probability_3"].isna().all()


@make_models
def test_two_tracks_a_bucket_are_enough_to_answer(make: Callable[..., Any]) -> None:
    four = pd.DataFrame({"track_id": list("abcd"), "bpm": [90.0, 91.0, 174.0, 175.0]})
    model = make().fit(four, ["slow", "slow", "fast", "fast"])
    np.testing.assert_allclose(model.predict_proba(four).sum(axis=1), 1)


@make_models
@pytest.mark.parametrize("seed", range(4))
def test_a_model_of_one_part_on_two_tracks_still_answers(
    make: Callable[..., Any], seed: int
) -> None:
    model = make(n_estimators=1, random_state=seed).fit(TRACKS.head(2), ["a", "b"])
    proba = model.predict_proba(FRESH)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert proba.max() < 0.9  # two tracks prove nothing


@make_models
@pytest.mark.parametrize("name", ["A everything", "zz everything"])
def test_a_bucket_that_holds_every_track_is_given_to_all(
    make: Callable[..., Any], name: str
) -> None:
    model = make().fit(TRACKS, [[name, *row] for row in SEVERAL])
    place = model.classes_.tolist().index(name)
    assert (model.predict_proba(FRESH)[:, place] > 0.95).all()
    assert all(name in answer for answer in model.predict(FRESH))


@make_models
@pytest.mark.parametrize(
    ("y", "complaint"),
    [
        (["a"] * 160, "only one bucket"),
        ([["a"]] * 160, "only one bucket"),
        (["a", "b"], "160 tracks but 2 labels"),
        (["a", ""] * 80, "row 1 has no bucket"),
        (["a", np.nan] * 80, "row 1 has no bucket"),
        ([], "no labelled tracks"),
    ],
)
def test_labels_nothing_can_be_learned_from_are_refused(
    make: Callable[..., Any], y: list[Any], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        make().fit(TRACKS, y)


@make_models
def test_it_remembers_what_it_learned_from(make: Callable[..., Any]) -> None:
    known = fitted(make, SEVERAL).labelled_
    assert known["track_id"].tolist() == TRACKS["track_id"].tolist()
    assert [set(cell.split("|")) for cell in known["buckets"]] == [set(row) for row in SEVERAL]
    nameless = make(n_estimators=3).fit(TRACKS[["bpm"]], ONE).labelled_
    assert nameless["track_id"].is_unique


@make_models
def test_fit_and_update_change_the_model_and_give_it_back(make: Callable[..., Any]) -> None:
    model = make(n_estimators=3)
    assert model.fit(TRACKS.head(100), ONE[:100]) is model
    assert model.update(TRACKS, ONE) is model
    assert len(model.labelled_) == len(TRACKS)


@make_models
@label_kinds
def test_a_copy_made_before_an_update_stays_as_it_was(
    make: Callable[..., Any], y: list[Any]
) -> None:
    model = fitted(make, y)
    before = model.predict_proba(FRESH)
    copy(model).update(TRACKS.head(100), y[:100])
    np.testing.assert_array_equal(model.predict_proba(FRESH), before)
    assert len(model.labelled_) == len(TRACKS)


ESTIMATORS = (
    HybridBucketAssigner,
    SimpleMLBucketAssigner,
    MajorityAssigner,
    GenreAssigner,
    ArtistAssigner,
    TextAssigner,
    TrackVectorizer,
    TabularFeatures,
    UmapShape,
)
_PARAMETER = re.compile(r"^ {4}(\w+) : ((?:.|\n {8})+)$", re.MULTILINE)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_parameters_are_documented_with_type_and_default(estimator: type) -> None:
    section = re.search(r"Parameters\n    -+\n(.*?)\n\n", estimator.__doc__ or "", re.DOTALL)
    assert section, "no section Parameters"
    documented = dict(_PARAMETER.findall(section[1]))
    parameters = dict(inspect.signature(estimator).parameters)
    assert list(documented) == list(parameters)
    for name, parameter in parameters.items():
        kind = str(parameter.annotation).replace(" | ", " or ")
        default = parameter.default
        shown = f'"{default}"' if isinstance(default, str) else str(default)
        words = " ".join(documented[name].split())
        assert words.startswith(f"{kind}, "), name
        assert words.endswith(f"(default {shown})."), name


@pytest.mark.parametrize("estimator", ESTIMATORS[:-1])
def test_parameters_go_round_and_the_constructor_only_stores_them(estimator: type) -> None:
    parameters = {name: object() for name in inspect.signature(estimator).parameters}
    model: Any = estimator(**parameters)
    assert model.get_params(deep=False) == parameters
    assert vars(model) == parameters
