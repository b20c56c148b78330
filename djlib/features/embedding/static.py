"""A likeness of the sentence model that looks words up instead of reading them together."""

from __future__ import annotations

import logging
import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from .model import load_or_build

_WORD = re.compile(r"[^\W_\u3400-\u9fff\uac00-\ud7a3\u3040-\u30ff]+|[^\s]")
"""A run of letters and digits, or one sign; Chinese, Japanese and Korean signs stand alone."""
_UNKNOWN = "[UNK]"
_LONGEST = 100
"""Signs of the longest word that is cut."""
_REMEMBERED = 200_000


class WordPieces:
    """The vocabulary of a BERT model: gives each text the numbers of its pieces.

    Cuts as WordPiece does: the longest known beginning, then the longest known continuation, and
    so on. Words are remembered, so that common ones cost nothing.

    Parameters
    ----------
    file : `vocab.txt` of the model, one piece a line; continuations begin with `##`.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "vocab.txt"
    >>> _ = file.write_text("[UNK]\\nclub\\n##bing\\n-")
    >>> WordPieces(file).ids("Clubbing - zzz")
    [1, 2, 3, 0]
    """

    def __init__(self, file: Path) -> None:
        self.names = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        self._place = {name: number for number, name in enumerate(self.names)}
        self._of_word = lru_cache(_REMEMBERED)(self._cut)

    def ids(self, text: str) -> list[int]:
        """Give the numbers of the pieces of `text`, in order."""
        return [number for word in _WORD.findall(_plain(text)) for number in self._of_word(word)]

    def _cut(self, word: str) -> tuple[int, ...]:
        whole = self._place.get(word)
        if whole is not None:
            return (whole,)
        found: list[int] = []
        start, mark = 0, ""
        while start < len(word):
            ends = range(min(len(word), start + _LONGEST), start, -1)
            end = next((e for e in ends if mark + word[start:e] in self._place), None)
            if end is None:
                return (self._place[_UNKNOWN],)
            found.append(self._place[mark + word[start:end]])
            start, mark = end, "##"
        return tuple(found)


def _plain(text: str) -> str:
    """Small letters without accents, as the uncased model reads them."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(sign for sign in letters if unicodedata.category(sign) != "Mn")


logger = logging.getLogger(__name__)

_TRACKS = 100_000
"""Invented tracks to learn from: each piece of a word is met in about thirty."""
_ROUNDS = 6
_BATCH = 1000
_STEP = 0.002
_GENRES = (
    "House", "Deep House", "Tech House", "Techno", "Trance", "Disco", "Funk", "Soul", "Drum & Bass",
    "Hip Hop", "R&B", "Pop", "Rock", "Indie", "Reggae", "Dance", "Electronic", "Jazz", "Latin",
)  # fmt: skip
_VERSIONS = (
    "(Original Mix)", "(Extended Mix)", "(Radio Edit)", "({} Remix)", "feat. {}", "(Live)",
    "- Remastered",
)  # fmt: skip
_NOTES = ("A", "Bb", "B", "C", "C#", "Db", "D", "Eb", "E", "F", "F#", "Gb", "G", "Ab")
_KEYS = (
    *(f"{n}{mode}" for n in range(1, 13) for mode in "AB"),
    *(f"{note}{mode}" for note in _NOTES for mode in ("", "m")),
)

Encode = Callable[[Sequence[str]], np.ndarray]


def distil(pieces: WordPieces, encode: Encode) -> np.ndarray:
    """Give a vector a piece, shape (n pieces, dimension) float32, from a sentence model's `encode`.

    Takes as long as the model needs for some 130,000 short texts.
    """
    logger.warning("the static engine is built from the sentence model, once: some minutes")
    texts = invented_sentences(pieces.names, _TRACKS)
    start = _single_pieces(pieces.names, encode)
    return _agreeing(start, [pieces.ids(text) for text in texts], encode(texts))


def invented_sentences(names: Sequence[str], n: int, seed: int = 0) -> list[str]:
    """Sentences of `n` tracks that do not exist, of words and made-up words of a vocabulary.

    >>> invented_sentences(["love", "##ly", "night"], 1)[0][:20]
    'nightlyly night - lo'
    """
    rng = random.Random(seed)
    words = _Words(names, rng)
    return [_track(words, rng) for _ in range(n)]


class _Words:
    """Draws words: two in three known to the vocabulary, the others made up of its pieces."""

    def __init__(self, names: Sequence[str], rng: random.Random) -> None:
        self._rng = rng
        self._known = [name for name in names if name.isalpha() and len(name) > 1]
        self._starts = [name for name in names if name.isalnum()]
        self._ends = [name[2:] for name in names if name.startswith("##")]

    def draw(self, least: int, most: int) -> str:
        """Between `least` and `most` words."""
        return " ".join(self._word() for _ in range(self._rng.randint(least, most)))

    def _word(self) -> str:
        if self._rng.random() < 0.65:
            return self._rng.choice(self._known)
        ends = self._rng.choices(self._ends, k=self._rng.choice((1, 1, 1, 2, 2, 3)))
        return self._rng.choice(self._starts) + "".join(ends)


def _track(words: _Words, rng: random.Random) -> str:
    sentence = f"{words.draw(1, 3)} - {words.draw(1, 4)}"
    if rng.random() < 0.3:
        sentence += " " + rng.choice(_VERSIONS).format(words.draw(1, 1))
    if rng.random() < 0.6:
        genre = rng.choice(_GENRES) if rng.random() < 0.7 else words.draw(1, 2)
        sentence += f", {genre}"
    if rng.random() < 0.8:
        sentence += f", BPM {rng.randint(60, 190)}"
    if rng.random() < 0.8:
        sentence += f", key {rng.choice(_KEYS)}"
    return sentence


def _single_pieces(names: Sequence[str], encode: Encode) -> np.ndarray:
    """The model's answer to each piece alone, without what all share, common ones small.

    A vocabulary is sorted by how common its pieces are, special ones first.
    """
    alone = encode([name.removeprefix("##") for name in names])
    rarity = np.log1p(np.maximum(np.arange(len(names)) - 998, 1))[:, None]
    start = (alone - alone.mean(axis=0)) * rarity
    return (start / np.abs(start).mean() / 30).astype(np.float32)


def _agreeing(start: np.ndarray, ids: list[list[int]], wanted: np.ndarray) -> np.ndarray:
    """Move the vectors until the direction of their sum agrees with the model's, over all texts."""
    import torch
    from torch.nn.functional import embedding_bag, normalize

    table = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.Adam([table], lr=_STEP)
    batches = [slice(at, at + _BATCH) for at in range(0, len(ids), _BATCH)]
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(len(batches)) for _ in range(_ROUNDS)])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _STEP, total_steps=len(order))
    for batch in (batches[at] for at in order):
        flat = torch.tensor([number for text in ids[batch] for number in text])
        starts = torch.tensor(np.cumsum([0, *(len(text) for text in ids[batch])])[:-1])
        vectors = normalize(embedding_bag(flat, table, starts, mode="sum"), dim=1)
        loss = 1 - (vectors * torch.tensor(wanted[batch])).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return table.detach().numpy()


class StaticEngine:
    """One vector a piece of a word, learned from the model once and kept at `built`.

    `teacher` gives what encodes with the model itself; it is asked for only where there is
    something to learn. A text without a word becomes zero.
    """

    def __init__(
        self,
        folder: Path,
        built: Path,
        teacher: Callable[[], Callable[[Sequence[str]], np.ndarray]],
    ) -> None:
        self._pieces = WordPieces(folder / "vocab.txt")
        kept = load_or_build(built, lambda: self._build(teacher()))
        table = np.frombuffer(kept, dtype=np.float16).astype(np.float32)
        self._table = table.reshape(len(self._pieces.names), -1)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Give the vectors, shape (n, dimension) float32."""
        batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
        return np.concatenate([self._sum(batch) for batch in batches])

    def _sum(self, texts: Sequence[str]) -> np.ndarray:
        from scipy.sparse import csr_matrix

        ids = [self._pieces.ids(text) for text in texts]
        ends = np.cumsum([0, *map(len, ids)])
        flat = np.fromiter((number for text in ids for number in text), np.int32, ends[-1])
        ones = np.ones(len(flat), dtype=np.float32)
        vectors = csr_matrix((ones, flat, ends), (len(ids), len(self._table))) @ self._table
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(length > 0, length, 1)

    def _build(self, encode: Callable[[Sequence[str]], np.ndarray]) -> bytes:
        return distil(self._pieces, encode).astype(np.float16).tobytes()
