from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import NotFoundError, UsageError
from djlib.settings import Workspace
from djlib.workflows.library.find_track import find_track
from tests.workflows.listening import Listener

TABLE = """track_id,artist,title
1,Daft Punk,Around the World
2,Daft Punk,Around the World (Remix)
3,Björk,Hyperballad
around the world,Nobody,Other
5,Moodymann,Shades of Jae
6,,[red]50% off[/red]\\
"""


@pytest.fixture(name="source")
def written(fresh: Path) -> Path:
    (fresh / "mine.csv").write_text(TABLE, encoding="utf-8")
    return fresh / "mine.csv"


def found(source: Path, wanted: str, listener: Listener | None = None) -> str:
    row = find_track(Workspace(source.parent), wanted, source, talk=listener or Listener())
    assert len(row) == 1
    return str(row["track_id"].iloc[0])


@pytest.mark.parametrize(
    ("wanted", "track_id"),
    [
        ("2", "2"),
        ("around the world", "around the world"),
        ("Around The World", "1"),
        ("world remix", "2"),
        ("BJÖRK hyper", "3"),
        ("jae moodymann", "5"),
        ("[red]50%", "6"),
        ("off[/red]\\", "6"),
    ],
)
def test_an_id_counts_first_then_words_in_any_order(
    source: Path, wanted: str, track_id: str
) -> None:
    assert found(source, wanted) == track_id


def test_of_several_the_first_ones_are_told(source: Path) -> None:
    listener = Listener()
    with pytest.raises(UsageError, match="'daft' fits 2 tracks of .*mine.csv; name one by its id"):
        found(source, "daft", listener)
    assert [line.split()[0] for line in listener.lines] == ["1", "2"]
    assert "Daft Punk - Around the World (Remix)" in listener.lines[1]


def test_of_very_many_ten_are_told_and_the_rest_counted(fresh: Path) -> None:
    rows = "".join(f"{i},A,{'B' * 20_000 if i == 3 else 'C'}\n" for i in range(40))
    (fresh / "many.csv").write_text(f"track_id,artist,title\n{rows}")
    listener = Listener()
    with pytest.raises(UsageError, match="fits 40 tracks"):
        found(fresh / "many.csv", "a", listener)
    assert len(listener.lines) == 11
    assert listener.lines[-1].strip() == "and 30 more"
    assert max(map(len, listener.lines)) < 150


def test_what_is_nowhere_is_said_so(source: Path) -> None:
    with pytest.raises(NotFoundError, match="no track with the id or the words 'polka'"):
        found(source, "polka")
    with pytest.raises(NotFoundError) as told:
        found(source, "x" * 20_000)
    assert len(str(told.value)) < 400


@pytest.mark.parametrize("nothing", ["", "  ", "\t"])
def test_nothing_named_is_no_track(source: Path, nothing: str) -> None:
    with pytest.raises(UsageError, match="name a track"):
        found(source, nothing)


def test_without_a_library_there_is_nothing_to_look_in(fresh: Path) -> None:
    with pytest.raises(NotFoundError, match="djlib scan"):
        find_track(Workspace(fresh), "x", talk=Listener())


def test_a_table_of_ids_alone_is_searched_by_id(fresh: Path) -> None:
    (fresh / "bare.csv").write_text("track_id,bpm\n7,120\n8,130\n")
    assert found(fresh / "bare.csv", "8") == "8"
    with pytest.raises(NotFoundError):
        found(fresh / "bare.csv", "9")
