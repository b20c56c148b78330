"""What a model said of tracks it had not learned from, and what it knew of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing import out_of_sample
from djlib.bucketing.labels import Labels, encode
from djlib.bucketing.out_of_sample import Familiarity, Heard
from djlib.evaluation.splits import artist_groups
from djlib.tables.synthetic import synthetic_library

TRACKS = synthetic_library(120, buckets=4, seed=8)
LABELS = encode(TRACKS["bucket"])


class Asked:
    """Answers at random and remembers every fold."""

    def __init__(self, labels: Labels = LABELS) -> None:
        self.folds: list[tuple[np.ndarray, np.ndarray]] = []
        self._width = labels.truth.shape[1]

    def __call__(self, train: np.ndarray, test: np.ndarray) -> np.ndarray:
        self.folds.append((train, test))
        votes = np.random.default_rng(len(self.folds)).random((len(test), self._width))
        return votes / votes.sum(axis=1, keepdims=True)


def heard(labels: Labels = LABELS, tracks: pd.DataFrame = TRACKS) -> tuple[Heard, Asked]:
    asked = Asked(labels)
    return Heard.from_folds(asked, tracks, labels, 0), asked


def test_every_track_is_answered_once_by_folds_that_did_not_learn_it() -> None:
    found, asked = heard()
    assert np.isfinite(found.drawn).all()
    assert np.isfinite(found.by_artist).all()
    for train, test in asked.folds:
        assert not set(train) & set(test)
    assert sorted(np.concatenate([test for _, test in asked.folds]).tolist()) == sorted(
        2 * list(range(120))
    )


def test_the_facts_are_those_of_the_fold() -> None:
    found, asked = heard()
    for kind, facts in ((asked.folds[:5], found.drawn_facts), (asked.folds[5:], found.by_artist_facts)):  # noqa: E501  # fmt: skip
        for train, test in kind:
            known = Familiarity.of(TRACKS.iloc[train]).facts(TRACKS.iloc[test])
            np.testing.assert_array_equal(facts[test], known)
    assert found.drawn_facts[:, 0].mean() > 0.2
    assert (found.by_artist_facts == 0).all()


def test_past_plenty_no_fold_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out_of_sample, "_PLENTY", 40)
    found, asked = heard()
    assert len(asked.folds) < 6
    for votes in (found.drawn, found.by_artist):
        n_answered = np.isfinite(votes).all(axis=1).sum()
        assert 40 <= n_answered < 120


def test_several_buckets_a_track_need_no_folds_by_artist() -> None:
    found, asked = heard(encode([cell.split("|") + ["all"] for cell in TRACKS["bucket"]]))
    assert len(asked.folds) == 5
    np.testing.assert_array_equal(found.drawn, found.by_artist)


def test_a_track_a_bucket_cannot_be_asked_and_corrects_nothing() -> None:
    tracks = TRACKS.head(6)
    labels = encode([f"b{n}" for n in range(6)])
    found, asked = heard(labels, tracks)
    assert asked.folds == []
    assert np.isnan(found.drawn).all()


def test_names_are_known_by_lead_artist_and_song() -> None:
    known = Familiarity.of(pd.DataFrame({"artist": ["Robyn feat. X"], "title": ["Be Mine"]}))
    asked = pd.DataFrame(
        {
            "artist": ["ROBYN", "Robyn feat. X", "", ""],
            "title": ["Honey", "be  mine", "Robyn - Konichiwa", "Be Mine"],
        }
    )
    assert known.facts(asked).tolist() == [[1, 0], [1, 1], [1, 0], [0, 0]]
    assert known.facts(asked.head(0)).shape == (0, 2)


def test_tracks_without_names_are_strangers() -> None:
    nameless = pd.DataFrame({"bpm": [120.0, 121.0]})
    assert (Familiarity.of(TRACKS).facts(nameless) == 0).all()
    assert set(artist_groups(nameless)) == {"\x000", "\x001"}


def test_what_buckets_lack_is_learned_and_set_right_in_both_kinds_of_folds() -> None:
    votes = np.tile([0.6, 0.2, 0.1, 0.1], (120, 1))
    found = Heard(votes, np.ones((120, 2)), np.full((120, 4), np.nan), np.zeros((120, 2)))
    leaning = found.leaning(LABELS.truth)
    assert leaning.shifts[0] == min(leaning.shifts)
    shifted = found.shifted(leaning)
    assert shifted.drawn[0].argmax() == LABELS.truth.sum(axis=0).argmax() != votes[0].argmax()
    assert np.isnan(shifted.by_artist).all()
    np.testing.assert_array_equal(shifted.drawn_facts, found.drawn_facts)
