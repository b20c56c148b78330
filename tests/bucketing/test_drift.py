from __future__ import annotations

import numpy as np
import pandas as pd

from djlib.bucketing.analysis.drift import FEWEST, FieldDrift, confidence_drift, field_drift

DAYS = np.repeat(np.arange(80), 5)
RECENT = DAYS >= 50


def library(seed: int = 0) -> pd.DataFrame:
    """400 tracks on 80 days, in which nothing changes."""
    rng = np.random.default_rng(seed)
    n = len(DAYS)
    return pd.DataFrame(
        {
            "artist": [f"Artist {a}" for a in rng.integers(0, 60, n)],
            "title": "Song",
            "genres": rng.choice(["House", "Techno; House", "Disco", ""], n),
            "bpm": rng.normal(124, 4, n),
            "key": rng.choice(["8A", "9A", "Am", "off"], n),
            "year": rng.integers(2000, 2020, n).astype(float),
        }
    )


def fields(tracks: pd.DataFrame, seed: int = 0) -> dict[str, FieldDrift]:
    return {found.field: found for found in field_drift(tracks, DAYS, RECENT, seed=seed)}


def test_nothing_drifts_where_nothing_changes() -> None:
    found = [f.verdict for seed in range(6) for f in fields(library(seed), seed).values()]
    assert len(found) == 30
    assert found.count("drifted") <= 1


def test_each_field_that_changes_is_named_with_what_moved() -> None:
    tracks = library(1)
    tracks.loc[RECENT, "genres"] = "Drum & Bass"
    tracks.loc[RECENT, "artist"] = [f"Newcomer {n}" for n in range(RECENT.sum())]
    found = fields(tracks)
    assert {name for name, f in found.items() if f.verdict == "drifted"} == {
        "genre", "new artists",
    }  # fmt: skip
    assert found["genre"].moved[0].value == "drum & bass"
    assert (found["genre"].moved[0].before, found["genre"].moved[0].since) == (0, 1)
    assert found["genre"].distance == 1.0
    assert found["new artists"].moved[0].since == 1.0


def test_a_tempo_counted_at_half_speed_is_no_drift() -> None:
    tracks = library()
    tracks.loc[RECENT, "bpm"] /= 2
    assert fields(tracks)["tempo"].verdict == "cannot tell"


def test_a_sure_but_small_move_is_called_small() -> None:
    days = np.repeat(np.arange(400), 20)
    recent = days >= 200
    sharp = np.random.default_rng(0).random(len(days)) < np.where(recent, 0.46, 0.54)
    found = field_drift(pd.DataFrame({"key": np.where(sharp, "8A", "8B")}), days, recent)
    assert [(f.field, f.verdict) for f in found] == [("key", "hardly")]


def test_under_the_floor_nothing_is_said() -> None:
    tracks = library()
    tracks.loc[np.flatnonzero(RECENT)[FEWEST - 1 :], "genres"] = ""
    genre = fields(tracks.assign(genres=tracks["genres"].mask(RECENT, "")))["genre"]
    assert (genre.n_since, genre.psi, genre.verdict) == (0, None, "cannot tell")
    assert fields(tracks)["genre"].p_value is None


def test_fields_that_are_not_there_are_left_out() -> None:
    assert fields(library()[["bpm"]]).keys() == {"tempo"}
    assert fields(library().assign(bpm=124.0, key="", year=np.nan)).keys() == {
        "genre", "new artists",
    }  # fmt: skip


def test_falling_confidence_is_told_from_chance() -> None:
    rng = np.random.default_rng(0)
    same = rng.random(len(DAYS))
    lower = np.where(RECENT, same * 0.6, same)
    found = [confidence_drift(c, DAYS, RECENT) for c in (same, lower, 1 - lower)]
    assert [f.verdict for f in found if f] == ["cannot tell", "falls", "rises"]
    few = DAYS >= 75
    assert confidence_drift(same, DAYS, few) is None
