from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import pandas as pd
import pytest

from djlib.errors import UsageError
from djlib.formats import format as formats
from djlib.formats.collection import Playlist, assemble
from djlib.formats.drafts import Draft, NewFile
from djlib.formats.format import GROUP, Format
from djlib.formats.options import WriteOptions
from djlib.workflows.buckets.export.targets import target_named, with_keys


def write_set(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    return Draft([NewFile(target, lambda: [b"SETLIST 1"])])


SET = Format(
    "setlist", "Set list", lambda *_: False, lambda *_: assemble("x", {}, [], []), write_set
)


@pytest.fixture
def _offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    entry = EntryPoint("setlist", f"{__name__}:SET", GROUP)
    monkeypatch.setattr(formats, "entry_points", lambda group: [entry])
    formats._plugins.cache_clear()
    yield
    formats._plugins.cache_clear()


@pytest.mark.usefixtures("_offered")
def test_a_format_of_another_package_can_be_exported_to() -> None:
    target = target_named("setlist")
    assert target.write is write_set
    assert target.default == "djlib_setlist"


def test_what_is_only_read_is_no_target() -> None:
    targets = "rekordbox, traktor, serato, m3u8, m3u, csv, tags"
    with pytest.raises(UsageError, match=f"'mixxx' to export to; there are {targets}"):
        target_named("mixxx")


@pytest.mark.parametrize("notation", ["as-is", "camelot", "openkey", "musical"])
def test_every_key_means_the_same_in_every_notation(notation: str) -> None:
    keys = [f"{n}{letter}" for n in range(1, 13) for letter in "AB"]
    table = pd.DataFrame({"track_id": keys, "key": keys})
    there = with_keys(table, notation)
    assert with_keys(there, "camelot")["key"].tolist() == keys
    assert there["key_name"].nunique() == 24


def test_an_unknown_notation_is_refused_and_a_table_without_keys_stays() -> None:
    table = pd.DataFrame({"track_id": ["1"]})
    assert with_keys(table, "camelot") is table
    with pytest.raises(UsageError, match="--keys is one of as-is, camelot"):
        with_keys(table, "lancelot")
