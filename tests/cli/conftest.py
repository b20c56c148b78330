"""A workspace that is ready to export."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from djlib.settings import Workspace, load_settings
from djlib.workflows.buckets.assign import AssignOptions, propose_buckets
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.library.gather import ScanOptions
from djlib.workflows.library.scan import scan_library
from tests.conftest import QUICK
from tests.formats.samples import rekordbox_playlist, rekordbox_xml

LOCATIONS = [
    "file://localhost/D:/Music/R%26B%20%5blive%5d%20#1%20+%20%c3%a9.mp3",
    "file://localhost/Users/dj/Music/Track%20#1%20+%20%c3%a9.mp3",
    "file://localhost/Volumes/USB/e%cc%81%20%e2%80%93%20100%25.mp3",
    "file://localhost//nas/music/a%20b.mp3",
]


@pytest.fixture(scope="module")
def _answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Workspace(tmp_path_factory.mktemp("answered") / "crates")
    made.root.mkdir()
    (made.root / "djlib.toml").write_text(QUICK)
    settings = load_settings(made.root, {})
    tracks = [
        {"TrackID": str(n), "Name": f"Song {n}", "Artist": f"Artist {n}", "Genre": "House"}
        | {"AverageBpm": "174.00" if n % 2 else "122.00", "TotalTime": "300", "Tonality": "Amin"}
        | {"Location": f"file://localhost/D:/{n}.mp3" if n < 40 else LOCATIONS[n - 40]}
        for n in range(44)
    ]
    lists = rekordbox_playlist("Warm", [str(n) for n in range(0, 40, 2)])
    lists += rekordbox_playlist("Late", [str(n) for n in range(1, 40, 2)])
    source = rekordbox_xml(made.root, tracks, f'<NODE Type="0" Name="Sets">{lists}</NODE>')
    scan_library(made, settings, source, options=ScanOptions(), talk=NullReporter())
    propose_buckets(made, settings, options=AssignOptions(), talk=NullReporter())
    # Moved, so that no copy of it finds the tracks it was made from.
    return Path(shutil.move(made.root, tmp_path_factory.mktemp("moved")))


@pytest.fixture
def answered(_answered: Path, fresh: Path) -> Path:
    """A rekordbox export of 44 tracks, the last four unsorted with strange paths, answered for."""
    shutil.copytree(_answered, fresh, dirs_exist_ok=True)
    return fresh / "export.xml"
