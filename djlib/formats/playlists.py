"""Which playlists are the DJ's own buckets, and which bucket each track gets from them.

Programs keep lists of their own beside the DJ's, and some lists say nothing that could be
learnt from sound and taste: a list made by tempo is the tempo. Each is left out with its reason,
and every default can be overruled by name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pandas as pd

from ..tables.schema import BUCKET_SEPARATOR
from .collection import OWN_FOLDER, Playlist
from .locations import folded_name

_SMART = "a smart list: rules, not choices"
_AGREE = 0.95
_WHOLE_SHARE, _WHOLE_FROM = 0.9, 20

_HISTORY = re.compile(r"history[\s_-]*\d{4}", re.IGNORECASE)
_SYSTEM = re.compile(r"_[A-Z][A-Z _-]*|_?Aufnahmen")
_SMART_NAME = re.compile(r"\b(intelligent|smart)\s+(play)?list\b", re.IGNORECASE)
_TEMPO = r"(\d{2,3}(?:[.,]\d+)?)"
_BPM = r"\s*(?:bpm)?"
_RANGE = re.compile(rf"(?<![\d.]){_TEMPO}{_BPM}\s*(?:-|–|—|to)\s*{_TEMPO}(?!\d){_BPM}", re.I)
_ABOVE = re.compile(rf"(?:>=?|≥|over|above)\s*{_TEMPO}|{_TEMPO}{_BPM}\s*\+(?!\w)", re.I)
_BELOW = re.compile(rf"(?:<=?|≤|under|below)\s*{_TEMPO}", re.I)
_EXACT = re.compile(rf"(?<![\d.]){_TEMPO}\s*bpm\b|\bbpm\s*{_TEMPO}(?!\d)", re.I)
_EXACT_WITHIN = 1.0
_KEY = re.compile(
    r"(?<!\w)(?:(?:0?[1-9]|1[0-2])[abdm]|[a-g](?:[#b♯♭]|[ -]?flat|[ -]?sharp)?"
    r"[ -]?(?:m|min|minor|maj|major|moll|dur)|[a-g][#b♯♭])(?!\w)|^[A-G]$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Verdict:
    """Whether a playlist is a bucket, and why not."""

    playlist: Playlist
    kept: bool
    reason: str = ""


@dataclass(frozen=True)
class Choice:
    """What became of every playlist; `unmatched` are the patterns that no playlist fits."""

    verdicts: tuple[Verdict, ...]
    unmatched: tuple[str, ...] = ()

    @property
    def kept(self) -> list[Playlist]:
        """The playlists that are buckets."""
        return [verdict.playlist for verdict in self.verdicts if verdict.kept]

    @property
    def left_out(self) -> dict[str, str]:
        """Name and reason of every other playlist."""
        return {v.playlist.name: v.reason for v in self.verdicts if not v.kept}


def choose_buckets(
    tracks: pd.DataFrame,
    playlists: Sequence[Playlist],
    *,
    include: Collection[str] = (),
    exclude: Collection[str] = (),
    everything: bool = False,
) -> Choice:
    """Decide which playlists are buckets.

    Left out are empty lists, histories, system lists, smart lists, lists that hold the whole
    collection, lists that a tempo or a key defines, and what djlib exported itself. `include`
    and `exclude` are globs over the full name, in any case: `include` readmits what would be
    left out, `exclude` wins over it, `everything` readmits all. Neither readmits an empty list
    or djlib's own.

    >>> tracks = pd.DataFrame({"track_id": ["t_1"], "bpm": [126.0], "key": ["8A"]})
    >>> lists = [Playlist(("HISTORY 2024-01-02",), ("t_1",)), Playlist(("Warm up",), ("t_1",))]
    >>> choice = choose_buckets(tracks, lists)
    >>> [playlist.name for playlist in choice.kept], choice.left_out
    (['Warm up'], {'HISTORY 2024-01-02': 'a history of what was played'})
    """
    facts = tracks.set_index("track_id")
    verdicts = []
    for playlist in playlists:
        members = facts.loc[[m for m in playlist.track_ids if m in facts.index]]
        reason = _never(playlist, members)
        if not reason and _matches(playlist.name, exclude):
            reason = "excluded by name"
        elif not reason and not everything and not _matches(playlist.name, include):
            n_all = playlist.n_library or len(tracks)
            reason = _usually_not(playlist, members, n_all)
        verdicts.append(Verdict(playlist, not reason, reason))
    names = [playlist.name for playlist in playlists]
    unmatched = [p for p in (*include, *exclude) if not any(_matches(n, [p]) for n in names)]
    return Choice(tuple(verdicts), tuple(unmatched))


def attach_buckets(tracks: pd.DataFrame, kept: Sequence[Playlist]) -> pd.DataFrame:
    """Give every track its `bucket` and all its `buckets`, "" where it is unsorted.

    The bucket is the most specific one: the smallest playlist that holds the track, by name
    where two are of one size. `buckets` names all, that one first. The caller's table is not
    changed.

    >>> tracks = pd.DataFrame({"track_id": ["t_1", "t_2", "t_3"]})
    >>> lists = [Playlist(("Club",), ("t_1", "t_2")), Playlist(("Late",), ("t_2",))]
    >>> attach_buckets(tracks, lists)["buckets"].tolist()
    ['Club', 'Late|Club', '']
    """
    known = set(tracks["track_id"])
    members: dict[str, set[str]] = {}
    for playlist in kept:
        members.setdefault(playlist.name, set()).update(known.intersection(playlist.track_ids))
    buckets: dict[str, list[str]] = {}
    for name in sorted(members, key=lambda name: (len(members[name]), name)):
        for member in members[name]:
            buckets.setdefault(member, []).append(name)
    rows = [buckets.get(member, []) for member in tracks["track_id"]]
    first = pd.Series([row[0] if row else "" for row in rows], index=tracks.index, dtype="str")
    joined = [BUCKET_SEPARATOR.join(row) for row in rows]
    return tracks.assign(bucket=first, buckets=pd.Series(joined, index=tracks.index, dtype="str"))


def _matches(name: str, patterns: Iterable[str]) -> bool:
    plain = folded_name(name)
    folded = map(folded_name, patterns)
    return any(plain == pattern or fnmatchcase(plain, pattern) for pattern in folded)


def _never(playlist: Playlist, members: pd.DataFrame) -> str:
    if playlist.path[0].casefold() == OWN_FOLDER:
        return "exported by djlib: its own guesses are no labels"
    if len(members):
        return ""
    return _SMART if playlist.kind == "smart" else "empty"


def _usually_not(playlist: Playlist, members: pd.DataFrame, n_tracks: int) -> str:
    name = playlist.path[-1]
    if _HISTORY.match(name):
        return "a history of what was played"
    if len(playlist.path) == 1 and _SYSTEM.fullmatch(name):
        return "a list the program keeps itself"
    if playlist.kind == "smart" or _SMART_NAME.search(name):
        return _SMART
    if n_tracks >= _WHOLE_FROM and len(members) >= _WHOLE_SHARE * n_tracks:
        return f"holds {len(members)} of all {n_tracks} tracks"
    return _defined_by_tempo(name, members) or _defined_by_key(name, members)


def _defined_by_tempo(name: str, members: pd.DataFrame) -> str:
    limits = _tempo_limits(name)
    known = members["bpm"].dropna()
    if limits is None or not len(known):
        return ""
    share = known.between(*limits).mean()
    return f"defined by tempo ({share:.0%} of it lies there)" if share >= _AGREE else ""


def _tempo_limits(name: str) -> tuple[float, float] | None:
    """The tempi a name promises: `125-140bpm`, `>140bpm`, `under 100`, `128 bpm`."""
    forms: tuple[tuple[re.Pattern[str], Callable[[list[float]], tuple[float, float]]], ...] = (
        (_RANGE, lambda found: (min(found), max(found))),
        (_ABOVE, lambda found: (found[0], float("inf"))),
        (_BELOW, lambda found: (0.0, found[0])),
        (_EXACT, lambda found: (found[0] - _EXACT_WITHIN, found[0] + _EXACT_WITHIN)),
    )
    for pattern, limits in forms:
        found = pattern.search(name)
        if found is not None:
            return limits([float(text.replace(",", ".")) for text in found.groups() if text])
    return None


def _defined_by_key(name: str, members: pd.DataFrame) -> str:
    if not _KEY.search(name):
        return ""
    known = Counter(key.strip().casefold() for key in members["key"] if key.strip())
    if not known:
        return ""
    key, n_tracks = known.most_common(1)[0]
    share = n_tracks / known.total()
    return f"defined by key ({share:.0%} of it is {key})" if share >= _AGREE else ""
