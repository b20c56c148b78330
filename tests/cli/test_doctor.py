"""`djlib doctor`: what is installed, what is missing and what that disables."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest

from tests.cli.running import as_json, djlib, done

Found = dict[str, dict[str, str]]


def found() -> Found:
    return {finding["what"]: finding for finding in as_json("doctor")}


def test_a_new_workspace_is_told_what_to_do(fresh: Path) -> None:
    said = done("doctor").stdout

    assert found()["scanned library"]["note"] == "run 'djlib scan LIBRARY'"
    assert found()["bucket model"]["note"] == "run 'djlib train'"
    assert str(fresh)[:40] in said


def test_a_workspace_in_order_is_ok(learned: Path) -> None:
    assert {f["state"] for f in found().values()} == {"ok"}
    assert found()["numpy"]["note"] == importlib.metadata.version("numpy")
    assert found()["log of runs"]["note"].endswith(" events")


def test_a_missing_part_is_named_with_what_it_disables(
    learned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = importlib.metadata.version

    def without(name: str) -> str:
        if name == "matplotlib":
            raise importlib.metadata.PackageNotFoundError
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    chart = found()["matplotlib"]

    assert chart["state"] == "missing"
    assert "--chart draws nothing" in chart["note"]


@pytest.mark.parametrize("kind", ["corrections", "runs"])
def test_a_damaged_log_is_broken(learned: Path, kind: str) -> None:
    log = Path(f"data/events/{kind}.jsonl")
    log.write_text('{"at": "2026"}\nhalf a li\n{"at": "2026"}\n')
    result = djlib("doctor")

    assert result.exit_code == 1
    assert f"log of {kind} is broken" in result.stdout
    assert "line 2 is damaged" in result.stdout


def test_a_damaged_version_is_broken(learned: Path) -> None:
    (parts,) = Path("models/versions").rglob("parts.skops")
    parts.write_bytes(b"")
    result = djlib("doctor", "--json")

    states = {f["what"]: f["state"] for f in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert states["current bucket model"] == "broken"
