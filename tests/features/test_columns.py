from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from djlib.features.columns import FIELDS, TabularFeatures, missing_fields
from djlib.tables.schema import TRACKS as SCHEMA

TRACKS = pd.DataFrame(
    {
        "track_id": ["1", "2", "3", "4"],
        "bpm": [174.0, 87.0, 124.0, np.nan],
        "key": ["8A", "Am", "C", "off"],
        "genres": ["DnB; Neurofunk", "Drum & Bass", "Tech House", ""],
    }
)


def matrix(tracks: pd.DataFrame, like: pd.DataFrame = TRACKS, min_tracks: int = 1) -> pd.DataFrame:
    features = TabularFeatures(min_tracks=min_tracks).fit(like)
    return pd.DataFrame(features.transform(tracks), columns=features.get_feature_names_out())


def test_half_and_double_tempo_meet_when_folded() -> None:
    found = matrix(TRACKS)
    assert found["bpm"][0] == found["bpm"][1] + 1  # an octave apart
    assert found["bpm folded"][0] == found["bpm folded"][1]
    assert found["bpm missing"].tolist() == [0, 0, 0, 1]


def test_a_missing_tempo_takes_the_middle_one() -> None:
    assert matrix(TRACKS)["bpm"][3] == pytest.approx(np.log2(124))
    nothing = TRACKS.assign(bpm=np.nan)
    assert matrix(nothing, nothing)["bpm"].tolist() == pytest.approx([np.log2(120)] * 4)


@pytest.mark.parametrize(
    ("written", "bpm"),
    [("128,00", 128.0), ("128.00", 128.0), ("128 BPM", 128.0), (" 128 ", 128.0), (128, 128.0)],
)
def test_a_tempo_is_read_as_people_write_it(written: object, bpm: float) -> None:
    assert matrix(pd.DataFrame({"bpm": [written]}))["bpm"][0] == pytest.approx(np.log2(bpm))


@pytest.mark.parametrize("written", ["0.00", "0,00", "", "fast", None, 0.0, -120.0, 5000.0, np.inf])
def test_a_tempo_that_means_nothing_is_missing(written: object) -> None:
    tracks = pd.DataFrame({"bpm": pd.Series([written], dtype=object)})
    assert matrix(tracks)["bpm missing"][0] == 1
    assert missing_fields(tracks)["bpm"].tolist() == [True]


def test_keys_lie_on_a_circle_where_fifths_are_neighbours() -> None:
    names = ["C", "G", "D", "F#"]
    points = matrix(pd.DataFrame({"key": names}))[["key across", "key up"]].to_numpy()
    away = np.linalg.norm(points - points[0], axis=1)
    assert away[0] < away[1] < away[2] < away[3]
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1, rtol=1e-6)


def test_a_key_in_any_notation_is_one_row_and_none_is_the_centre() -> None:
    block = matrix(pd.DataFrame({"key": ["8A", "08A - 6", "Amin", "a", "off", ""]})).filter(
        like="key"
    )
    assert len(block.head(4).drop_duplicates()) == 1
    assert block.loc[4].tolist() == block.loc[5].tolist() == [0, 0, 0.5, 1]


def test_genres_are_tokens_and_their_words() -> None:
    found = matrix(TRACKS)
    assert found["genre drum & bass"].tolist() == [1, 1, 0, 0]
    assert found["genre house"].tolist() == found["genre tech house"].tolist() == [0, 0, 1, 0]
    assert found["genre missing"].tolist() == [0, 0, 0, 1]
    assert "genre &" not in found


def test_rare_genres_become_no_column_and_unseen_ones_change_nothing() -> None:
    common = matrix(TRACKS, min_tracks=2)
    assert [c for c in common if c.startswith("genre ")] == [
        "genre bass", "genre drum", "genre drum & bass", "genre missing",
    ]  # fmt: skip
    unseen = matrix(pd.DataFrame({"genres": ["Polka"]}))
    assert unseen.filter(like="genre").sum(axis=1).tolist() == [0]


def test_the_most_common_genres_are_kept_ties_by_name() -> None:
    features = TabularFeatures(min_tracks=1, max_tokens=3).fit(TRACKS)
    assert features.tokens_ == ["bass", "drum", "drum & bass"]


def test_every_column_names_its_field() -> None:
    features = TabularFeatures(min_tracks=1).fit(TRACKS)
    assert len(features.fields_) == len(features.columns_) == features.transform(TRACKS).shape[1]
    for column, field in zip(features.columns_, features.fields_, strict=True):
        assert column.startswith(field.removesuffix("s"))
    assert set(features.fields_) == set(FIELDS)


def test_missing_columns_count_as_missing_values() -> None:
    bare = pd.DataFrame({"track_id": ["1", "2"]})
    assert np.isfinite(matrix(bare, bare).to_numpy()).all()
    assert {f: m.tolist() for f, m in missing_fields(bare).items()} == {
        f: [True] * 2 for f in FIELDS
    }


def test_missing_values_of_any_kind_are_missing() -> None:
    tracks = pd.DataFrame(
        {"bpm": [None, 120], "key": [np.nan, "8A"], "genres": [pd.NA, "House"]}, dtype=object
    )
    assert {f: m.tolist() for f, m in missing_fields(tracks).items()} == {
        f: [True, False] for f in FIELDS
    }
    assert matrix(tracks).filter(like="missing").sum(axis=1).tolist() == [3, 0]


def test_an_empty_table_gives_an_empty_matrix() -> None:
    assert matrix(TRACKS.head(0)).shape == matrix(TRACKS).head(0).shape
    assert [len(m) for m in missing_fields(TRACKS.head(0)).values()] == [0, 0, 0]


def test_the_index_and_the_order_of_columns_mean_nothing() -> None:
    expected = matrix(TRACKS).to_numpy()
    other = TRACKS.assign(bpm=["174,0", "87 bpm", "124", ""]).set_axis([7, 7, 0, -1])
    np.testing.assert_array_equal(matrix(other[other.columns[::-1]]).to_numpy(), expected)


def test_the_callers_frame_is_not_changed() -> None:
    tracks = TRACKS.assign(bpm=["174,0", "", "x", "1"])
    before = tracks.copy(deep=True)
    matrix(tracks, tracks)
    missing_fields(tracks)
    pd.testing.assert_frame_equal(tracks, before)


def test_it_is_a_transformer() -> None:
    features = TabularFeatures(min_tracks=3, max_tokens=7)
    assert clone(features).get_params() == {"min_tracks": 3, "max_tokens": 7}
    with pytest.raises(NotFittedError):
        features.transform(TRACKS)
    assert features.fit_transform(TRACKS).dtype == np.float32


def test_other_fields_of_a_track_can_be_missing_too() -> None:
    tracks = pd.DataFrame(
        {
            "artist": ["Robyn", " ", ""],
            "title": ["Be Mine", "", ""],
            "year": ["2005", "soon", None],
            "duration_s": ["3:12", 0, ""],
            "bpm": [None, 122, None],
        }
    )
    fields = ("artist", "year", "duration_s", "label", "sentence")
    assert {f: m.tolist() for f, m in missing_fields(tracks, fields).items()} == {
        "artist": [False, True, True],
        "year": [False, True, True],
        "duration_s": [False, True, True],
        "label": [True, True, True],
        "sentence": [False, False, True],
    }


def test_every_field_of_a_track_can_be_missing_and_there() -> None:
    by_kind = {"text": "a", "names": "House", "day": "2011/4/7", "number": "1", "bpm": "120"}
    by_kind |= {"year": "2005", "seconds": "192"}
    written = {c.name: [by_kind[c.kind], ""] for c in SCHEMA.columns} | {"key": ["8A", ""]}
    written |= {"path": ["/music/Sunset/a.mp3", ""]}  # the folder is what is read of it
    lacking = missing_fields(pd.DataFrame(written), SCHEMA.names)
    assert {f: m.tolist() for f, m in lacking.items()} == dict.fromkeys(written, [False, True])
