"""`scan` remembers what it has seen, and `--watch` keeps a workspace in step."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from djlib.errors import UsageError
from djlib.settings import Settings, Workspace
from djlib.tables.plain_json import to_plain
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.library import scan as remembering
from djlib.workflows.library.gather import ScanOptions
from djlib.workflows.library.scan import ScanReport, last_scan, same, scan_library, state_of
from djlib.workflows.library.watch import stopped_by_signals, watch
from tests.formats.samples import TRACKS, rekordbox_playlist, rekordbox_xml

LISTS = rekordbox_playlist("Warm", ["98567750"]) + rekordbox_playlist("Peak", ["2", "3"])


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def scanned(place: Workspace, *paths: Path, **options: object) -> ScanReport:
    how = ScanOptions(**options)  # type: ignore[arg-type]
    return scan_library(place, Settings(), paths, options=how, talk=NullReporter())


def test_a_scan_without_sources_reads_what_changed(place: Workspace, tmp_path: Path) -> None:
    export = rekordbox_xml(tmp_path, nodes=LISTS)
    first = scanned(place, export, exclude=("Peak",))
    again = scanned(place)
    assert again.unchanged
    assert to_plain(again) == {**to_plain(first), "unchanged": True}
    os.utime(export, (1, 1))  # its time only
    assert scanned(place).unchanged
    rekordbox_xml(tmp_path, TRACKS[:2], LISTS)
    changed = scanned(place)
    assert not changed.unchanged
    assert (changed.tracks, set(changed.buckets)) == (2, {"Warm"})


def test_other_options_or_a_table_that_is_gone_are_reasons_to_read(
    place: Workspace, tmp_path: Path
) -> None:
    scanned(place, rekordbox_xml(tmp_path, nodes=LISTS))
    assert set(scanned(place, exclude=("Warm",)).buckets) == {"Peak"}
    assert set(scanned(place).buckets) == {"Peak"}
    place.tracks.unlink()
    assert not scanned(place).unchanged
    assert place.tracks.is_file()


def test_without_a_first_scan_there_is_nothing_to_repeat(place: Workspace) -> None:
    with pytest.raises(UsageError, match="nothing was scanned here yet"):
        scanned(place)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sources": [{"path": 1}]}'])
def test_a_damaged_memory_is_no_memory(place: Workspace, text: str) -> None:
    place.data.mkdir(parents=True)
    remembering._file(place).write_text(text)
    assert last_scan(place) is None


def test_the_state_of_a_folder_is_that_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    before = state_of(tmp_path)
    (tmp_path / "in/a.mp3").write_bytes(b"1")
    now = state_of(tmp_path)
    assert not same(before, now)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/x").touch()
    (tmp_path / ".hidden").touch()
    assert same(now, state_of(tmp_path, now, frozenset([str(tmp_path / "own")])))
    assert state_of(tmp_path / "gone") == state_of(tmp_path / "gone")


class Rounds(threading.Event):
    """An event whose waits run the next action instead of waiting; then it is set."""

    def __init__(self, *actions: object) -> None:
        super().__init__()
        self.left: Iterator[object] = iter(actions)
        self.time = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.time += timeout or 0
        try:
            action = next(self.left)
        except StopIteration:
            return True
        if callable(action):
            action()
        return False


def watched(place: Workspace, source: Path, *actions: object) -> tuple[list[int], list[str]]:
    stop = Rounds(*actions)
    said: list[str] = []
    talk = NullReporter()
    talk.say = said.append  # type: ignore[method-assign]
    reports = watch(
        place,
        Settings(lock_wait_s=0),
        [source],
        options=ScanOptions(),
        talk=talk,
        stop=stop,
        every_s=2,
        settle_s=3,
        clock=lambda: stop.time,
    )
    return [report.tracks for report in reports], said


def test_a_change_is_scanned_once_it_is_at_rest(place: Workspace, tmp_path: Path) -> None:
    export = rekordbox_xml(tmp_path, nodes=LISTS)

    def write(n_tracks: int) -> object:
        return lambda: rekordbox_xml(tmp_path, TRACKS[:n_tracks], LISTS)

    tracks, said = watched(place, export, None, write(2), None, write(1), None, None, None, None)
    assert tracks == [3, 1]
    assert not said


def test_a_file_that_cannot_be_read_for_a_while_is_said_and_awaited(
    place: Workspace, tmp_path: Path
) -> None:
    export = rekordbox_xml(tmp_path, nodes=LISTS)
    broken = lambda: export.write_text("<DJ_PLAYLISTS><COLL")  # noqa: E731
    again = lambda: rekordbox_xml(tmp_path, TRACKS[:2], LISTS)  # noqa: E731
    tracks, said = watched(place, export, broken, None, None, None, again, None, None, None)
    assert tracks == [3, 2]
    assert len(said) == 1
    assert "broken XML" in said[0]


def test_a_signal_ends_it_between_two_scans() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopped_by_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(5)
    assert signal.getsignal(signal.SIGTERM) is before
