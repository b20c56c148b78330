"""What can be exported to, and where an export goes that nobody named a place for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ....errors import UsageError
from ....features.music import Key, parse_key
from ....formats.collection import Playlist, missing_members
from ....formats.dj import m3u as m3u_writer
from ....formats.drafts import Draft, NewFile
from ....formats.format import Writer, all_formats
from ....formats.options import WriteOptions
from ....tables.io import csv_bytes
from ....tables.schema import BUCKET_SEPARATOR

NOTATIONS = ("as-is", "camelot", "openkey", "musical")
"""How keys are written."""

_DEFAULTS = {
    "rekordbox": "djlib_rekordbox.xml",
    "traktor": "djlib_traktor.nml",
    "serato": "djlib_serato",
    "m3u8": "djlib_playlists",
    "m3u": "djlib_playlists_m3u",
    "csv": "djlib_buckets.csv",
}


@dataclass(frozen=True)
class Target:
    """Something to export to: what it is called, what writes it, where by default."""

    name: str
    write: Writer
    default: str


def target_named(name: str) -> Target:
    """The target called `name`; raises `UsageError` naming those there are.

    >>> target_named("traktor").default
    'djlib_traktor.nml'
    """
    known = _writers()
    if name not in known:
        raise UsageError(
            f"nothing is called {name!r} to export to; there are {', '.join(known)}, tags"
        )
    return Target(name, known[name], _DEFAULTS.get(name, f"djlib_{name}"))


def with_keys(tracks: pd.DataFrame, notation: str) -> pd.DataFrame:
    """Tracks with their keys in another notation; `key_name` says them as musicians do, for
    programs that number them. What names no key stays as it is.

    >>> table = pd.DataFrame({"track_id": ["t_1", "t_2"], "key": ["8A", "off"]})
    >>> with_keys(table, "openkey")[["key", "key_name"]].to_numpy().tolist()
    [['1m', 'Am'], ['off', '']]
    """
    if notation not in NOTATIONS:
        raise UsageError(f"--keys is one of {', '.join(NOTATIONS)}, not {notation!r}")
    if "key" not in tracks:
        return tracks
    texts = [text if isinstance(text, str) else "" for text in tracks["key"]]
    keys = [parse_key(text) for text in texts]
    shown = [_in(notation, key, text) for key, text in zip(keys, texts, strict=True)]
    return tracks.assign(key=shown, key_name=[key.name if key else "" for key in keys])


def _in(notation: str, key: Key | None, text: str) -> str:
    if key is None or notation == "as-is":
        return text
    return {"camelot": key.camelot, "openkey": key.open_key, "musical": key.name}[notation]


def default_output(folder: Path, target: Target) -> Path:
    """Where a target goes that nobody named a place for."""
    return folder / "export" / target.default


def _writers() -> dict[str, Writer]:
    """Every writer by name: those of formats, and of files that no library is read from."""
    found = {one.name: one.write for one in all_formats()[0] if one.write is not None}
    del found["m3u"]
    known: dict[str, Writer] = {"m3u8": m3u_writer.draft, "m3u": m3u_writer.draft_m3u}
    known["csv"] = _draft_csv
    ours = [name for name in found if name in _DEFAULTS]
    return {
        **{name: found[name] for name in ours},
        **known,
        **{name: write for name, write in found.items() if name not in ours},
    }


def _draft_csv(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """One row a track: its columns, and in `bucket` and `buckets` the playlists it goes into."""
    if target.suffix.lower() != ".csv":
        raise UsageError(f"{target} is no name of a CSV file; it should end in .csv")
    named: dict[str, list[str]] = {}
    for playlist in playlists:
        for member in playlist.track_ids:
            named.setdefault(member, []).append(playlist.name)
    buckets = [named.get(track_id, []) for track_id in tracks["track_id"]]
    table = tracks.drop(columns=["key_name"], errors="ignore").assign(
        bucket=pd.Series([found[0] if found else "" for found in buckets], dtype="str").to_numpy(),
        buckets=[BUCKET_SEPARATOR.join(found) for found in buckets],
    )
    file = NewFile(target, lambda: [csv_bytes(table)])
    return Draft([file], missing_members(playlists, tracks))
