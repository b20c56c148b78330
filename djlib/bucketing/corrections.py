"""A person's corrections, read from an edited file: what is taken, what is refused and why.

The file may have been through a spreadsheet: ids lose leading zeros or turn into `1.2E+08`,
bucket names into dates, umlauts into question marks. What can be read in only one way is
repaired and said; the rest is refused. Nothing here changes a file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..features.text import fold, song_key
from ..tables.problems import Outcome, Problem
from ..tables.schema import split_buckets
from ..tables.spreadsheet import undefuse

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"^(\d{{1,2}}-({_MONTHS})(-\d{{2,4}})?|({_MONTHS})-\d{{2}}"
    r"|\d{4}-\d\d-\d\d( 00:00:00)?|\d{1,2}[/.]\d{1,2}[/.](\d\d){1,2})$",
    re.I,
)
_SHEET_ERROR = re.compile(r"^#(NAME\?|REF!|VALUE!|N/A|DIV/0!|NUM!|NULL!)$")
_SCIENTIFIC = re.compile(r"^\d([.,]\d+)?E\+\d+$", re.I)
_BOM = "\ufeff"
_LOST = "?�"
"""What programs write for a letter their encoding lacks."""
_ANY_LOST = r"[^\x00-\x7f]"
"""ASCII is never lost: `???` is doubt, not a bucket of three letters."""


@dataclass(frozen=True)
class Correction:
    """The right bucket(s) of one track, as a person said; `predicted` and `model_version` are
    what they answered to, "" where the file does not tell."""

    track_id: str
    buckets: tuple[str, ...]
    predicted: str = ""
    model_version: str = ""

    @property
    def confirms(self) -> bool:
        """Whether the person agreed with the prediction."""
        return set(self.buckets) == set(split_buckets(self.predicted))


@dataclass
class Reading:
    """What a file of corrections holds: `taken`, one a track; `problems`, what was refused,
    repaired or replaced; `unanswered`, rows left empty."""

    taken: list[Correction] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unanswered: int = 0

    @property
    def refused(self) -> list[Problem]:
        """The rows that were not taken."""
        return [p for p in self.problems if p.outcome == "row left out"]


def read_corrections(
    table: pd.DataFrame,
    known: pd.DataFrame,
    buckets: Iterable[str],
    *,
    lines: list[int],
    allow_new: bool = False,
    is_multi: bool = False,
) -> Reading:
    """Read the corrections in `table` (columns track_id, correct_bucket, any others).

    `known` are the tracks they may speak of, `buckets` the names in use, `lines` the file line of
    each row. A bucket not in use is refused unless `allow_new`.

    >>> known = pd.DataFrame({"track_id": ["007"], "artist": ["Robyn"], "title": ["Be Mine"]})
    >>> edited = pd.DataFrame({"track_id": ["7", "8"], "correct_bucket": ["peak", "Peak"]})
    >>> found = read_corrections(edited, known, ["Peak"], lines=[2, 3])
    >>> found.taken[0].track_id, found.taken[0].buckets
    ('007', ('Peak',))
    >>> [str(p) for p in found.refused]
    ["line 3, track_id '8': no such track among the 1 known (row left out)"]
    """
    reader = _Reader(_Tracks(known), _Buckets(buckets, allow_new), is_multi)
    for line, row in zip(lines, table.to_dict("records"), strict=True):
        reader.read(line, row)
    reading = reader.reading
    reading.taken = list(reader.by_track.values())
    return reading


class _Reader:
    """Reads rows one by one; the last word on a track wins."""

    def __init__(self, tracks: _Tracks, buckets: _Buckets, is_multi: bool) -> None:
        self._tracks, self._buckets, self._is_multi = tracks, buckets, is_multi
        self.reading = Reading()
        self.by_track: dict[str, Correction] = {}

    def read(self, line: int, row: dict[str, Any]) -> None:
        answer = undefuse(str(row["correct_bucket"])).strip()
        names = split_buckets(answer)
        if not names:
            self.reading.unanswered += 1
            return None
        track_id, note = self._tracks.find(row)
        if track_id is None:
            return self._say(line, "track_id", row["track_id"], note, "row left out")
        if note:
            self._say(line, "track_id", row["track_id"], note, "repaired")
        chosen = []
        for name in names:
            bucket, note = self._buckets.find(name)
            if bucket is None:
                return self._say(line, "correct_bucket", name, note, "row left out")
            if note:
                self._say(line, "correct_bucket", name, note, "note")
            chosen.append(bucket)
        if len(chosen) > 1 and not self._is_multi:
            reason = "several buckets, but this model gives one a track"
            return self._say(line, "correct_bucket", answer, reason, "row left out")
        return self._take(line, row, track_id, tuple(dict.fromkeys(chosen)))

    def _take(self, line: int, row: dict[str, Any], track_id: str, chosen: tuple[str, ...]) -> None:
        said = self.by_track.pop(track_id, None)
        if said and said.buckets != chosen:
            reason = f"replaces {'|'.join(said.buckets)!r} further up"
            self._say(line, "correct_bucket", "|".join(chosen), reason, "note")
        predicted = undefuse(str(row.get("predicted_bucket", "")))
        version = str(row.get("model_version", ""))
        self.by_track[track_id] = Correction(track_id, chosen, predicted, version)

    def _say(self, line: int, column: str, value: Any, reason: str, outcome: Outcome) -> None:
        self.reading.problems.append(Problem(line, column, str(value), reason, outcome))


class _Tracks:
    """Finds the track a row speaks of, whatever a spreadsheet did to its id."""

    def __init__(self, known: pd.DataFrame) -> None:
        known = known.drop_duplicates("track_id")
        self._ids = dict.fromkeys(known["track_id"].astype("str"))
        self._without_zeros: dict[str, list[str]] = {}
        self._songs: dict[str, list[str]] = {}
        artists, titles = (
            known[c] if c in known else [""] * len(known) for c in ("artist", "title")
        )
        for track_id, artist, title in zip(self._ids, artists, titles, strict=True):
            self._without_zeros.setdefault(_number(track_id), []).append(track_id)
            self._songs.setdefault(song_key(str(artist), str(title)), []).append(track_id)

    def find(self, row: dict[str, Any]) -> tuple[str | None, str]:
        """The track id, or None; and what was repaired, or why there is none."""
        given = str(row["track_id"])
        bare = given.lstrip(_BOM).strip()
        for exact in (given, bare, undefuse(bare)):
            if exact in self._ids:
                return exact, ""
        same_number = self._without_zeros.get(_number(bare), [])
        if len(same_number) == 1:
            return same_number[0], f"a spreadsheet changed the id {same_number[0]!r}"
        damaged = bool(_SCIENTIFIC.match(bare)) or len(same_number) > 1
        found = self._by_song(row) if damaged else []
        if len(found) == 1:
            return found[0], f"a spreadsheet damaged the id; artist and title say {found[0]!r}"
        if damaged:
            return None, "a spreadsheet damaged the id, and artist and title do not tell which"
        return None, f"no such track among the {len(self._ids)} known"

    def _by_song(self, row: dict[str, Any]) -> list[str]:
        key = song_key(undefuse(str(row.get("artist", ""))), undefuse(str(row.get("title", ""))))
        return self._songs.get(key, []) if key else []


def _number(track_id: str) -> str:
    """An id as a spreadsheet that takes it for a number would leave it: no leading zeros, no .0."""
    plain = re.sub(r"[.,]0+$", "", track_id)
    return plain.lstrip("0") or "0" if plain.isdecimal() else track_id


class _Buckets:
    """Finds the bucket a cell means, or says why none."""

    def __init__(self, names: Iterable[str], allow_new: bool) -> None:
        self._names = dict.fromkeys(names)
        self._folded: dict[str, list[str]] = {}
        for name in self._names:
            self._folded.setdefault(fold(name), []).append(name)
        self._allow_new = allow_new

    def find(self, name: str) -> tuple[str | None, str]:
        """The bucket, or None; and what was repaired, what is new, or why there is none."""
        if name in self._names:
            return name, ""
        if _SHEET_ERROR.match(name):
            return None, "a spreadsheet's error, not a bucket"
        alike = self._folded.get(fold(name), []) or self._with_lost_letters(name)
        if len(alike) == 1:
            return alike[0], f"read as {alike[0]!r}"
        if _DATE.match(name):
            return None, "a spreadsheet seems to have turned this bucket's name into a date"
        near = difflib.get_close_matches(name, self._names, n=1)
        if not self._allow_new:
            advice = f"did you mean {near[0]!r}? " if near else ""
            return None, f"no such bucket; {advice}--new-bucket makes it one"
        self._names[name] = None
        self._folded.setdefault(fold(name), []).append(name)
        return name, "a new bucket" + (f"; it looks like {near[0]!r}" if near else "")

    def _with_lost_letters(self, name: str) -> list[str]:
        if not any(sign in name for sign in _LOST):
            return []
        pattern = re.compile("".join(_ANY_LOST if c in _LOST else re.escape(c) for c in name))
        return [known for known in self._names if pattern.fullmatch(known)]
