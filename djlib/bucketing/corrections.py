"""A person's corrections and renamed buckets: what is taken, what is refused and why."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from ..features.text import fold, song_key
from ..tables.cells import undefuse
from ..tables.problems import Outcome, Problem
from ..tables.schema import split_buckets

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"^(\d{{1,2}}-({_MONTHS})(-\d{{2,4}})?|({_MONTHS})-\d{{2}}"
    r"|\d{4}-\d\d-\d\d( 00:00:00)?|\d{1,2}[/.-]\d{1,2}[/.-](\d\d){0,2})$",
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
        self._ends: dict[str, list[str]] = {}
        self._dates: dict[_Date, list[str]] = {}
        for name in self._names:
            self._add(name)
        self._allow_new = allow_new

    def _add(self, name: str) -> None:
        """Note the ways in which a person may type a name: with other signs between its parts, its
        last parts alone, the date that a spreadsheet makes of it."""
        self._folded.setdefault(fold(name), []).append(name)
        parts = _parts(name)
        for start in range(len(parts)):
            self._ends.setdefault("/".join(parts[start:]), []).append(name)
        for date in _dates_in(name):
            self._dates.setdefault(date, []).append(name)

    def find(self, name: str) -> tuple[str | None, str]:
        """The bucket, or None; and what was repaired, what is new, or why there is none."""
        if name in self._names:
            return name, ""
        if _SHEET_ERROR.match(name):
            return None, "a spreadsheet's error, not a bucket"
        alike = (
            self._folded.get(fold(name), [])
            or self._with_lost_letters(name)
            or self._ends.get("/".join(_parts(name)), [])
        )
        if len(alike) == 1:
            return alike[0], f"read as {alike[0]!r}"
        if _DATE.match(name):
            return self._of_a_date(name)
        if alike:
            which = " or ".join(map(repr, alike[:3]))
            return None, f"it may be {which}; write the whole name"
        near = self._nearest(name)
        if not self._allow_new:
            advice = f"did you mean {near!r}? " if near else ""
            return None, f"no such bucket; {advice}--new-bucket makes it one"
        self._names[name] = None
        self._add(name)
        return name, "a new bucket" + (f"; it looks like {near!r}" if near else "")

    def _of_a_date(self, name: str) -> tuple[str | None, str]:
        """The bucket whose name a spreadsheet turned into this date."""
        meant = {bucket for date in _dates_in(name) for bucket in self._dates.get(date, [])}
        if len(meant) == 1:
            bucket = meant.pop()
            return bucket, f"read as {bucket!r}, which a spreadsheet takes for a date"
        return None, "a spreadsheet seems to have turned this bucket's name into a date"

    def _nearest(self, name: str) -> str | None:
        """The bucket whose name, or its last part, is spelled most alike, where any is."""
        folded = "/".join(_parts(name))
        scored = [
            (max(_ratio(folded, whole), _ratio(_parts(name)[-1], whole.rpartition("/")[2])), known)
            for known in self._names
            if (whole := "/".join(_parts(known)))
        ]
        best = max(scored, default=(0.0, ""), key=lambda one: one[0])
        return best[1] if best[0] >= _ALIKE else None

    def _with_lost_letters(self, name: str) -> list[str]:
        if not any(sign in name for sign in _LOST):
            return []
        pattern = re.compile("".join(_ANY_LOST if c in _LOST else re.escape(c) for c in name))
        return [known for known in self._names if pattern.fullmatch(known)]


_BETWEEN_PARTS = re.compile(r"[/\\,>»]|\s[-–—]\s")
_ALIKE = 0.72
"""How alike two spellings must be for one to be suggested: one slip in a short word."""

_Date = tuple[str, int, int]
_MONTH_YEAR = re.compile(rf"({_MONTHS})[a-z]{{0,6}}\.?[\s'’_-]{{0,3}}((?:19|20)?\d\d)", re.I)
_DAY_MONTH = re.compile(rf"(\d{{1,2}})[\s-]{{1,2}}({_MONTHS})[a-z]{{0,6}}", re.I)
_DAY_MONTH_YEAR = re.compile(
    rf"(\d{{1,2}})[\s-]{{1,2}}({_MONTHS})[a-z]{{0,6}}[\s-]{{1,2}}((?:19|20)?\d\d)", re.I
)
_ISO = re.compile(r"((?:19|20)\d\d)-(\d\d)-(\d\d)(?: 00:00:00)?")
_TWO_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})")
_THREE_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-]((?:19|20)?\d\d)")


def _parts(name: str) -> list[str]:
    """The parts of a nested name, made comparable.

    >>> _parts("Categories / Hip Hop") == _parts("categories,hip  hop")
    True
    """
    return [part for part in map(fold, _BETWEEN_PARTS.split(name)) if part] or [fold(name)]


def _dates_in(name: str) -> set[_Date]:
    """Days and months that a spreadsheet may make of a name, or that it shows in its place: `Jan
    2013` is Jan-13 there, and 2013-01-01 in a file. Nothing of a name that says more than a date.

    >>> _dates_in("Jan 2013") & _dates_in("Jan-13") & _dates_in("2013-01-01 00:00:00")
    {('month', 2013, 1)}
    >>> sorted(_dates_in("7.3.") & _dates_in("07-Mar")), _dates_in("10-12 Uhr")
    ([('day', 7, 3)], set())
    """
    months = _MONTHS.split("|")
    plain = name.strip(" .")
    if match := _MONTH_YEAR.fullmatch(plain):
        month, year = months.index(match[1][:3].lower()) + 1, int(match[2])
        found = {("month", year if year > 99 else 2000 + year, month)}
        return found | ({("day", year, month)} if year < 32 else set())  # Jan-13: or the 13th
    if match := _DAY_MONTH.fullmatch(plain):
        day, month = int(match[1]), months.index(match[2][:3].lower()) + 1
        return {("day", day, month), ("month", 2000 + day, month)}
    if match := _DAY_MONTH_YEAR.fullmatch(plain):
        day, month, year = int(match[1]), months.index(match[2][:3].lower()) + 1, int(match[3])
        found = {("day", day, month)}
        return found | (
            {("month", year if year > 99 else 2000 + year, month)} if day == 1 else set()
        )
    if match := _ISO.fullmatch(plain):
        year, month, day = map(int, match.groups())
        return {("day", day, month)} | ({("month", year, month)} if day == 1 else set())
    if match := _TWO_NUMBERS.fullmatch(plain):
        first, second = map(int, match.groups())
        return {("day", first, second), ("day", second, first)}
    if match := _THREE_NUMBERS.fullmatch(plain):
        first, second, year = map(int, match.groups())
        year = year if year > 99 else 2000 + year
        found = {("day", first, second), ("day", second, first)}
        if 1 in (first, second):
            found |= {("month", year, first), ("month", year, second)}
        return found
    return set()


def _ratio(one: str, other: str) -> float:
    """How alike two names are spelled, 0 to 1; a hyphen is as good as a blank."""
    first, second = (re.sub(r"\W", " ", name) for name in (one, other))
    return difflib.SequenceMatcher(None, first, second).ratio()


Kind = Literal["rename", "merge", "undo"]
"""merge: the new name was another bucket's already; undo: takes such a merge back."""

_MOST = 0.8
_FEWEST = 3


@dataclass(frozen=True)
class Rename:
    """The bucket `old` is called `new` from record `number` of the log on."""

    number: int
    old: str
    new: str
    kind: Kind = "rename"


def in_force(renames: Iterable[Rename]) -> tuple[Rename, ...]:
    """The renames that still count, in order: a merge that was undone never happened.

    >>> merged, undone = Rename(1, "Warm", "Late", "merge"), Rename(2, "Late", "Warm", "undo")
    >>> in_force([merged, undone])
    ()
    """
    kept: list[Rename] = []
    for rename in renames:
        merge = _undone_by(rename, kept) if rename.kind == "undo" else None
        if merge is None:
            kept.append(rename)
        else:
            kept.remove(merge)
    return tuple(kept)


def kind_of(old: str, new: str, in_use: Iterable[str], renames: Sequence[Rename]) -> Kind:
    """What calling `old` `new` means, given the buckets in use and the renames in force."""
    if new in in_use:
        return "merge"
    undo = Rename(0, old, new, "undo")
    merge = _undone_by(undo, renames)
    later = renames[renames.index(merge) + 1 :] if merge else ()
    is_last = not any({old, new} & {r.old, r.new} for r in later)
    return "undo" if merge and is_last else "rename"


def _undone_by(undo: Rename, renames: Sequence[Rename]) -> Rename | None:
    back = (undo.new, undo.old, "merge")
    return next((r for r in reversed(renames) if (r.old, r.new, r.kind) == back), None)


def current_names(
    buckets: Iterable[str], renames: Sequence[Rename], *, since: int = 0
) -> tuple[str, ...]:
    """What buckets are called now; `since` is the record of the log at which they were named.

    >>> chain = (Rename(1, "Warm", "Early"), Rename(2, "Early", "Dawn"))
    >>> current_names(["Warm", "Early", "Late"], chain)
    ('Dawn', 'Late')
    """
    names = list(buckets)
    for rename in renames:
        if rename.number > since:
            names = [rename.new if name == rename.old else name for name in names]
    return tuple(dict.fromkeys(names))


def with_current_names(tracks: pd.DataFrame, renames: Sequence[Rename]) -> pd.DataFrame:
    """`tracks` with their labels, `bucket` and `buckets`, as the buckets are called now."""
    if not renames:
        return tracks
    return tracks.assign(
        **{
            column: _renamed_cells(tracks[column], renames)
            for column in ("bucket", "buckets")
            if column in tracks
        }
    )


def _renamed_cells(cells: pd.Series, renames: Sequence[Rename]) -> pd.Series:
    now = {cell: "|".join(current_names(split_buckets(cell), renames)) for cell in cells.unique()}
    return cells.map(now).astype(cells.dtype)


def like_renames(corrections: Iterable[Correction], known: Iterable[str]) -> dict[str, str]:
    """Buckets that a person seems to be renaming track by track, and to what: of the corrected
    tracks of a bucket at least 4 in 5, and 3, went to one name that is not `known`.

    >>> said = [Correction(str(n), ("Dawn",), "Warm") for n in range(3)]
    >>> like_renames(said, ["Warm", "Late"])
    {'Warm': 'Dawn'}
    """
    known = set(known)
    went: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for correction in corrections:
        if correction.predicted in known and not correction.confirms:
            went[correction.predicted]["|".join(correction.buckets)] += 1
    return {old: new for old, to in went.items() if (new := _one_new_name(to, known))}


def _one_new_name(to: Mapping[str, int], known: set[str]) -> str:
    name, n = max(to.items(), key=lambda item: (item[1], item[0]))
    is_new = name not in known and "|" not in name
    return name if is_new and n >= _FEWEST and n >= _MOST * sum(to.values()) else ""


def rename_event(old: str, new: str, kind: Kind) -> dict[str, Any]:
    """A rename as the log keeps it."""
    return {"renamed": old, "to": new, "kind": kind}


def rename_of(event: Mapping[str, Any], number: int) -> Rename | None:
    """The rename that record `number` of the log holds, None for a record of another kind."""
    if "renamed" not in event:
        return None
    return Rename(number, event["renamed"], event["to"], event["kind"])
