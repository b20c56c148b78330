from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from djlib.errors import FormatError, UsageError
from djlib.formats import format as formats
from djlib.formats.collection import Library, assemble
from djlib.formats.format import BUILT_IN, GROUP, Format, all_formats, built_in, format_named
from djlib.formats.library import read_library
from djlib.formats.options import ReadOptions


def read_cue(path: Path, options: ReadOptions) -> Library:
    return assemble("Cue sheet", {"title": [path.stem], "path": [str(path)]}, [], [])


CUE = Format("cue", "Cue sheet", lambda path, head: head.startswith(b"FILE"), read_cue)
SHADOW = Format("rekordbox", "not rekordbox", lambda path, head: True, read_cue)
BAD = Format("bad", "Bad", lambda path, head: bool(1 / 0), read_cue)
NO_FORMAT = "a string"


def offer(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Install a package of another person with these names as formats."""
    entries = [EntryPoint(name.lower(), f"{__name__}:{name}", GROUP) for name in names]
    monkeypatch.setattr(formats, "entry_points", lambda group: entries if group == GROUP else [])
    formats._plugins.cache_clear()


@pytest.fixture(autouse=True)
def _forget_plugins() -> None:
    formats._plugins.cache_clear()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_module_and_its_format_are_of_one_name(name: str) -> None:
    assert built_in(name).name == name
    assert format_named(name) is built_in(name)


def test_a_format_of_another_package_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "CUE")
    sheet = tmp_path / "set.cue"
    sheet.write_text("FILE a.wav")
    assert read_library(sheet).tracks["title"].tolist() == ["set"]
    assert format_named("cue") is CUE


def test_formats_that_cannot_be_used_are_problems_and_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "MISSING", "NO_FORMAT", "BAD", "SHADOW", "CUE")
    sheet = tmp_path / "set.cue"
    sheet.write_text("FILE a.wav")
    library = read_library(sheet)
    reasons = {p.value.partition(" ")[0]: p.reason for p in library.problems}
    assert library.source == "Cue sheet"
    assert "has no attribute 'MISSING'" in reasons["missing"]
    assert "it is a str" in reasons["no_format"]
    assert "the name 'rekordbox' is taken" in reasons["shadow"]
    assert "division by zero" in reasons["bad"]
    assert "shadow" not in {one.name for one in all_formats()[0]}


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no format 'iTunes'; there are rekordbox, traktor"):
        format_named("iTunes")


def test_an_unreadable_file_is_refused_though_a_plugin_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, "BAD")
    file = tmp_path / "x.bin"
    file.write_bytes(b"\x01\x02")
    with pytest.raises(FormatError, match="it begins with"):
        read_library(file)
