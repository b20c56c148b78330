"""Texts are cut as the tokenizer of the model cuts them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.features.embedding.sentences import sentences
from djlib.features.embedding.static import WordPieces
from djlib.synthetic.tables import synthetic_library


@pytest.fixture(scope="module")
def pieces(tiny_model: Path) -> WordPieces:
    return WordPieces(tiny_model / "vocab.txt")


def expected(folder: Path, text: str) -> list[int]:
    from tokenizers import Tokenizer

    return list(Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids[1:-1])


def test_sentences_of_tracks_are_cut_as_by_the_tokenizer(
    tiny_model: Path, pieces: WordPieces
) -> None:
    texts = sentences(synthetic_library(300, seed=2))
    same = [pieces.ids(text) == expected(tiny_model, text) for text in texts]
    assert sum(same) > 0.9 * len(texts)  # other alphabets: unknown signs are counted otherwise


@settings(deadline=None, max_examples=60)
@given(text=st.text(alphabet="abcdelovnightÉé 019-,()&'_", max_size=40))
def test_latin_letters_digits_and_signs_are_cut_as_by_the_tokenizer(
    tiny_model: Path, pieces: WordPieces, text: str
) -> None:
    assert pieces.ids(text) == expected(tiny_model, text)


@settings(deadline=None, max_examples=60)
@given(text=st.text(max_size=40))
def test_any_text_gives_pieces_of_the_vocabulary(pieces: WordPieces, text: str) -> None:
    assert all(0 <= number < len(pieces.names) for number in pieces.ids(text))
