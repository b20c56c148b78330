"""The command line as a whole: help, exit codes, who reads stdout and who reads stderr."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.main import app
from djlib import __version__
from docs.generate import commands
from tests.cli.running import as_json, djlib, done, refused

ROOT = Path(__file__).parents[2]

COMMANDS = dict(commands())
every_command = pytest.mark.parametrize("name", COMMANDS)


def test_the_root_help_says_what_each_command_says_of_itself() -> None:
    group: Any = typer.main.get_command(app)
    context = typer.Context(group)
    listed = re.findall(
        r"^  ([a-z-]+)  +(.*)$", done("--help").stdout.partition("Commands:")[2], re.M
    )

    own = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
    assert listed[: len(own)] == [(name, c.help.strip().splitlines()[0]) for name, c in own]


def test_a_mistyped_command_is_met_with_the_right_one() -> None:
    result = djlib("scna")

    assert result.exit_code == 2
    assert "Did you mean 'scan'?" in " ".join(result.stderr.split())


@every_command
def test_every_command_offers_json(name: str) -> None:
    assert "--json" in {opt for p in COMMANDS[name].params for opt in p.opts}


@every_command
def test_an_unknown_option_is_wrong_usage(name: str) -> None:
    result = djlib(*name.split()[1:], "--colour", "green")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "No such option: --colour" in result.stderr


def test_djlib_alone_lists_the_commands() -> None:
    said = done().stdout

    assert {name.split()[1] for name in COMMANDS} <= set(said.split())
    assert "djlib demo" in said


def test_a_group_alone_lists_its_commands() -> None:
    said = djlib("models").output

    assert all(name.split()[-1] in said for name in COMMANDS if "models" in name)


def test_the_version_is_told() -> None:
    assert done("--version").stdout == f"djlib {__version__}\n"


def test_results_go_to_stdout_and_talk_to_stderr(learned: Path) -> None:
    said = done("train")

    assert "How good it is" in said.stdout
    assert "Measuring" not in said.stdout
    assert "Measuring by cross-validation: done" in said.stderr
    assert json.loads(done("train", "--json").stdout)["tracks"] > 0


def test_a_refusal_of_the_system_is_one_line(fresh: Path) -> None:
    Path("notes").write_text("")

    line = refused("scan", "library.csv", "--workspace", "notes/crates")

    assert line == f"djlib: {fresh / 'notes' / 'crates'}: Not a directory"


def test_a_bug_keeps_its_traceback(learned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("djlib.workflows.buckets.train.train_buckets", broken)
    with pytest.raises(KeyError, match="a bug"):
        djlib("train")


def test_a_failure_leaves_its_traceback_where_it_was_asked_for(fresh: Path) -> None:
    assert "Traceback" not in djlib("train").stderr
    assert "Traceback" in djlib("train", "--verbose").stderr


def test_a_checkout_runs_as_a_module(fresh: Path) -> None:
    command = [sys.executable, "-m", "cli", "--version"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout == f"djlib {__version__}\n"


def test_a_reader_that_goes_away_ends_the_command_quietly(learned: Path) -> None:
    pipe = f"'{sys.executable}' -m cli --help | true"
    ran = subprocess.run(pipe, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)

    assert "Traceback" not in ran.stderr


def test_nothing_is_written_where_nothing_was_asked_for(learned: Path) -> None:
    before = sorted(p for p in learned.rglob("*") if p.is_file())
    as_json("models", "list")
    as_json("doctor")
    as_json("check", "library.csv")
    done("models", "show")
    done("models", "verify")

    assert sorted(p for p in learned.rglob("*") if p.is_file()) == before
