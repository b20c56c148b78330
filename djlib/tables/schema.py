"""The columns of every table: names, kinds, required or not. Every reader and writer uses these."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ..errors import InputError
from .cells import as_text, day_texts, numbers_in, plain_name, years_of
from .problems import Problem

Kind = Literal["text", "names", "day", "number", "bpm", "year", "seconds"]

BUCKET_SEPARATOR = "|"
"""Joins several buckets in one cell."""


@dataclass(frozen=True)
class Column:
    """One column: its name, what it holds, whether a table must have it, other names it goes by."""

    name: str
    about: str
    kind: Kind = "text"
    required: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether cells are text, "" where nothing is known; else they are float64 with NaN."""
        return self.kind in ("text", "names", "day")


@dataclass(frozen=True)
class Schema:
    """A table people or programs exchange; `key` names the column that identifies a row.

    One `for_people` is made to be opened in a spreadsheet: formulas in its text are defused when
    it is written and are whole again when it is read."""

    name: str
    key: str
    columns: tuple[Column, ...]
    for_people: bool = False

    @property
    def names(self) -> list[str]:
        """All column names, in order."""
        return [c.name for c in self.columns]

    @property
    def required(self) -> list[str]:
        """Columns a table must have."""
        return [c.name for c in self.columns if c.required]

    def column(self, name: str) -> Column:
        """The column called `name`; raises KeyError where there is none."""
        return {c.name: c for c in self.columns}[name]

    def known_as(self, heading: str) -> str | None:
        """The column a heading means: `Track ID` is `track_id`, `Tonality` is `key`.

        >>> TRACKS.known_as("Track ID"), TRACKS.known_as("Tonality"), TRACKS.known_as("mood")
        ('track_id', 'key', None)
        """
        plain = _plain(heading)
        for column in self.columns:
            if plain in (_plain(column.name), *map(_plain, column.aliases)):
                return column.name
        return None


def _plain(heading: str) -> str:
    return re.sub(r"[^0-9a-z]+", "", heading.strip().lower())


TRACKS = Schema(
    "tracks",
    "track_id",
    (
        Column("track_id", "identifies the track", required=True, aliases=("id",)),
        Column("artist", "as in the file or library"),
        Column("title", "as in the file or library", aliases=("name", "track", "song")),
        Column("album", "", aliases=("release",)),
        Column("label", "record label"),
        Column("genres", "tokens joined by ; , / or |", aliases=("genre", "styles")),
        Column("bpm", "beats a minute", "bpm", aliases=("averagebpm", "tempo")),
        Column("key", "any notation: Am, 8A, 1m", aliases=("tonality", "initialkey")),
        Column("year", "of release", "year"),
        Column("duration_s", "seconds", "seconds", aliases=("duration", "length", "totaltime")),
        Column("date_added", "to the library, year first", "day", aliases=("dateadded",)),
        Column("path", "of the audio file", aliases=("file", "filepath", "filename")),
        Column("bucket", "the track's one bucket", "names", aliases=("crate", "playlist")),
        Column("buckets", "all its buckets, joined by |", "names", aliases=("crates", "playlists")),
    ),
)

LISTINGS = Schema(
    "listings",
    "listing_id",
    (
        Column("listing_id", "identifies the listing", required=True),
        *(Column(n, "") for n in ("artist", "title", "label", "genres", "styles")),
        Column("year", "of release", "year"),
        *(Column(n, "") for n in ("country", "format")),
        Column("price", "in `currency`", "number"),
        *(Column(n, "") for n in ("currency", "condition", "sleeve_condition")),
        Column("have", "people who own it", "number"),
        Column("want", "people who want it", "number"),
        *(Column(n, "ISO 8601, UTC") for n in ("listed_at", "ends_at")),
        Column("kind", "auction or fixed"),
        *(Column(n, "") for n in ("url", "image_url")),
    ),
)

OPPORTUNITIES = Schema(
    "opportunities",
    "opportunity_id",
    (
        Column("opportunity_id", "identifies the call", required=True),
        Column("title", "", aliases=("name", "headline", "conference")),
        Column("url", "", aliases=("link", "href", "cfp_url", "cfp_link")),
        Column("deadline", "", aliases=("closing_date", "closes", "due", "cfp", "cfp_end_date")),
        Column(
            "starts", "first day of what it is for", aliases=("start_date", "start", "event_start")
        ),
        Column("ends", "last day of what it is for", aliases=("end_date", "end", "event_end")),
        Column("tags", "joined by ;", aliases=("keywords", "categories", "category", "topics")),
        Column("source", "who published it", aliases=("site", "scraper", "publisher")),
        Column("location", "", aliases=("place", "city")),
        Column("description", "", aliases=("summary", "text", "content", "about", "details")),
        Column("scraped_at", "ISO 8601, UTC", aliases=("found_at", "fetched_at")),
    ),
)

CORRECTIONS = Schema(
    "corrections",
    "track_id",
    (
        Column("track_id", "as in the predictions", required=True, aliases=("id",)),
        Column("correct_bucket", "the right bucket, several joined by |", required=True),
    ),
)

PREDICTIONS = Schema(
    "predictions",
    "track_id",
    (
        Column("track_id", "as in the input", required=True),
        Column("artist", "as in the input"),
        Column("title", "as in the input"),
        Column("predicted_bucket", "several joined by |", required=True),
        Column("confidence", "calibrated probability of the first choice", "number", required=True),
        Column("second_bucket", "second choice"),
        Column("second_probability", "its probability", "number"),
        Column("third_bucket", "third choice"),
        Column("third_probability", "its probability", "number"),
        Column("status", "ok, unsure, fits_nowhere, missing_data or error", required=True),
        Column("reason", "in plain words"),
        Column("model_version", "that said so"),
        Column("predicted_at", "ISO 8601, UTC"),
        Column("correct_bucket", "empty: write the right bucket here"),
    ),
    for_people=True,
)

SCHEMAS = {s.name: s for s in (TRACKS, LISTINGS, OPPORTUNITIES, CORRECTIONS, PREDICTIONS)}
"""What a header is recognised as; a batch (see `batch`) has the header of its listings."""


def recognise(headings: Iterable[str]) -> Schema | None:
    """The schema whose columns a header matches best, or None where it lacks every key column.

    >>> recognise(["Track ID", "artist", "correct_bucket"]).name
    'corrections'
    """
    found = list(headings)
    fits = []
    for schema in SCHEMAS.values():
        known = {schema.known_as(h) for h in found} - {None}
        if set(schema.required) <= known:
            fits.append((len(schema.required), len(known), schema))
    return max(fits, key=lambda fit: fit[:2])[2] if fits else None


def rename_to_schema(headings: list[str], schema: Schema, source: str) -> list[str]:
    """Headings with known aliases replaced by the schema's names; unknown ones unchanged.

    A heading spelled exactly as a column wins over an alias. Raises `InputError` for a missing
    required column or two columns of one name.
    """
    exact = set(headings) & set(schema.names)
    renamed = []
    for heading in headings:
        meant = schema.known_as(heading)
        taken = meant is None or (meant in exact and heading != meant) or meant in renamed
        renamed.append(heading if taken else str(meant))
    shown = ", ".join(map(repr, headings[:20])) or "nothing"
    missing = [name for name in schema.required if name not in renamed]
    if missing:
        raise InputError(
            f"{source}: no column {', '.join(map(repr, missing))}; found {shown}; "
            f"a {schema.name} table has {', '.join(schema.names)}"
        )
    double = sorted({h for h in renamed if renamed.count(h) > 1})
    if double:
        raise InputError(f"{source}: column {double[0]!r} stands twice in the header ({shown})")
    return renamed


def coerce(
    table: pd.DataFrame, schema: Schema, lines: list[int] | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """Give every known column its dtype: text with "" for missing, numbers as float64 with NaN.

    `lines` are the file lines of the rows, for the problems. A value that cannot be read as its
    kind becomes missing and is reported; columns are not added, the caller's frame not changed.

    >>> tracks = pd.DataFrame({"track_id": ["1", "2"], "bpm": ["128,00", "fast"]})
    >>> fixed, problems = coerce(tracks, TRACKS, [2, 3])
    >>> fixed["bpm"].tolist(), str(problems[0])
    ([128.0, nan], "line 3, bpm 'fast': not a number (value ignored)")
    """
    fixed = table.copy(deep=False)
    problems: list[Problem] = []
    for column in schema.columns:
        if column.name not in fixed:
            continue
        values = fixed[column.name]
        if column.kind in ("text", "names"):
            text = _as_text(values)
            fixed[column.name] = text if column.kind == "text" else _as_names(text)
            continue
        if column.kind == "day":
            fixed[column.name], bad = _as_days(values)
        else:
            fixed[column.name], bad = _as_numbers(values, column.kind)
        shown = as_text(values.iloc[list(bad)])
        for (row, reason), value in zip(bad.items(), shown, strict=True):
            line = lines[row] if lines is not None else None
            problems.append(Problem(line, column.name, value, reason, "value ignored"))
    return fixed, problems


def _as_text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(values.dtype):  # ids that some program stored as 17.0
        given = values.dropna()
        whole = (given.mod(1).eq(0) & given.abs().lt(_EXACT)).all()
        values = values.astype("Int64" if whole else values.dtype)
    return as_text(values)


def _as_names(text: pd.Series) -> pd.Series:
    """Names of buckets, several joined by a bar, each in its plain form."""
    known = {cell: BUCKET_SEPARATOR.join(split_buckets(cell)) for cell in text.unique()}
    return text.map(known).astype("str")


def _as_days(values: pd.Series) -> tuple[pd.Series, dict[int, str]]:
    """The column as text, serial numbers and the like as days, and where nobody can read a day."""
    days, is_unread = day_texts(_as_text(values))
    return days, dict.fromkeys(np.flatnonzero(is_unread).tolist(), "not understood as a day")


_EXACT = 2.0**53
_LIMITS: dict[Kind, tuple[float, float, str]] = {
    "bpm": (20, 1000, "not a tempo between 20 and 1000"),
    "year": (1000, 2200, "not a year"),
    "seconds": (0, 86_400, "not a duration in seconds"),
    "number": (-np.inf, np.inf, "not a finite number"),
}


def _as_numbers(values: pd.Series, kind: Kind) -> tuple[pd.Series, dict[int, str]]:
    """The column as float64, and why each unusable value (by row position) was ignored.

    A tempo, year or duration of 0 is how other programs write "not known": missing, no problem.
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = pd.Series(
            values.to_numpy("float64", na_value=np.nan), index=values.index, name=values.name
        )
        given = numbers.notna()
        numbers = years_of(numbers) if kind == "year" else numbers
    else:
        text = _as_text(values).str.strip()
        given = text.ne("")
        numbers = numbers_in(text, kind)
    unknown = numbers.eq(0) if kind != "number" else ~given
    low, high, wrong = _LIMITS[kind]
    outside = numbers.notna() & ~unknown & ~(numbers.between(low, high) & np.isfinite(numbers))
    unread = given & numbers.isna()
    bad = dict.fromkeys(np.flatnonzero(unread).tolist(), "not a number")
    bad |= dict.fromkeys(np.flatnonzero(outside).tolist(), wrong)
    return numbers.mask(outside | unknown), bad


def split_buckets(cell: str) -> list[str]:
    """The buckets of one cell, in order, each once.

    >>> split_buckets("Peak | Warm up|Peak|")
    ['Peak', 'Warm up']
    """
    names = map(plain_name, cell.split(BUCKET_SEPARATOR))
    return list(dict.fromkeys(name for name in names if name))


BATCH = Schema(
    "batch",
    "listing_id",
    (
        Column("keeper", "empty: write 1 to keep, 0 to pass", required=True),
        Column("listing_id", "as in the listings", required=True),
        *(Column(n, "as in the listings") for n in ("artist", "title", "label")),
        Column("year", "as in the listings", "year"),
        *(Column(n, "as in the listings") for n in ("genres", "styles", "format", "country")),
        Column("price", "as in the listings", "number"),
        *(Column(n, "as in the listings") for n in ("currency", "condition", "url")),
        Column("reason", "why it is in the batch"),
        Column("selection_strategy", "exploit, explore or uniform"),
        Column("mean", "how likely you keep it, as far as the model knows", "number"),
        Column("uncertainty_at_selection", "how unsure it was of that", "number"),
        Column("propensity", "how likely this listing was to be picked", "number"),
        Column("exploration_rate", "share of the batch that explores", "number"),
        Column("arm", "whose choice it is, first or second, where two chose (`--ab`)"),
        Column("batch_number", "batches answered before this one", "number"),
        Column("batch_id", "names the batch"),
        Column("model_version", "that chose it; none before the first answers"),
        Column("selected_at", "ISO 8601, UTC"),
    ),
    for_people=True,
)


RATINGS = Schema(
    "ratings",
    "opportunity_id",
    (
        Column("user_id", "who rates", required=True, aliases=("user", "person")),
        Column("opportunity_id", "as in the calls", required=True, aliases=("call_id",)),
        Column("rating", "1 or 0, or 1 to 5; empty: not rated", aliases=("stars",)),
        Column("rating_scale", "how it is written: 0-1, or 1-5 for stars", aliases=("scale",)),
        Column("opened", "1 where it was opened", aliases=("clicked",)),
        Column("rated_at", "when, ISO 8601; now where it is missing"),
    ),
)

RECOMMENDATIONS = Schema(
    "recommendations",
    "opportunity_id",
    (
        Column("rating", "empty: write it as `rating_scale` says", required=True),
        Column("rating_scale", "0-1: 1 (more of these) or 0; 1-5: stars"),
        Column("user_id", "for whom it is", required=True),
        Column("opportunity_id", "as in the calls", required=True),
        Column("title", "as in the calls"),
        Column("deadline", "as in the calls"),
        Column("days_left", "days until then; empty without a date", "number"),
        *(Column(n, "as in the calls") for n in ("tags", "source", "location", "url")),
        Column("reason", "why it is here"),
        Column("chance", "how likely you like it, as far as the model knows", "number"),
        Column("opened", "empty: write 1 where you opened it"),
        Column("list_id", "names the list"),
        Column("model_version", "that ranked it; none before the first ratings"),
        Column("recommended_at", "ISO 8601, UTC"),
    ),
    for_people=True,
)
