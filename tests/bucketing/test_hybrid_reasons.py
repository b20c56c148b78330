"""Explanations of the hybrid: parts that add up, neighbours in order, words that were there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from djlib.bucketing.hybrid_heads import HEADS
from djlib.bucketing.hybrid_reasons import nearest
from djlib.errors import NotFoundError
from djlib.features.track_vectorizer import FIELDS
from tests.bucketing.hybrids import FRESH, LABELS, TRACKS, fitted


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("head", HEADS)
@given(rows=st.lists(st.integers(0, len(FRESH) - 1), max_size=6), data=st.data())
@settings(max_examples=3, deadline=None)
def test_base_and_fields_add_up_to_the_score(
    head: str, kind: str, rows: list[int], data: st.DataObject
) -> None:
    model = fitted(head, kind)
    column = np.array(
        data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))), dtype=int
    )
    queries = FRESH.iloc[rows]
    base, parts = model.contributions(queries, column)
    assert base.shape == (len(rows),)
    assert parts.shape == (len(rows), len(FIELDS))
    inputs = model._head_inputs(queries)
    bias = model.correction_.class_bias_
    shifts = np.array(bias.shifts) if bias else np.zeros(4)
    scores = model.head_.scores(inputs)[np.arange(len(rows)), column] + shifts[column]
    np.testing.assert_allclose(base + parts.sum(axis=1), scores, atol=1e-3)


@pytest.mark.parametrize("head", ["logistic", "soft_vote"])
def test_a_field_that_all_tracks_lack_adds_nothing(head: str) -> None:
    model = fitted(head, "one")
    _, parts = model.contributions(FRESH, np.zeros(len(FRESH), dtype=int))
    np.testing.assert_allclose(parts[:, FIELDS.index("sentence")], 0, atol=1e-6)
    assert np.abs(parts[:, FIELDS.index("artist")]).max() > 0.01


def test_neighbours_are_sorted_and_a_known_track_is_its_own() -> None:
    model = fitted("logistic", "one")
    rows, alike = model.nearest(TRACKS.head(10), 5)
    assert rows.shape == alike.shape == (10, 5)
    assert (np.diff(alike, axis=1) <= 0).all()
    assert ((alike >= 0) & (alike <= 1)).all()
    assert rows[:, 0].tolist() == list(range(10))
    np.testing.assert_allclose(alike[:, 0], 1, atol=1e-4)


def test_no_more_neighbours_than_there_are_and_none_for_no_tracks() -> None:
    model = fitted("logistic", "one")
    rows, _ = model.nearest(FRESH.head(2), 10_000)
    assert rows.shape == (2, len(TRACKS))
    assert model.nearest(pd.DataFrame(), 3)[0].shape == (0, 3)


def test_neighbours_are_those_of_the_cosine() -> None:
    rng = np.random.default_rng(0)
    known, queries = rng.normal(size=(30, 5)), rng.normal(size=(700, 5))
    rows, alike = nearest(sparse.csr_matrix(known), sparse.csr_matrix(queries), 4)
    cosine = (queries / np.linalg.norm(queries, axis=1, keepdims=True)) @ (
        known / np.linalg.norm(known, axis=1, keepdims=True)
    ).T
    np.testing.assert_allclose(alike, -np.sort(-cosine.clip(0, 1), axis=1)[:, :4], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(cosine, rows, 1).clip(0, 1), alike, atol=1e-6)


def test_evidence_names_terms_of_the_bucket_strongest_first() -> None:
    tracks = pd.DataFrame(
        {"artist": ["Moodymann", "Robyn"] * 10, "title": ["Shades", "Be Mine"] * 10}
    )
    model = fitted("logistic", "one", tracks, ["Warm", "Pop"] * 10)
    found = model.evidence("Warm", 6)
    terms = {term.strip() for _, term, _ in found}
    assert terms & {"moodymann", "shades"}
    assert "robyn" not in terms
    assert all(field in {*FIELDS, "words"} for field, _, _ in found)
    weights = [weight for _, _, weight in found]
    assert weights == sorted(weights, reverse=True)
    assert weights[-1] > 0


def test_evidence_is_for_known_buckets_and_linear_heads() -> None:
    assert fitted("xgboost", "one").evidence(fitted("xgboost", "one").classes_[0]) == []
    with pytest.raises(NotFoundError, match="no bucket 'Polka'; known: "):
        fitted("logistic", "one").evidence("Polka")
