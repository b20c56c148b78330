from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import FormatError, InputError, NotFoundError
from djlib.formats import library
from djlib.formats.collection import Library
from djlib.formats.format import Format, all_formats
from djlib.formats.library import read_library
from djlib.formats.options import ReadOptions
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.library.gather import gather

from .samples import nml, nml_entry, rekordbox_xml


def test_a_library_is_known_by_its_content_not_its_name(tmp_path: Path) -> None:
    export = rekordbox_xml(tmp_path, name="backup.nml")
    assert read_library(export).source == "rekordbox XML"
    collection = nml(tmp_path, nml_entry()).rename(tmp_path / "backup.xml")
    assert read_library(str(collection)).source == "Traktor NML"
    playlist = tmp_path / "list.txt"
    playlist.write_text("#EXTM3U\n/a.mp3\n")
    assert read_library(playlist).source == "M3U playlist"


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n", "it begins with the bytes 89 50 4e 47"),
        (b"<plist><dict></dict></plist>", "outermost element is <plist>"),
        (b"<?xml version='1.0'?>\n<DJ_PL", "broken XML"),
        (b"track_id,artist\n", "a CSV or Parquet table"),
    ],
)
def test_an_unknown_file_is_described(tmp_path: Path, content: bytes, seen: str) -> None:
    file = tmp_path / "library.xml"
    file.write_bytes(content)
    with pytest.raises(FormatError, match=seen) as raised:
        read_library(file)
    assert all(known.about in str(raised.value) for known in all_formats()[0])
    assert "\n" not in str(raised.value)


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"nowhere\.xml does not exist"):
        read_library(tmp_path / "nowhere.xml")


def test_a_file_the_system_refuses_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = rekordbox_xml(tmp_path)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read_library(file)


@pytest.mark.parametrize("answer", [ZeroDivisionError("a\nb"), KeyError("x"), MemoryError(), ""])
def test_a_format_that_fails_is_one_line_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    def read(*_: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    broken = Format("broken", "Broken", lambda path, head: True, read)  # type: ignore[arg-type]
    monkeypatch.setattr(library, "BUILT_IN", {})
    monkeypatch.setattr(library, "plugin_formats", lambda: ([broken], []))
    with pytest.raises(FormatError, match=r"x\.xml: the format 'broken'") as raised:
        read_library(rekordbox_xml(tmp_path, name="x.xml"))
    assert "\n" not in str(raised.value)


def test_a_format_that_fails_is_a_line_of_a_scan_of_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Library:
        raise RecursionError("too deep")

    broken = Format("broken", "Broken", lambda path, head: path.suffix == ".odd", fail)
    monkeypatch.setattr(library, "plugin_formats", lambda: ([broken], []))
    (tmp_path / "x.odd").write_bytes(b"\x01")
    found = gather([rekordbox_xml(tmp_path), tmp_path / "x.odd"], ReadOptions(), NullReporter())
    assert len(found.library.tracks) == 3
    (problem,) = [p for p in found.library.problems if p.column == "source"]
    assert "the format 'broken' failed with RecursionError: too deep" in problem.reason
