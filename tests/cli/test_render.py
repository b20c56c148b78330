"""What a person reads in a table: files from where they stand, artists wherever they are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.render.explanation import _by_field
from cli.render.text import credit, here


def test_files_are_named_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert here(str(tmp_path / "data" / "tracks.parquet")) == str(Path("data", "tracks.parquet"))
    assert here("odd.csv") == "odd.csv"


def test_files_elsewhere_keep_their_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    assert here(str(tmp_path / "odd.csv")) == str(tmp_path / "odd.csv")


def test_an_artist_in_the_title_is_shown_as_the_artist() -> None:
    assert credit("", "Robyn - Be Mine") == ("Robyn", "Be Mine")
    assert credit("Robyn", "Be Mine - Live") == ("Robyn", "Be Mine - Live")
    assert credit("", "Be Mine") == ("", "Be Mine")


def test_words_of_a_longer_name_are_not_repeated() -> None:
    found = [("genres", "hip", 3.0), ("genres", "hip hop", 2.0), ("label", "Gee", 1.0)]
    assert _by_field(found) == "genre hip hop; label Gee"
    assert _by_field([]) == ""
