"""The hybrid: every head saved and read, updated, refitted, and fed what libraries really hold."""

from __future__ import annotations

import json
import logging
import shutil
import zipfile
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from djlib.bucketing.catalogue import load_model, make_model
from djlib.bucketing.hybrid import HybridBucketAssigner
from djlib.bucketing.hybrid_heads import HEADS, LogisticHead
from djlib.errors import DjlibError, InputError, UsageError
from djlib.evaluation.splits import folds
from djlib.features.track_vectorizer import FIELDS, TrackVectorizer
from tests.bucketing.hybrids import FRESH, LABELS, TRACKS, fitted, hybrid, small_estimators
from tests.features.test_embeddings import Counting
from tests.features.test_track_columns import counting as counting
from tests.features.test_track_columns import missing as missing

pytestmark = pytest.mark.slow

ONE, SEVERAL = LABELS["one"], LABELS["several"]
WITH_ALL = [["all", *row] for row in SEVERAL]


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    with small_estimators():
        yield


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("head", HEADS)
def test_what_was_saved_answers_and_explains_the_same(head: str, kind: str, tmp_path: Path) -> None:
    model = fitted(head, kind)
    model.save(tmp_path)
    again = load_model(tmp_path)
    assert type(again) is HybridBucketAssigner
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(again.predict_proba(FRESH), model.predict_proba(FRESH))
    column = np.zeros(len(FRESH), dtype=int)
    for mine, theirs in zip(
        model.contributions(FRESH, column), again.contributions(FRESH, column), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(again.nearest(FRESH, 3)[0], model.nearest(FRESH, 3)[0])


def test_a_model_saved_before_there_was_a_class_bias_step_predicts_without(tmp_path: Path) -> None:
    model = fitted("logistic", "one")
    model.save(tmp_path)
    settings = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    assert len(settings.pop("leaning")["shifts"]) == len(model.classes_)
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    again = load_model(tmp_path)
    assert [name for name, _ in again.correction_.steps] == ["calibration", "novelty"]
    raw = model.correction_.calibration_.apply(model._votes(FRESH))
    expected = model.correction_.novelty_.apply(raw, model._novelty(FRESH))
    np.testing.assert_allclose(again.predict_proba(FRESH), expected)
    assert again.update(TRACKS, ONE).correction_.class_bias_ is None


def test_a_model_of_several_buckets_saved_before_there_was_a_novelty_step_predicts_without(
    tmp_path: Path,
) -> None:
    model = fitted("logistic", "several")
    model.save(tmp_path)
    settings = json.loads((tmp_path / "settings.json").read_text(encoding="utf-8"))
    assert len(settings["confidence"]["offset"]) == 4
    settings["confidence"] = None
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    again = load_model(tmp_path)
    raw = model.correction_.calibration_.apply(model._votes(FRESH))
    np.testing.assert_allclose(again.predict_proba(FRESH), raw)
    assert not np.allclose(model.predict_proba(FRESH), raw, atol=1e-3)
    assert again.update(TRACKS, SEVERAL).correction_.novelty_ is None


@pytest.mark.parametrize("head", ["logistic", "soft_vote"])
def test_reasons_add_up_to_the_votes_that_count(head: str) -> None:
    model = fitted(head, "one")
    bias = model.correction_.class_bias_
    assert bias is not None
    votes = np.log(bias.apply(model._votes(FRESH)))
    scores = np.empty_like(votes)
    for column in range(len(model.classes_)):
        base, parts = model.contributions(FRESH, np.full(len(FRESH), column))
        scores[:, column] = base + parts.sum(axis=1)
    for log_votes in (votes, scores):
        log_votes -= log_votes.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(scores, votes, atol=1e-3)
    assert np.ptp(bias.shifts) > 1e-3


@pytest.mark.parametrize("head", ["mlp", "xgboost", "random_forest"])
def test_a_bucket_that_holds_every_track_is_saved_too(head: str, tmp_path: Path) -> None:
    model = hybrid(head).fit(TRACKS, WITH_ALL)
    model.save(tmp_path)
    again = HybridBucketAssigner.load(tmp_path)
    np.testing.assert_array_equal(again.predict_proba(FRESH), model.predict_proba(FRESH))


def test_a_file_that_names_a_foreign_type_is_refused(tmp_path: Path) -> None:
    fitted("logistic", "one").save(tmp_path)
    parts = tmp_path / "parts.skops"
    with zipfile.ZipFile(parts) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    schema = held["schema.json"].decode()
    assert "LogisticHead" in schema
    held["schema.json"] = schema.replace("LogisticHead", "ForeignHead").encode()
    with zipfile.ZipFile(parts, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    with pytest.raises(Exception, match="ForeignHead"):
        HybridBucketAssigner.load(tmp_path)


def test_nothing_saved_is_a_pickle(tmp_path: Path) -> None:
    fitted("stack", "one").save(tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"settings.json", "vocabulary.json", "parts.skops", "labelled.parquet"}
    with zipfile.ZipFile(tmp_path / "parts.skops") as archive:
        assert {Path(name).suffix for name in archive.namelist()} <= {".json", ".npy", ".bin"}
    json.loads((tmp_path / "vocabulary.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", LABELS)
def test_an_update_learns_what_was_relabelled_and_keeps_the_rest(kind: str) -> None:
    model = fitted("logistic", kind)
    before = model.predict_proba(TRACKS)
    changed = [list(row) if isinstance(row, list) else row for row in LABELS[kind]]
    wrong = [0, 1, 2]
    for row in wrong:
        other = next(b for b in model.classes_ if b not in np.atleast_1d(changed[row]))
        changed[row] = [str(other)] if kind == "several" else str(other)
    updated = copy(model)
    assert updated.update(TRACKS, changed) is updated
    after = updated.predict_proba(TRACKS)
    for row in wrong:
        place = model.classes_.tolist().index(np.atleast_1d(changed[row])[0])
        assert after[row, place] > before[row, place] + 0.1
    kept = np.arange(len(TRACKS)) > 2
    assert (after.argmax(axis=1) == before.argmax(axis=1))[kept].mean() > 0.9
    np.testing.assert_array_equal(model.predict_proba(TRACKS), before)
    assert updated.columns_ is model.columns_
    assert updated.correction_ == model.correction_
    assert updated.labelled_["buckets"].tolist() == [
        "|".join(sorted(np.atleast_1d(row))) for row in changed
    ]


def test_an_update_takes_new_tracks_and_answers_nearly_as_a_full_training() -> None:
    half = hybrid().fit(TRACKS.head(60), ONE[:60])
    updated, full = half.update(TRACKS, ONE), fitted("logistic", "one")
    agree = (updated.predict(FRESH) == full.predict(FRESH)).mean()
    assert len(updated.labelled_) == len(TRACKS)
    assert agree > 0.7


@pytest.mark.parametrize(
    ("head", "y"),
    [
        ("logistic", ["brand new", *ONE[1:]]),
        ("logistic", SEVERAL),
        ("logistic", ["Late" if n % 2 else "Warm" for n in range(len(TRACKS))]),
        ("mlp", ONE),
    ],
    ids=["a new bucket", "several buckets now", "other buckets", "a head that cannot go on"],
)
def test_an_update_that_cannot_go_on_learns_from_the_start(head: str, y: list[Any]) -> None:
    updated = copy(fitted(head, "one")).update(TRACKS, y)
    anew = hybrid(head).fit(TRACKS, y)
    np.testing.assert_array_equal(updated.predict_proba(FRESH), anew.predict_proba(FRESH))
    assert updated.columns_ is not fitted(head, "one").columns_


@pytest.mark.parametrize("kind", LABELS)
def test_refits_never_see_the_labels_they_are_tested_on(kind: str) -> None:
    y = LABELS[kind]
    strata = pd.factorize(np.array(ONE))[0]
    splits = list(folds(TRACKS, strata, kind="stratified", n_folds=2))
    models = list(hybrid().refits(TRACKS, y, splits))
    assert len(models) == 2
    for (train, test), model in zip(splits, models, strict=True):
        hidden = list(y)
        for row in test:  # whatever is written there
            hidden[row] = y[train[row % len(train)]]
        (blind,) = hybrid().refits(TRACKS, hidden, [(train, test)])
        proba = model.predict_proba(TRACKS.iloc[test])
        assert proba.shape == (len(test), len(set(ONE)))
        np.testing.assert_array_equal(proba, blind.predict_proba(TRACKS.iloc[test]))
        assert blind.correction_ == model.correction_
        assert len(model.labelled_) == len(train)
        assert model.nearest(FRESH, 3)[0].max() < len(train)
        base, parts = model.contributions(FRESH, np.zeros(len(FRESH), dtype=int))
        assert np.isfinite(base + parts.sum(axis=1)).all()


def test_a_refit_answers_nearly_as_a_fit_of_the_same_rows() -> None:
    train, test = np.arange(60), np.arange(60, 90)
    (shared,) = hybrid().refits(TRACKS, ONE, [(train, test)])
    alone = hybrid().fit(TRACKS.iloc[train], ONE[:60])
    near = np.abs(shared.predict_proba(TRACKS.iloc[test]) - alone.predict_proba(TRACKS.iloc[test]))
    assert near.mean() < 0.05


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"head": "svm"}, "unknown head 'svm'; known: logistic, mlp"),
        ({"reduce": "tsne"}, "unknown reduction 'tsne'; known: pca, umap"),
    ],
)
def test_what_cannot_be_made_is_refused_before_any_work(
    settings: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HybridBucketAssigner, "_training_matrix", None)
    model = hybrid(**settings)
    with pytest.raises(UsageError, match=said):
        model.fit(TRACKS, ONE)
    with pytest.raises(UsageError, match=said):
        next(model.refits(TRACKS, ONE, [(np.arange(60), np.arange(60, 90))]))


def test_umap_without_the_extra_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "umap", None)
    with pytest.raises(DjlibError, match=r"needs umap-learn: pip install 'djlib\[umap\]'"):
        hybrid("random_forest", reduce="umap").fit(TRACKS, ONE)


@pytest.mark.parametrize("kind", LABELS)
def test_of_many_tracks_more_is_learned_than_the_strongest_directions_hold(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(model: HybridBucketAssigner) -> float:
        proba = np.clip(
            model.head_.votes(model.columns_.transform(TRACKS) @ model.head_.projection),
            1e-6,
            1 - 1e-6,
        )
        truth = np.array([[b in np.atleast_1d(row) for b in model.classes_] for row in y])
        return float(-np.log(np.where(truth, proba, 1 - proba)).mean())

    y = LABELS[kind]
    whole = hybrid().fit(TRACKS, y)
    monkeypatch.setattr("djlib.bucketing.principal_components._EXACT", 10)
    monkeypatch.setattr("djlib.bucketing.principal_components._MOST_OF_MANY", 2)
    continued = hybrid().fit(TRACKS, y)
    monkeypatch.setattr(LogisticHead, "partial_fit", lambda head, rows, truth, steps: head)
    kept_back = hybrid().fit(TRACKS, y)
    assert lost(continued) < 0.8 * lost(kept_back)
    assert lost(continued) < 1.3 * lost(whole)


def test_the_logistic_head_needs_no_reduction() -> None:
    plain, asked = fitted("logistic", "one"), hybrid(reduce="pca", n_components=2).fit(TRACKS, ONE)
    np.testing.assert_array_equal(plain.predict_proba(FRESH), asked.predict_proba(FRESH))


def test_names_in_the_catalogue_are_its_heads() -> None:
    assert make_model("hybrid").get_params()["head"] == "logistic"
    assert make_model("hybrid:stack", engine=None).get_params()["head"] == "stack"


def test_without_the_sentence_model_it_learns_and_says_so(
    missing: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        model = hybrid(engine="torch").fit(TRACKS, ONE)
        list(hybrid(engine="torch").refits(TRACKS, ONE, [(np.arange(60), np.arange(60, 90))]))
        model.predict(FRESH)
    assert len(caplog.records) == 1
    np.testing.assert_array_equal(
        model.predict_proba(FRESH), fitted("logistic", "one").predict_proba(FRESH)
    )
    model.save(tmp_path)
    assert HybridBucketAssigner.load(tmp_path).left_out == model.left_out != ""
    assert fitted("logistic", "one").left_out == ""


@pytest.mark.parametrize(
    ("n", "y"),
    [
        (5, ["a", "b", "a", "b", "a"]),
        (20, [f"b{n}" for n in range(20)]),
        (20, [[f"b{n}"] for n in range(20)]),
        (90, ["alone", *ONE[1:]]),
        (90, [["alone"], *SEVERAL[1:]]),
    ],
    ids=["5 tracks, 2 buckets", "a track a bucket", "and as lists", "one lonely", "lonely list"],
)
def test_few_tracks_give_modest_answers(n: int, y: list[Any]) -> None:
    model = hybrid().fit(TRACKS.head(n), y)
    proba = model.predict_proba(FRESH)
    assert np.isfinite(proba).all()
    assert len(model.predict_batch(FRESH)) == len(FRESH)
    if n <= 20:
        assert proba.max() < 0.95


def test_one_bucket_only_is_refused() -> None:
    with pytest.raises(InputError, match="only one bucket"):
        hybrid().fit(TRACKS, ["same"] * len(TRACKS))


def column(*cells: Any) -> pd.Series:
    return pd.Series((list(cells) * len(TRACKS))[: len(TRACKS)], dtype=object)


ODD = {
    "no artist": {"artist": ""},
    "endless titles": {"title": column("x " * 10_000, "long" * 5_000)},
    "endless words": {"title": column(" ".join(f"w{n}" for n in range(20_000)), "a")},
    "scripts": {"title": column("שלום", "🎧🔥", "e\u0301tude", "\u202eevil", "ß", "\x00\x1f")},
    "broken signs": {name: column("\udc80", "\ud83d ok") for name in
                     ("artist", "title", "album", "label", "genres", "key", "date_added", "bpm")},
    "numbers as text": {"bpm": column("128,00", "fast", "NaN", "1e400", "-5", "١٢٨", "inf")},
    "other kinds": {"title": column(True, 1, 2.5, None, pd.NA, b"bytes", ["list"]), "artist": 1.5},
    "rubbish dates": {"date_added": column("soon", "9999-99-99", "1904-01-01", 12345, None)},
    "timestamps": {"date_added": pd.Timestamp("2021-01-01", tz="UTC")},
    "separators": {"artist": column("&", "feat.", ",,;;", "(", "\x1f"), "genres": ";;;"},
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_cells_are_learned_from_answered_and_saved(odd: dict[str, Any], tmp_path: Path) -> None:
    tracks = TRACKS.astype(object).assign(**odd)
    model = hybrid().fit(tracks, ONE)
    proba = model.predict_proba(tracks)
    assert np.isfinite(proba).all()
    assert np.isfinite(fitted("logistic", "one").predict_proba(tracks)).all()
    model.save(tmp_path)
    again = HybridBucketAssigner.load(tmp_path)
    np.testing.assert_array_equal(again.predict_proba(tracks), proba)


@pytest.mark.parametrize("empty", [None, np.nan, ""])
def test_nothing_known_of_any_track_is_the_base_rates(empty: Any, tmp_path: Path) -> None:
    tracks = pd.DataFrame({name: [empty] * len(TRACKS) for name in TRACKS.columns})
    model = hybrid().fit(tracks, ONE)
    proba = model.predict_proba(tracks)
    shares = pd.Series(ONE).value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(proba[0], shares, atol=0.05)
    model.save(tmp_path)
    assert len(HybridBucketAssigner.load(tmp_path).labelled_) == len(TRACKS)


def test_the_same_track_many_times_in_two_buckets_is_a_coin_toss() -> None:
    twins = pd.concat([TRACKS.head(1)] * 60, ignore_index=True)
    proba = hybrid().fit(twins, ["a", "b"] * 30).predict_proba(twins.head(1))
    np.testing.assert_allclose(proba, 0.5, atol=0.1)


def test_a_folder_that_lacks_a_part_is_no_model(tmp_path: Path) -> None:
    fitted("logistic", "one").save(tmp_path / "whole")
    for part in ("vocabulary.json", "parts.skops", "labelled.parquet"):
        shutil.copytree(tmp_path / "whole", tmp_path / part)
        (tmp_path / part / part).unlink()
        with pytest.raises((FileNotFoundError, DjlibError)):
            load_model(tmp_path / part)


def test_sentences_count_are_embedded_once_and_saved_by_no_weight(
    tmp_path: Path, counting: Counting
) -> None:
    cache = str(tmp_path / "cache")
    model = hybrid(engine="torch", cache=cache).fit(TRACKS, ONE)
    asked = len(counting.asked)
    assert 0 < asked <= len(TRACKS) + len(model.classes_), "tracks and names of buckets"
    again = hybrid(engine="torch", cache=cache).fit(TRACKS, ONE)
    assert len(counting.asked) == asked
    proba = model.predict_proba(FRESH)
    np.testing.assert_array_equal(again.predict_proba(FRESH), proba)
    assert not np.array_equal(fitted("logistic", "one").predict_proba(FRESH), proba)
    model.save(tmp_path / "model")
    loaded = HybridBucketAssigner.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(FRESH), proba)
    np.testing.assert_array_equal(loaded.nearest(FRESH, 2)[0], model.nearest(FRESH, 2)[0])
    _, parts = model.contributions(FRESH, np.zeros(len(FRESH), dtype=int))
    assert np.abs(parts[:, FIELDS.index("sentence")]).max() > 1e-3


def test_terms_that_a_fold_did_not_learn_are_masked_in_its_test_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    n_masked: list[int] = []
    mask_unseen = TrackVectorizer.mask_unseen

    def watched(self: TrackVectorizer, rows: Any, learned: Any) -> Any:
        masked = mask_unseen(self, rows, learned)
        n_masked.append(rows.nnz - masked.nnz)
        return masked

    monkeypatch.setattr(TrackVectorizer, "mask_unseen", watched)
    hybrid().fit(TRACKS, ONE)
    assert len(n_masked) == 12  # eight folds that measure, four that hide buckets
    assert min(n_masked) > 0


def dated(days: list[str], genres: list[str]) -> pd.DataFrame:
    titles = [f"{('dawn', 'river', 'stone')[i % 3]} {i}" for i in range(len(days))]
    return pd.DataFrame({"title": titles, "date_added": days, "genres": genres})


def test_a_day_behind_everything_learned_counts_half() -> None:
    days = [f"2021-{month:02}-15" for month in range(1, 11) for _ in range(12)]
    y = ["early" if day < "2021-06" else "late" for day in days]
    model = hybrid().fit(dated(days, [""] * 120), y)
    asked = dated(["2021-10-15", "2021-12-15"], ["", ""]).assign(title="unheard")
    bias = model.correction_.class_bias_
    votes = bias.apply(model._votes(asked))[:, 1]
    hidden = bias.apply(model._votes(asked.assign(date_added="")))[0, 1]
    assert votes[0] > votes[1] > hidden
    places = logit(votes[1]), logit(hidden)
    shown = model.columns_.transform(asked) @ model.head_.projection
    full = logit(bias.apply(model.head_.votes(shown))[1, 1])
    assert places[0] == pytest.approx((full + places[1]) / 2, abs=1e-3)
    _, parts = model.contributions(asked, np.array([1, 1]))
    assert parts[1, FIELDS.index("date_added")] < parts[0, FIELDS.index("date_added")]


def test_a_library_that_moves_on_makes_confidence_of_later_tracks_modest() -> None:
    rng = np.random.default_rng(0)
    days = [f"2021-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 21)]
    steady, moving = rng.integers(0, 2, 240), np.arange(240) // 20
    genres = [("Techno", "Samba")[i] for i in steady]
    later = dated(["2022-02-01"] * 2, ["Techno", "Samba"])
    still = hybrid().fit(dated(days, genres), [("Peak", "Warm")[i] for i in steady])
    moved = hybrid().fit(
        dated(days, genres),
        [f"{('Peak', 'Warm')[i]} {m // 2}" for i, m in zip(steady, moving, strict=True)],
    )
    assert still.predict_proba(later).max(axis=1).min() > 0.9
    known = moved.predict_proba(later.assign(date_added=days[-1])).max(axis=1)
    assert (moved.predict_proba(later).max(axis=1) < known - 0.1).all()
    assert moved.correction_.novelty_.weights[2] < -1


def test_with_several_buckets_a_library_that_moves_on_makes_it_modest_too() -> None:
    days = [f"2021-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 21)]
    genres = ["Techno", "Samba"] * 120
    gigs = [[genre, f"gig {n // 40}"] for n, genre in enumerate(genres)]
    lengths = [[genre, ("Long", "Short")[n % 3 == 0]] for n, genre in enumerate(genres)]
    moved, still = (hybrid().fit(dated(days, genres), several) for several in (gigs, lengths))
    assert moved.correction_.novelty_.steepness[3] < -0.5
    assert still.correction_.novelty_.steepness[3] > -0.2
    asked = dated([days[119], "2022-02-01"], ["Techno", "Techno"])
    sure = np.abs(logit(moved.predict_proba(asked))).mean(axis=1)
    assert sure[1] < sure[0] / 2


def test_without_dates_among_the_columns_later_tracks_are_asked_about_all_the_same() -> None:
    model = hybrid(use_dates=False).fit(TRACKS, ONE)
    assert model.columns_.joined.dates_ is None
    assert abs(model.correction_.novelty_.weights[2]) > 0.02
    plain = hybrid().fit(TRACKS.drop(columns="date_added"), ONE)
    assert plain.correction_.novelty_.weights[2] == pytest.approx(0, abs=1e-4)
