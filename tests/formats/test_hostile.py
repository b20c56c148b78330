"""Whatever a file holds, it is read or refused in one line, in memory that its rows explain."""

from __future__ import annotations

import random
import sqlite3
import tracemalloc
from pathlib import Path

import pytest

from djlib.errors import DjlibError
from djlib.formats.library import read_library

from .samples import nml, nml_entry, rekordbox_playlist, rekordbox_xml
from .test_engine import PRIME, TODAY, engine_library
from .test_mixxx import ROWS, SCHEMA
from .test_serato import ONE, TWO, chunk, database
from .test_serato4 import root_database
from .test_virtualdj import DATABASE


def mixxx(folder: Path) -> Path:
    with sqlite3.connect(folder / "mixxxdb.sqlite") as db:
        db.executescript(SCHEMA + ROWS)
    db.close()
    return folder / "mixxxdb.sqlite"


def serato(folder: Path) -> Path:
    (folder / "database V2").write_bytes(database(ONE, TWO))
    return folder / "database V2"


def virtualdj(folder: Path) -> Path:
    (folder / "database.xml").write_text(DATABASE)
    return folder / "database.xml"


FILES = {
    "rekordbox": lambda folder: rekordbox_xml(folder, nodes=rekordbox_playlist("A", ["2"])),
    "traktor": lambda folder: nml(folder, nml_entry(), version=20),
    "serato": serato,
    "virtualdj": virtualdj,
    "mixxx": mixxx,
    "engine": lambda folder: engine_library(folder, TODAY) / "Database2/m.db",
    "serato4": lambda folder: root_database(folder / "root.sqlite"),
    "prime": lambda folder: engine_library(folder, PRIME, "") / "m.db",
}


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A copy cut short, with bytes changed, a part twice, or zeroes in it."""
    kind, place = rng.randrange(4), rng.randrange(len(data))
    length = rng.randrange(1, 200)
    if kind == 0:
        return data[:place]
    if kind == 1:
        changed = bytearray(data)
        for _ in range(rng.randrange(1, 20)):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(changed)
    if kind == 2:
        return data[:place] + data[max(0, place - length) :]
    return data[:place] + bytes(length) + data[place + length :]


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    file = FILES[name](tmp_path)
    whole, rng = file.read_bytes(), random.Random(5)
    n_refused = 0
    for _ in range(60):
        file.write_bytes(damaged(whole, rng))
        try:
            read_library(file)
        except DjlibError as error:
            n_refused += 1
            if "\n" in str(error):
                raise
    assert n_refused


@pytest.mark.parametrize("name", ["rekordbox", "traktor", "virtualdj"])
def test_memory_grows_with_rows_and_not_with_the_file(name: str, tmp_path: Path) -> None:
    file = FILES[name](tmp_path)
    text = file.read_text()
    end = {"rekordbox": "</TRACK>", "traktor": "</ENTRY>", "virtualdj": "</Song>"}[name]
    inner = "<CUE_V2 NAME='n.n.' TYPE='4' START='1.5' LEN='0.0' HOTCUE='0'></CUE_V2>\n"
    peaks = []
    for n_times in (1, 20_000):
        file.write_text(text.replace(end, inner * n_times + end, 1))
        peaks.append(peak_of_reading(file))
    assert file.stat().st_size > 1_400_000
    assert peaks[1] < peaks[0] + 1_500_000  # the pieces in which it is read, not the file


@pytest.mark.parametrize(
    ("name", "table"),
    [("mixxx", "library"), ("engine", "Track"), ("prime", "Track"), ("serato4", "asset")],
)
def test_waveforms_in_a_database_cost_no_memory(name: str, table: str, tmp_path: Path) -> None:
    file = FILES[name](tmp_path)
    peaks = [peak_of_reading(file)]
    with sqlite3.connect(file) as db:
        db.execute(f"ALTER TABLE {table} ADD COLUMN waveform BLOB")
        db.execute(f"UPDATE {table} SET waveform = zeroblob(4000000)")
    db.close()
    peaks.append(peak_of_reading(file))
    assert file.stat().st_size > 3_500_000
    assert peaks[1] < peaks[0] + 300_000


def test_what_nobody_reads_of_a_serato_record_costs_no_memory(tmp_path: Path) -> None:
    file = serato(tmp_path)
    peaks = [peak_of_reading(file)]
    file.write_bytes(file.read_bytes() + chunk("ovct", bytes(8_000_000)))
    peaks.append(peak_of_reading(file))
    assert peaks[1] < peaks[0] + 300_000


def peak_of_reading(file: Path) -> int:
    """Bytes that Python had at most while it read a file; what is made once is made before."""
    read_library(file)
    tracemalloc.start()
    read_library(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("digits", ["9" * 5000, "²", "-1", "1e400", "nan", "٣"])
def test_numbers_nobody_writes_are_no_end(digits: str, tmp_path: Path) -> None:
    track = {"Location": "file://localhost/D:/1.mp3", "Rating": digits, "AverageBpm": digits}
    assert len(read_library(rekordbox_xml(tmp_path, [track])).tracks) == 1
    file = virtualdj(tmp_path)
    file.write_text(
        DATABASE.replace('Stars="4"', f'Stars="{digits}"')
        .replace("0.468750", digits)
        .replace("1580992490", digits)
    )
    assert len(read_library(file).tracks) == 4
    file = serato(tmp_path)
    file.write_bytes(database({**ONE, "tadd": digits, "tlen": digits, "tbpm": digits}))
    assert len(read_library(file).tracks) == 1
    for place, table in ((mixxx(tmp_path), "library"), (FILES["engine"](tmp_path), "Track")):
        with sqlite3.connect(place) as db:
            db.execute(f"UPDATE {table} SET rating = ?, key = ?, bpm = ?", (digits,) * 3)
        db.close()
        assert len(read_library(place).tracks) == 2
