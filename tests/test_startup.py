"""Help comes at once: nothing heavy is loaded before a command has something to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

HEAVY = {
    "numpy",
    "pandas",
    "sklearn",
    "scipy",
    "pyarrow",
    "skops",
    "joblib",
    "matplotlib",
    "tinytag",
    "torch",
    "xgboost",
    "sentence_transformers",
}

LOADED = "import sys, json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"

HELP = """
import contextlib, io, runpy, sys
sys.argv = ["djlib", *{arguments!r}]
with contextlib.redirect_stdout(io.StringIO()) as out:
    try:
        runpy.run_module("cli", run_name="__main__")
    except SystemExit as end:
        assert not end.code, end.code
assert "Usage" in out.getvalue()
"""


def loaded_after(code: str) -> set[str]:
    """The modules a fresh interpreter has loaded once it has run `code`."""
    command = [sys.executable, "-c", code + LOADED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["assign-buckets", "--help"], ["--version"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str]) -> None:
    code = HELP.format(arguments=arguments)
    if arguments == ["--version"]:
        code = code.replace('assert "Usage" in', 'assert "djlib" in')
    assert not loaded_after(code) & HEAVY


def test_root_help_does_without_rich() -> None:
    assert "rich" not in loaded_after(HELP.format(arguments=["--help"]))


def test_importing_the_library_loads_nothing_heavy() -> None:
    assert not loaded_after("import djlib\n") & HEAVY


def test_a_public_name_loads_what_it_needs() -> None:
    loaded = loaded_after("from djlib import read_table\n")
    assert "pandas" in loaded
    assert "sklearn" not in loaded


def test_a_heavy_module_would_be_seen() -> None:
    assert "numpy" in loaded_after("import numpy\n")
