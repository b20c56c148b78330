"""What is wrong with a table, before a model learns from it: gaps, copies, suspect labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import pandas as pd

from .schema import BUCKET_SEPARATOR, Schema

SLOWEST_BPM, FASTEST_BPM = 60, 200
FEWEST_TRACKS = 3
"""Tracks a bucket needs to be learned and measured."""
LARGEST_SHARE = 0.9
"""Share of the labelled tracks above which one bucket drowns the others."""

_EXAMPLES = 5
_FEWEST_TEMPOS = 5
_OCTAVE_WIDTH = 0.08  # 87 beside 128 is 0.56 octaves below: only near half and double are meant
_PROMO = r"https?://|\bwww\.|\b[\w-]{1,63}\.(?:com|net|org|ru|info)\b"
_DASHED = r"\S\s+[-–—]\s+\S"


@dataclass(frozen=True)
class ColumnQuality:
    """One column: share of rows without a value, number of different values, and (where it was
    asked) the share of the given values that are not understood, the most frequent ones first."""

    name: str
    missing: float
    distinct: int
    not_understood: float | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """Something to look at: what it is, how many rows or buckets it concerns, and a few of them."""

    name: str
    about: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class QualityReport:
    """What `quality_report` found; `findings` holds only what is there."""

    schema: str
    rows: int
    columns: tuple[ColumnQuality, ...]
    findings: tuple[Finding, ...]


def quality_report(
    table: pd.DataFrame,
    schema: Schema,
    *,
    readable: Mapping[str, Callable[[str], bool]] | None = None,
) -> QualityReport:
    """Say what is missing, doubled or suspect in a table read with all its duplicates.

    `readable` tells for a column whether a value is understood, for example a key. Checks whose
    columns the table lacks are left out. The table is not changed.

    >>> from .schema import TRACKS
    >>> tracks = pd.DataFrame({"track_id": ["1", "1"], "title": ["Low", ""], "bpm": [250.0, 120]})
    >>> report = quality_report(tracks, TRACKS)
    >>> [(c.name, c.missing) for c in report.columns]
    [('track_id', 0.0), ('title', 0.5), ('bpm', 0.0)]
    >>> [(f.name, f.count, f.examples) for f in report.findings]
    [('duplicate ids', 2, ('1',)), ('unusual tempo', 1, ('1: 250',))]
    """
    table = table.reset_index(drop=True)
    understood = readable or {}
    columns = tuple(_column(table[name], understood.get(name)) for name in table)
    findings = (*_doubled(table, schema), *_tempos(table, schema), *_texts(table, schema))
    findings += tuple(_labels(table, schema))
    return QualityReport(schema.name, len(table), columns, tuple(f for f in findings if f.count))


def _column(values: pd.Series, is_understood: Callable[[str], bool] | None) -> ColumnQuality:
    given = values[_given(values)]
    given = given.astype("str") if given.dtype == object else given  # lists have no hash
    missing = round(1 - len(given) / len(values), 4) if len(values) else 0.0
    if is_understood is None or given.empty:
        return ColumnQuality(str(values.name), missing, given.nunique())
    counts = given.astype("str").value_counts()
    strange = counts[[not is_understood(value) for value in counts.index]]
    share = round(float(strange.sum() / counts.sum()), 4)
    examples = tuple(strange.index[:_EXAMPLES])
    return ColumnQuality(str(values.name), missing, len(counts), share, examples)


def _doubled(table: pd.DataFrame, schema: Schema) -> Iterator[Finding]:
    ids = table[schema.key]
    twice = ids[ids.duplicated(keep=False)]
    yield Finding("duplicate ids", "rows that share an id", len(twice), _some(twice.unique()))
    songs = _songs(table)
    again = songs[songs.duplicated(keep=False)]
    groups = (" and ".join(ids.loc[rows[:3]]) for rows in _groups(again))
    yield Finding("same song twice", "rows with one artist and title", len(again), _some(groups))


def _tempos(table: pd.DataFrame, schema: Schema) -> Iterator[Finding]:
    if "bpm" not in table:
        return
    bpm = table["bpm"]
    unusual = table[bpm.notna() & ~bpm.between(SLOWEST_BPM, FASTEST_BPM)]
    about = f"tempos outside {SLOWEST_BPM} to {FASTEST_BPM}"
    yield Finding("unusual tempo", about, len(unusual), _tempo_examples(unusual, schema))
    octaves = np.log2(bpm / _usual_tempo(table)).abs()
    suspect = table[(octaves - 1).abs().lt(_OCTAVE_WIDTH)]
    about = "tempos near half or double of what is usual in the bucket (or the table)"
    yield Finding("half or double tempo", about, len(suspect), _tempo_examples(suspect, schema))


def _usual_tempo(table: pd.DataFrame) -> pd.Series:
    bpm = table["bpm"]
    usual = pd.Series(bpm.median(), index=table.index)
    if "bucket" not in table:
        return usual
    named = bpm.groupby(table["bucket"].where(_given(table["bucket"])))
    in_bucket = named.transform("median").where(named.transform("count").ge(_FEWEST_TEMPOS))
    return in_bucket.fillna(usual)


def _tempo_examples(rows: pd.DataFrame, schema: Schema) -> tuple[str, ...]:
    return _some(f"{i}: {n:g}" for i, n in zip(rows[schema.key], rows["bpm"], strict=True))


def _texts(table: pd.DataFrame, schema: Schema) -> Iterator[Finding]:
    if {"artist", "title"} <= set(table):
        inside = table["title"][
            ~_given(table["artist"]) & table["title"].str.contains(_DASHED, regex=True)
        ]
        about = "titles that hold 'Artist - Title' while the artist is empty"
        yield Finding("artist in the title", about, len(inside), _some(inside))
    texts = [table[name] for name in ("artist", "title", "album") if name in table]
    promo = [text[text.str.contains(_PROMO, case=False, regex=True)] for text in texts]
    count = len(set().union(*(text.index for text in promo)))
    about = "addresses in artist, title or album"
    yield Finding("promo text", about, count, _some(chain.from_iterable(promo)))


def _labels(table: pd.DataFrame, schema: Schema) -> Iterator[Finding]:
    labels = _label_column(table)
    if labels is None:
        return
    each = labels[_given(labels)].str.split(BUCKET_SEPARATOR, regex=False).explode().str.strip()
    each = each[each.ne("")]
    counts = each.value_counts()
    yield _names_alike(counts)
    small = counts[counts.lt(FEWEST_TRACKS)]
    about = f"buckets with fewer than {FEWEST_TRACKS} tracks: not learned"
    yield Finding("small buckets", about, len(small), _some(small.index))
    n_labelled = each.index.nunique()
    large = counts[counts.gt(LARGEST_SHARE * n_labelled)] if len(counts) > 1 else counts[:0]
    about = f"a bucket that holds over {LARGEST_SHARE:.0%} of the labelled tracks"
    yield Finding("one bucket for nearly all", about, len(large), _some(large.index))
    if n_labelled == len(each):
        yield _torn_songs(table, schema, each)


def _label_column(table: pd.DataFrame) -> pd.Series | None:
    """All buckets of a track where the table says them, else its one."""
    for name in ("buckets", "bucket", "correct_bucket"):
        if name in table and _given(table[name]).any():
            return table[name]
    return None


def _names_alike(counts: pd.Series) -> Finding:
    names = counts.index.to_series()
    folded = _folded(names)
    alike = names[folded.duplicated(keep=False)]
    groups = (" and ".join(map(repr, group)) for group in _groups(folded.loc[alike]))
    about = "bucket names that differ only in case or spaces"
    return Finding("bucket names alike", about, len(alike), _some(groups))


def _torn_songs(table: pd.DataFrame, schema: Schema, labels: pd.Series) -> Finding:
    songs = _songs(table)
    songs = songs[songs.index.isin(labels.index)]
    torn = labels.loc[songs.index].groupby(songs).nunique().gt(1)
    rows = songs[songs.isin(torn.index[torn])]
    groups = (
        " and ".join(f"{table.loc[row, schema.key]} in {labels.loc[row]}" for row in group[:3])
        for group in _groups(rows)
    )
    about = "rows of one song that lie in different buckets"
    return Finding("one song in several buckets", about, len(rows), _some(groups))


def _songs(table: pd.DataFrame) -> pd.Series:
    """Artist and title of each row made comparable; rows without a title are left out."""
    if not {"artist", "title"} <= set(table):
        return pd.Series(dtype="str")
    titled = table[_given(table["title"])]
    return _folded(titled["artist"]) + "\x1f" + _folded(titled["title"])


def _folded(text: pd.Series) -> pd.Series:
    return text.str.normalize("NFKC").str.casefold().str.split().str.join(" ")


def _groups(keys: pd.Series) -> Iterator[list[Any]]:
    """The index labels under each value, in the order met."""
    for rows in keys.groupby(keys, sort=False).groups.values():
        yield list(rows)


def _given(values: pd.Series) -> pd.Series:
    if pd.api.types.is_string_dtype(values.dtype):
        return values.str.strip().ne("") & values.notna()
    return values.notna()


def _some(examples: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(example) for example in islice(examples, _EXAMPLES))
