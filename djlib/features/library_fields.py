"""What a library says beyond the tracks schema: folders, notes, ratings, any further column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Self
from urllib.parse import unquote

import numpy as np
import pandas as pd
from scipy import sparse

from ..tables.cells import as_text, text_of
from ..tables.schema import SCHEMAS
from .lexical import SEPARATOR
from .smooth import bumps
from .text import fold

_SCHEME = re.compile(r"^file:/*(?:localhost/)?", re.I)
_DRIVE = re.compile(r"^[a-z]:$", re.I)
_BETWEEN_LEVELS = re.compile(r"/:|[/\\]")
_SHARED = 0.95
"""A folder that so many of the tracks lie in tells them apart no more."""

_NO_FACT = re.compile(
    r"(?:^|_)(?:ids?|uri|url|href|link|hash|md5|checksum|location|source|filename|playlists?|"
    r"crates?|buckets?|labell?ed|split|fold|index)(?:_|$)|^unnamed|^duplicate",
    re.I,
)
"""Columns that name a track or are an answer, rather than describe it."""

_TAKEN = {name for schema in SCHEMAS.values() for name in schema.names} - {
    "energy", "tags", "description", "country", "format", "styles", "condition", "sleeve_condition",
}  # fmt: skip
_TAKEN |= {"artists", "albums", "labels", "genre_tokens", "days", "folders", "sentence", "words"}
_BETWEEN_NAMES = re.compile(r"[;,|\\]|\s/\s|\s-\s")
_WORD = re.compile(r"(?u)\b\w\w+\b")
_ENERGY = re.compile(
    r"\benergy\s{0,3}[:=-]?\s{0,3}(10|[1-9])\b|\b\d{1,2}[abdm]\s{0,3}-\s{0,3}(10|[1-9])\b(?!\d)",
    re.I,
)
_NUMERIC_SHARE, _FEWEST_VALUES = 0.9, 6
_N_CENTRES, _LONGEST = 8, 500


@lru_cache(maxsize=65536)
def folders_of(path: str) -> tuple[str, ...]:
    """Give the folders a file lies in, from the root on, case-folded; the path may be of Windows,
    macOS, Linux or Traktor, relative, or an address of a file.

    >>> folders_of(r"C:\\\\Music\\\\House\\\\a.mp3"), folders_of("file://localhost/C:/My%20Music/a.mp3")
    (('music', 'house'), ('my music',))
    >>> folders_of("a.mp3"), folders_of("Deep/Sunset/")
    ((), ('deep', 'sunset'))
    """
    plain = unquote(_SCHEME.sub("", path)) if _SCHEME.match(path) else path
    parts = [fold(part) for part in _BETWEEN_LEVELS.split(plain)[:-1]]
    return tuple(p for p in parts if p not in ("", ".", "..") and not _DRIVE.match(p))


def folder_of(path: str) -> str:
    """A path without its file name, ending in a slash; "" where it lies in no folder.

    >>> folder_of("/Music/Sunset/a.mp3"), folder_of("a.mp3")
    ('/Music/Sunset/', '')
    """
    cut = max(path.rfind("/"), path.rfind("\\"))
    return path[: cut + 1]


def shared_folders(paths: Iterable[str]) -> list[str]:
    """The folders that next to all tracks with a path lie in, sorted.

    >>> shared_folders(["/Music/House/a.mp3", "/Music/Disco/b.mp3"])
    ['music']
    """
    levels = [set(folders_of(path)) for path in paths if path]
    counts = Counter(name for names in levels for name in names)
    return sorted(name for name, n in counts.items() if n >= _SHARED * len(levels))


def folder_names(path: str, shared: frozenset[str]) -> str:
    """The names a path counts by: each folder, each with those above it, and its words."""
    levels = [name for name in folders_of(path) if name not in shared]
    chains = ["/".join(levels[: depth + 1]) for depth in range(1, len(levels))]
    words = [f"{word}…" for name in levels for word in _WORD.findall(name)]
    return SEPARATOR.join(dict.fromkeys([*levels, *chains, *words]))


def energy_of(text: str) -> float:
    """The energy from 1 to 10 that Mixed In Key writes into comments and titles; NaN for none.

    >>> energy_of("8A - Energy 7"), energy_of("4A - 6"), energy_of("Side A - 6")
    (7.0, 6.0, nan)
    """
    match = _ENERGY.search(text)
    return float(match[1] or match[2]) if match else float("nan")


class FurtherColumns:
    """Columns that no schema names, as numbers on a scale of their own ranks or as names.

    `numbers` holds, of each numeric column, its hundredths (101 values); `texts` are the columns
    that are read as names and words. What is next to always the same, or names each track by
    itself, is left out.

    >>> tracks = pd.DataFrame({"energy": range(9), "My Tag": ["Warm; Late"] * 4 + ["Peak"] * 5})
    >>> further = FurtherColumns().fit(tracks)
    >>> list(further.numbers), further.texts
    (['energy'], ['My Tag'])
    """

    def __init__(
        self, numbers: Mapping[str, list[float]] | None = None, texts: Iterable[str] = ()
    ) -> None:
        self.numbers = dict(numbers or {})
        self.texts = list(texts)

    @property
    def names(self) -> tuple[str, ...]:
        """All columns."""
        return (*self.numbers, *self.texts)

    def fit(self, X: pd.DataFrame) -> Self:
        """Choose columns and learn the scales of the numbers."""
        self.numbers, self.texts = {}, []
        candidates = [str(c) for c in X.columns if _is_fact(str(c))]
        for name in dict.fromkeys(["energy", *candidates]):
            values = _values(X, name)
            known = values[np.isfinite(values)]
            filled = _n_filled(X, name)
            if len(np.unique(known)) >= _FEWEST_VALUES and len(known) >= _NUMERIC_SHARE * filled:
                self.numbers[name] = np.quantile(known, np.linspace(0, 1, 101)).tolist()
            elif name in X and _tells_apart(text_of(X, name)):
                self.texts.append(name)
        return self

    def smooth(self, X: pd.DataFrame) -> list[tuple[str, sparse.csr_matrix]]:
        """Give each numeric column as bumps over its ranks, with a missing flag."""
        weight = np.float32(min(1.0, np.sqrt(3 / max(len(self.numbers), 1))))
        grid = np.linspace(0, 1, 101)
        parts = []
        for name, scale in self.numbers.items():
            values = _values(X, name)
            left = np.searchsorted(scale, values, side="left")
            right = np.searchsorted(scale, values, side="right")
            # a value that many tracks share stands in the middle of its ranks
            tied = grid[np.clip((left + right - 1) // 2, 0, 100)]
            ranks = np.where(right > left, tied, np.interp(values, scale, grid))
            ranks = np.where(np.isfinite(values), ranks, np.nan)
            parts.append((name, weight * bumps(ranks, 0, 1, _N_CENTRES)))
        return parts

    def said(self, X: pd.DataFrame) -> dict[str, list[str]]:
        """Give the names and words in each text column, joined by `SEPARATOR`."""
        return {name: [_said(name, cell) for cell in text_of(X, name)] for name in self.texts}

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return {"numbers": self.numbers, "texts": self.texts}


def further_columns(X: pd.DataFrame) -> list[str]:
    """The columns of a table that may describe its tracks beyond the schema."""
    return [c for c in X.columns if isinstance(c, str) and _is_fact(c)]


def _is_fact(name: str) -> bool:
    plain = re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")
    return plain not in _TAKEN and not _NO_FACT.search(plain)


def _values(X: pd.DataFrame, name: str) -> np.ndarray:
    if name not in X:
        if name != "energy":
            return np.full(len(X), np.nan)
        texts = zip(text_of(X, "comment"), text_of(X, "title"), strict=True)
        return np.array([energy_of(f"{a[:_LONGEST]}\n{b[:_LONGEST]}") for a, b in texts])
    numbers = pd.to_numeric(X[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _n_filled(X: pd.DataFrame, name: str) -> int:
    return int((as_text(X[name]).str.strip() != "").sum()) if name in X else 0


def _tells_apart(cells: pd.Series) -> bool:
    """Whether some values or words come back and not all are the same."""
    filled = cells[cells.str.strip() != ""]
    return len(filled) > 1 and cells.nunique() > 1


def _said(column: str, cell: str) -> str:
    names = [fold(part) for part in _BETWEEN_NAMES.split(cell[:_LONGEST])]
    words = [word for name in names for word in _WORD.findall(name) if word != name]
    return SEPARATOR.join(f"{column}: {name}" for name in dict.fromkeys([*names, *words]) if name)
