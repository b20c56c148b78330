"""The examples in docstrings give what they show; collected here, since only one worker need."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted((ROOT / "djlib").rglob("*.py"))
    if re.search(r"^\s*>>> ", file.read_text(encoding="utf-8"), re.M)
}
"""Module name to file, of those with an example."""
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_are_true(module: str) -> None:
    failures, n_tried = failures_of(module)
    assert not failures, "\n".join(failures)
    assert n_tried > 0, f"the examples in {MODULES[module]} belong to nothing that is found"


def failures_of(module: str) -> tuple[list[str], int]:
    """What each failing example of a module shows, and how many were tried."""
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    failures: list[str] = []
    for example in doctest.DocTestFinder().find(importlib.import_module(module), module):
        runner.run(example, out=failures.append)
    return failures, runner.summarize(verbose=False).attempted


def test_an_example_that_is_wrong_would_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'def double(x):\n    """Twice.\n\n    >>> double(2)\n    5\n    """\n    return 2 * x\n'
    (tmp_path / "wrong_example.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    failures, n_tried = failures_of("wrong_example")
    assert n_tried == 1
    assert "in wrong_example.double" in failures[0]
    assert "Expected:\n    5\nGot:\n    4" in failures[0]
