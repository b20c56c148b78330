"""What fits nowhere: hidden buckets, the chance of a known one, and what noise costs."""

import numpy as np
import pandas as pd
import pytest

from djlib import HybridBucketAssigner

GENRES = ("house", "techno", "disco", "dub", "soul", "polka", "metal", "choir")


def _tracks(genres: tuple[str, ...], each: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        {"artist": f"{g} {rng.integers(6)}", "title": f"t {i} {seed}", "genres": g, "bpm": 120.0}
        for g in genres
        for i in range(each)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def model() -> HybridBucketAssigner:
    tracks = _tracks(GENRES[:6], 14, 0)
    return HybridBucketAssigner(engine=None, random_state=0).fit(tracks, tracks["genres"])


def test_tracks_of_no_bucket_are_told_from_others(model: HybridBucketAssigner) -> None:
    known = model.known_proba(_tracks(GENRES[:6], 4, 1))
    hidden = model.known_proba(_tracks(GENRES[6:], 4, 1))
    assert known.min() > hidden.max()


def test_sure_leaves_out_what_fits_nowhere(model: HybridBucketAssigner) -> None:
    assert not model.sure(_tracks(GENRES[6:], 4, 1)).any()
    assert model.sure(_tracks(GENRES[:6], 4, 1)).mean() > 0.9


def test_a_saved_model_still_knows(model: HybridBucketAssigner, tmp_path) -> None:
    model.save(tmp_path)
    asked = _tracks(GENRES, 2, 2)
    loaded = HybridBucketAssigner.load(tmp_path)
    np.testing.assert_allclose(loaded.known_proba(asked), model.known_proba(asked), atol=1e-4)


def test_noise_and_folders_of_their_own_count_nothing() -> None:
    tracks = _tracks(GENRES[:3], 20, 3)
    rng = np.random.default_rng(0)
    noisy = tracks.assign(
        noise=rng.normal(size=len(tracks)), path=[f"/{n}/a.mp3" for n in range(len(tracks))]
    )
    model = HybridBucketAssigner(engine=None, random_state=0).fit(noisy, tracks["genres"])
    assert model.columns_.joined.block_weights_["numbers noise"] == 0
    plain = HybridBucketAssigner(engine=None, random_state=0).fit(tracks, tracks["genres"])
    asked = _tracks(GENRES[:3], 5, 4).assign(noise=3.0, path="/x/a.mp3")
    assert plain.predict(asked).tolist() == model.predict(asked).tolist()
