"""Words, characters and names as columns that can be shared out among fields."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer

from djlib.features.lexical import SEPARATOR, LexicalBlock, unit_rows

FIELDS = ("artist", "title")
KINDS = pytest.mark.parametrize("kind", ["words", "characters", "names"])
TEXTS = {
    "artist": ["Robyn", "Moodymann", "", "Robyn", "Théo 🎧 Parrish"],
    "title": ["Be Mine", "Mine mine mine", "Be Mine", "", "שלום Falling Up"],
}
CELLS = st.lists(
    st.tuples(st.text("ab né🎧", max_size=12), st.text("ab né", max_size=12)), min_size=1
)


@KINDS
@given(cells=CELLS)
@settings(max_examples=25, deadline=None)
def test_the_parts_of_fields_add_up(kind: str, cells: list[tuple[str, str]]) -> None:
    texts = dict(zip(FIELDS, map(list, zip(*cells, strict=True)), strict=True))
    block = LexicalBlock(FIELDS, kind).fit(texts)
    parts = block.parts(texts)
    assert set(parts) == set(FIELDS)
    whole = block.transform(texts)
    assert whole.shape == (len(cells), block.width) == (len(cells), len(block.terms))
    np.testing.assert_allclose(sum(parts.values()).toarray(), whole.toarray(), atol=1e-6)


@KINDS
def test_what_was_written_down_answers_the_same(kind: str) -> None:
    block = LexicalBlock(FIELDS, kind).fit(TEXTS)
    again = LexicalBlock.from_dict(json.loads(json.dumps(block.as_dict())))
    assert again.get_params() == block.get_params()
    assert again.terms == block.terms
    np.testing.assert_array_equal(
        again.transform(TEXTS).toarray(), block.transform(TEXTS).toarray()
    )


def test_rows_are_those_of_scikit_learns_tfidf() -> None:
    joined = [f"{a} , {t}" for a, t in zip(TEXTS["artist"], TEXTS["title"], strict=True)]
    theirs = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    expected = theirs.fit_transform(joined).toarray()
    block = LexicalBlock(FIELDS, "words", longest_run=1).fit(TEXTS)
    assert block.terms == theirs.get_feature_names_out().tolist()
    np.testing.assert_allclose(block.transform(TEXTS).toarray(), expected, atol=1e-5)


def test_names_are_there_or_not() -> None:
    texts = {"artists": [f"robyn{SEPARATOR}the knife", "robyn", "", "abba"]}
    block = LexicalBlock(("artists",), "names", longest_run=1).fit(texts)
    assert block.terms == ["abba", "robyn", "the knife"]
    half = np.sqrt(0.5)
    expected = [[0, half, half], [0, 1, 0], [0, 0, 0], [1, 0, 0]]
    np.testing.assert_allclose(block.transform(texts).toarray(), expected, atol=1e-6)


def test_rare_terms_and_too_many_are_left_out() -> None:
    texts = {"title": ["a b", "a b c", "a d", "d"]}
    assert LexicalBlock(("title",), longest_run=1, min_tracks=2).fit(texts).terms == ["a", "b", "d"]
    assert LexicalBlock(("title",), longest_run=1, max_terms=1).fit(texts).terms == ["a"]


@KINDS
@pytest.mark.parametrize("texts", [[], ["", " "], ["!?", "…"]])
def test_nothing_to_read_gives_no_columns_and_no_error(kind: str, texts: list[str]) -> None:
    texts = [""] * len(texts) if kind != "words" else texts
    block = LexicalBlock(("title",), kind).fit({"title": texts})
    assert (block.width, block.terms) == (0, [])
    assert block.transform({"title": ["Be Mine"]}).shape == (1, 0)
    assert LexicalBlock.from_dict(block.as_dict()).width == 0


def test_unknown_words_are_an_empty_row_and_not_nan() -> None:
    block = LexicalBlock(("title",)).fit({"title": ["Be Mine"]})
    assert block.transform({"title": ["Falling", ""]}).nnz == 0


def test_an_unfitted_block_says_so() -> None:
    with pytest.raises(NotFittedError):
        LexicalBlock(("title",)).as_dict()


def test_rows_are_scaled_to_one_and_empty_ones_stay() -> None:
    block = LexicalBlock(("title",)).fit({"title": ["a b", "b"]})
    rows = unit_rows(3 * block.transform({"title": ["a b", "zzz"]}))
    np.testing.assert_allclose(np.sqrt(rows.multiply(rows).sum(axis=1)).ravel(), [[1, 0]])
