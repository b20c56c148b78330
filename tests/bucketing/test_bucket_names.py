"""A bucket's name teaches what it says, gives way to tracks, and never breaks anything."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest

from djlib import HybridBucketAssigner

TITLES = [f"{word} {i}" for i in range(10) for word in ("dawn", "river", "stone", "glass")]
TEMPO = [124.0, 124.5, 125.0, 125.5] * 10


def library(genres: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"title": TITLES, "bpm": TEMPO, "genres": genres})


def fitted(tracks: pd.DataFrame, y: list[Any]) -> HybridBucketAssigner:
    return HybridBucketAssigner(engine=None, random_state=0).fit(tracks, y)


def asked(genre: str) -> pd.DataFrame:
    return pd.DataFrame({"title": ["unheard"], "bpm": [124.7], "genres": [genre]})


def test_a_genre_no_track_had_leads_to_the_bucket_of_that_name() -> None:
    y = ["Crates / Techno", "Crates / Samba"] * 20
    model = fitted(library([""] * 40), y)
    for genre in ("Techno", "Samba"):
        assert model.predict(asked(genre).iloc[0]) == f"Crates / {genre}"
    plain = fitted(library([""] * 40), ["one", "two"] * 20).predict_proba(asked("Techno"))
    named = model.predict_proba(asked("Techno"))
    assert named.max() > plain.max() + 0.02


def test_tracks_that_contradict_a_name_win() -> None:
    y = ["Techno", "Samba"] * 20
    model = fitted(library(["Samba", "Techno"] * 20), y)
    assert model.predict(asked("Samba").iloc[0]) == "Techno"
    assert model.predict_proba(asked("Samba")).max() > 0.75


@pytest.mark.parametrize(
    "names",
    [("1", "2"), ("🔥", "💧"), ("-", "/"), ("a" * 20_000, "b"), ("東京", "大阪"), ("NA", "null")],
)
def test_names_that_say_nothing_or_are_odd_change_little(names: tuple[str, str]) -> None:
    tracks, first = library(["Techno", "Samba"] * 20), np.array([True, False] * 20)
    y = np.where(first, *names).tolist()
    model = fitted(tracks, y)
    plain = fitted(tracks, np.where(first, "x", "y").tolist())
    at = list(model.classes_).index(names[0])
    np.testing.assert_allclose(
        model.predict_proba(tracks)[:, at], plain.predict_proba(tracks)[:, 0], atol=0.03
    )


def test_names_count_for_several_buckets_a_track_and_in_an_update() -> None:
    y = [["Techno"], ["Samba"], ["Techno", "Late"], ["Samba"]] * 10
    tracks = library([""] * 40)
    model = fitted(tracks, y)
    techno, samba = (list(model.classes_).index(name) for name in ("Techno", "Samba"))
    for one in (model, copy(model).update(tracks, y)):
        proba = one.predict_proba(asked("Techno"))[0]
        assert proba[techno] > proba[samba]


def test_names_are_no_tracks() -> None:
    model = fitted(library(["Techno", "Samba"] * 20), ["Techno", "Samba"] * 20)
    assert len(model.labelled_) == len(TITLES)
    assert model.nearest(asked("Techno"), 60)[0].max() < len(TITLES)
