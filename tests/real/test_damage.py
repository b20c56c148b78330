"""Real files cut short, overwritten and with single bits turned: read, or refused in one line.

Every reader is asked as `djlib scan` asks it; an error that only the last safety net catches counts
as a crash.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from djlib.errors import DjlibError
from djlib.formats.audio.audio_tags import READABLE_SUFFIXES, read_tags
from djlib.formats.library import read_library
from djlib.formats.records.listings import read_listings

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_LIBRARIES = sorted(p for p in (_DATA / "dj_software").rglob("*") if p.is_file())
_LISTINGS = sorted(p for p in (_DATA / "discogs").rglob("*") if p.is_file())
_TAGGED = sorted(
    p for p in (_DATA / "audio_tags").rglob("*") if p.suffix.lower() in READABLE_SUFFIXES
)
_START, _END = 60_000, 40_000
"""Bytes kept of a large file: its beginning and its end, where tracks and playlists stand."""

pytestmark = pytest.mark.skipif(not _DATA.is_dir(), reason=f"no real data at {_DATA}")


def part_of(file: Path) -> bytes:
    """The file, or of a large one whole lines from both ends."""
    data = file.read_bytes()
    if len(data) <= _START + _END:
        return data
    start, end = data.rindex(b"\n", 0, _START), data.index(b"\n", len(data) - _END)
    return data[:start] + data[end:]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A copy with one kind of damage."""
    changed = bytearray(data)
    place = rng.randrange(len(data)) if data else 0
    kind = rng.randrange(5)
    if kind == 0:
        del changed[place:]
    elif kind == 1:
        for _ in range(rng.randrange(1, 30)):
            changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 2:
        changed[place : place + 512] = bytes(len(changed[place : place + 512]))
    elif kind == 3:
        changed[place:place] = rng.randbytes(rng.randrange(1, 300))
    else:
        del changed[place : place + rng.randrange(1, 300)]
    return bytes(changed)


def said(error: DjlibError, file: Path) -> None:
    """Fail for what is more than a line, or was no answer but a safety net."""
    assert "\n" not in str(error), file
    assert " failed with " not in str(error), (file, error)


@pytest.mark.parametrize(
    ("file", "read", "n_times"),
    [(f, read_library, 60) for f in _LIBRARIES] + [(f, read_listings, 10) for f in _LISTINGS],
    ids=[file.name for file in (*_LIBRARIES, *_LISTINGS)],
)
def test_a_damaged_file_is_read_or_refused_in_one_line(
    file: Path, read: Callable[[Path], object], n_times: int, tmp_path: Path
) -> None:
    data, rng = part_of(file), random.Random(file.name)
    for _ in range(n_times):
        copy = tmp_path / file.name
        copy.write_bytes(damaged(data, rng))
        try:
            assert read(copy) is not None
        except DjlibError as error:
            said(error, file)


@pytest.mark.parametrize("file", _TAGGED, ids=lambda file: file.name)
def test_damaged_audio_files_are_read_or_told(file: Path, tmp_path: Path) -> None:
    data, rng = file.read_bytes(), random.Random(file.name)
    copy = Path(shutil.copy(file, tmp_path / file.name))
    copy.chmod(0o600)
    for _ in range(15):
        copy.write_bytes(damaged(data, rng) if data else b"")
        values, reason = read_tags(str(copy))
        assert bool(values) != bool(reason)
        assert "\n" not in reason
