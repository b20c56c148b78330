"""What cron and systemd make of the printed lines is what was meant."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from djlib.errors import UsageError
from djlib.jobs.scheduler import Time, command_of, cron_lines, systemd_units
from djlib.settings import Workspace
from tests.cli.running import done, refused

NASTY = '/tmp/it\'s 100% "mine" $HOME & `x`; ü\\n'


@pytest.mark.parametrize("folder", ["/home/a/crates", NASTY])
def test_cron_hands_the_shell_the_very_words(folder: str, tmp_path: Path) -> None:
    line = cron_lines(Workspace(Path(folder)), ["printf", "%s\\0", "-w", folder], Time(3, 0))
    assert line.startswith("0 3 * * *  ")
    assert not re.search(r"(?<!\\)%", line)
    handed = line.removeprefix("0 3 * * *  ").replace("\\%", "%").rpartition(" >> ")[0]
    ran = subprocess.run(["/bin/sh", "-c", handed], capture_output=True, check=True)
    assert ran.stdout.decode().split("\0")[:2] == ["-w", folder]


def test_systemd_reads_the_very_words() -> None:
    line = re.search(
        r"^ExecStart=(.*)$", systemd_units("daily", ["djlib", "-w", NASTY], Time(3, 0)), re.M
    )
    assert line is not None
    quoted = re.fullmatch(r'djlib -w "((?:[^"\\]|\\.)*)"', line[1])
    assert quoted is not None
    words = re.sub(r"\\(.)", r"\1", quoted[1])  # as systemd.syntax(7) says
    assert words.replace("%%", "%").replace("$$", "$") == NASTY


@pytest.mark.parametrize("time", ["", "3", "25:00", "03:60", "3am", "-1:00", "٣:00"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(UsageError, match="no time of the day"):
        Time.read(time)


def test_a_path_with_a_line_end_is_refused() -> None:
    with pytest.raises(UsageError, match="line end"):
        cron_lines(Workspace(Path("/a\nb")), ["djlib"], Time(3, 0))


def test_the_command_names_the_workspace_and_the_job() -> None:
    words = command_of("daily", Workspace(Path("/crates")))
    assert words[-7:] == ["jobs", "run", "daily", "-w", "/crates", "--wait", "600"]


@pytest.mark.parametrize("way", ["cron", "systemd"])
def test_the_time_is_the_one_given_then_the_setting_then_the_default(fresh: Path, way: str) -> None:
    def printed(*given: str) -> str:
        return done("jobs", way, *given).stdout

    shown = {
        "cron": ("0 3 * * *", "5 4 * * *", "0 6 * * *"),
        "systemd": ("*-*-* 03:00:00", "*-*-* 04:05:00", "*-*-* 06:00:00"),
    }[way]
    assert shown[0] in printed()
    with (fresh / "djlib.toml").open("a") as settings:
        settings.write('[jobs]\nat = "4:05"\n')
    assert shown[1] in printed()
    assert shown[2] in printed("--at", "06:00")
    assert "is no time of the day" in refused("jobs", way, "--at", "", code=2)
