"""The command of a person that fetches a source anew: once, within its time, told no secret."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from djlib.settings import OpportunitySettings, Settings
from djlib.workflows.opportunities.sources import rescrape
from tests.workflows.listening import Listener


def ask(command: str, source: str = "E", seconds: float = 20) -> tuple[bool, str]:
    """Call a command; whether it did, and what was said."""
    heard = Listener()
    asked = OpportunitySettings(rescrape=command, rescrape_timeout_s=seconds)
    did = rescrape(Settings(opportunities=asked), source, heard)
    return did, "\n".join(heard.lines)


def script(folder: Path, text: str) -> str:
    file = folder / "a script.py"
    file.write_text(text)
    return f"{sys.executable} '{file}' {{source}}"


def test_a_name_is_one_word_whatever_it_says(tmp_path: Path) -> None:
    command = script(tmp_path, "import sys\nopen('out', 'w').write(repr(sys.argv[1:]))")
    name = "x'; touch stolen; $(id) {source} ü"
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        assert ask(command, name) == (True, "")
    finally:
        os.chdir(before)
    assert (tmp_path / "out").read_text() == repr([name])
    assert not (tmp_path / "stolen").exists()


def test_it_is_told_the_source_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJLIB_SECRET_SMTP_PASSWORD", "canary")
    out = tmp_path / "out"
    told = script(tmp_path, f"import os\nopen({str(out)!r}, 'w').write(repr(dict(os.environ)))")
    assert ask(told) == (True, "")
    assert "'DJLIB_SOURCE_NAME': 'E'" in out.read_text()
    assert "canary" not in out.read_text()


def test_one_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    hanging = script(
        tmp_path,
        "import subprocess, sys, time\n"
        "started = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(child)!r}, 'w').write(str(started.pid))\n"
        "time.sleep(60)\n",
    )
    started = time.monotonic()
    assert ask(hanging, seconds=2) == (False, "fetching E once more failed: no end after 2 s")
    assert time.monotonic() - started < 15
    end = time.monotonic() + 10
    while time.monotonic() < end and _is_running(int(child.read_text())):
        time.sleep(0.05)
    assert not _is_running(int(child.read_text()))


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", ""),
        ("false", "exit code 1"),
        ("/not/there {source}", "No such file"),
        ("'unbalanced", "No closing quotation"),
        ("  ", "once more failed"),
    ],
)
def test_one_that_cannot_be_called_is_said(command: str, said: str) -> None:
    did, heard = ask(command)
    assert not did
    assert said in heard
