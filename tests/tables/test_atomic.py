"""Files that are always whole, whatever kills or refuses the writer."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from djlib.errors import DjlibError, UsageError
from djlib.tables.atomic import replace_file, sweep_stray, write_json

_ROUNDS = 12
_WRITER = """
import itertools, sys
from djlib.tables.atomic import replace_file
for letter in itertools.cycle(b"abcdefgh"):
    with replace_file(sys.argv[1]) as handle:
        for _ in range(64):
            handle.write(bytes([letter]) * 4096)
"""


def _write(path: Path, text: str) -> None:
    with replace_file(path, "w") as handle:
        handle.write(text)


def test_a_new_file_and_its_folder_appear(tmp_path: Path) -> None:
    target = tmp_path / "new" / "tracks.csv"

    _write(target, "é\n")

    assert target.read_bytes() == "é\n".encode()
    assert os.listdir(target.parent) == ["tracks.csv"]


def test_an_exception_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "tracks.csv"
    target.write_text("old")

    with pytest.raises(TypeError), replace_file(target, "w") as handle:
        handle.writelines(["new", None])

    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["tracks.csv"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_or_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    target = tmp_path / "tracks.csv"
    target.write_text("old")
    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(OSError, match=os.strerror(code)) as raised:
        _write(target, "new")

    assert raised.value.filename == str(target)
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["tracks.csv"]


def test_a_killed_writer_leaves_the_old_file_or_a_new_one(tmp_path: Path) -> None:
    target = tmp_path / "model.bin"
    target.write_bytes(b"z" * 64 * 4096)
    rng = random.Random(0)
    seen = set()
    for _ in range(_ROUNDS):
        before = target.stat().st_mtime_ns
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(target)])
        while target.stat().st_mtime_ns == before:
            assert writer.poll() is None
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.03))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        content = target.read_bytes()
        assert len(content) == 64 * 4096
        assert len(set(content)) == 1
        seen |= set(content)
    assert seen <= set(b"abcdefgh")


def test_permissions_of_the_old_file_stay_and_the_umask_rules_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("")
    old.chmod(0o640)
    umask = os.umask(0o027)
    try:
        _write(old, "x")
        _write(new, "x")
    finally:
        os.umask(umask)

    assert old.stat().st_mode & 0o777 == 0o640
    assert new.stat().st_mode & 0o777 == 0o640


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "here" / "link.csv"
    link.parent.mkdir()
    real.write_text("old")
    link.symlink_to(real)

    _write(link, "new")

    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_folder_or_device_is_no_file_to_write(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(UsageError, match="is a folder"):
        _write(tmp_path, "x")
    with pytest.raises(UsageError, match="is a device"):
        _write(pipe, "x")


def test_what_the_system_refuses_is_told_of_the_file_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DjlibError, match=r"file/tracks.csv cannot be written"):
        _write(tmp_path / "file" / "tracks.csv", "x")


def test_only_own_strays_over_an_hour_old_are_swept(tmp_path: Path) -> None:
    stray, young, foreign = (
        tmp_path / name for name in (".djlib-0.tmp", ".djlib-1.tmp", "mine.tmp")
    )
    for path in (stray, young, foreign):
        path.touch()
    for path in (stray, foreign):
        os.utime(path, (0, time.time() - 3700))

    assert sweep_stray(tmp_path) == [stray]
    assert sorted(os.listdir(tmp_path)) == [".djlib-1.tmp", "mine.tmp"]


def test_json_is_written_for_people_and_every_parser(tmp_path: Path) -> None:
    write_json(tmp_path / "m.json", {"accuracy": float("nan"), "bucket": "Früh"})

    assert json.loads((tmp_path / "m.json").read_text("utf-8")) == {
        "accuracy": None,
        "bucket": "Früh",
    }
