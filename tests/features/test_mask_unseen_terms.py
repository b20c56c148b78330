"""Rows of tracks left out of a fold: the same as if the vocabulary had never held their words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from djlib.features.lexical import LexicalBlock
from djlib.features.track_vectorizer import TrackVectorizer, mask_unseen_terms
from djlib.synthetic.tables import synthetic_library

TRACKS = synthetic_library(60, buckets=3, seed=5)


@pytest.mark.parametrize(("kind", "min_tracks"), [("names", 1), ("words", 1), ("characters", 2)])
def test_rows_are_those_of_a_vocabulary_that_never_held_the_track(
    kind: str, min_tracks: int
) -> None:
    texts = {"title": TRACKS["title"].tolist()}
    known, asked = {"title": texts["title"][:40]}, {"title": texts["title"][40:]}
    block = LexicalBlock(("title",), kind, min_tracks=min_tracks).fit(texts)
    alone = LexicalBlock(("title",), kind, min_tracks=min_tracks).fit(known)
    place = {term: column for column, term in enumerate(alone.terms)}
    mine = [column for column, term in enumerate(block.terms) if term in place]
    for one in (block, alone):  # how rare a term is depends on the tracks; not asked here
        one.idf_ = np.ones_like(one.idf_)
    matrix = block.transform(texts)
    found = mask_unseen_terms(matrix[40:], matrix[:40], [(block.width, min_tracks)])
    theirs = alone.transform(asked)[:, [place[block.terms[column]] for column in mine]]
    np.testing.assert_allclose(found[:, mine].toarray(), theirs.toarray(), atol=1e-6)
    assert found.nnz == theirs.nnz < matrix[40:].nnz


@given(seed=st.integers(0, 99), n=st.integers(0, 5), n_learned=st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_what_is_left_is_as_long_and_the_rest_stays(seed: int, n: int, n_learned: int) -> None:
    rng = np.random.default_rng(seed)
    rows, learned = (
        sparse.csr_matrix(sparse.random(size, 9, density=0.4, random_state=rng, dtype=np.float32))
        for size in (n, n_learned)
    )
    before = rows.toarray()
    found = mask_unseen_terms(rows, learned, [(4, 1), (3, 2)])
    np.testing.assert_array_equal(rows.toarray(), before)
    assert found.shape == rows.shape
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, 7:].toarray(), before[:, 7:])
    for columns in (slice(0, 4), slice(4, 7)):
        lengths = np.linalg.norm(found.toarray()[:, columns], axis=1)
        whole = np.linalg.norm(before[:, columns], axis=1)
        np.testing.assert_allclose(lengths, np.where(lengths > 0, whole, 0), rtol=1e-5)
    held = (learned.toarray()[:, :7] != 0).sum(axis=0) >= np.array([1] * 4 + [2] * 3)
    assert (found.toarray()[:, :7][:, ~held] == 0).all()


def test_the_joined_columns_forget_the_words_of_the_tracks_alone() -> None:
    strange = pd.DataFrame({"artist": ["Жук"], "title": ["Щит"], "bpm": [124.0]})
    tracks = pd.concat([TRACKS, strange], ignore_index=True)
    features = TrackVectorizer().fit(tracks)
    matrix = features.transform(tracks)
    behind = sparse.hstack([matrix, np.ones((len(tracks), 2))], format="csr")
    found = features.mask_unseen(behind[-1:], behind[:-1])
    n_terms = len(features.terms())
    assert found.shape == (1, features.width + 2)
    assert matrix[-1, :n_terms].nnz > 0 == found[:, :n_terms].nnz
    np.testing.assert_array_equal(found[:, n_terms:].toarray(), behind[-1:, n_terms:].toarray())
