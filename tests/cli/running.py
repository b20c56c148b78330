"""Run `djlib` in this process, and look at the files it wrote."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from cli.main import app

PREDICTIONS = Path("data/bucket_predictions.csv")

Row = dict[str, str]


def djlib(*arguments: str | Path, answer: str | None = None) -> Result:
    """Run a command; what it wrote is in `.stdout` and `.stderr`, how it ended in `.exit_code`.

    An exception that no command answers is a bug and is raised here.
    """
    result = CliRunner().invoke(app, [str(a) for a in arguments], input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def done(*arguments: str | Path, answer: str | None = None) -> Result:
    """Run a command that must succeed."""
    result = djlib(*arguments, answer=answer)
    assert result.exit_code == 0, result.output
    return result


def as_json(*arguments: str | Path) -> Any:
    """What a successful command prints with --json."""
    return json.loads(done(*arguments, "--json").stdout)


def refused(*arguments: str | Path, code: int = 1) -> str:
    """The one line a failing command ends with; nothing may stand on stdout."""
    result = djlib(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    return result.stderr.strip().splitlines()[-1]


def rows(path: Path = PREDICTIONS, delimiter: str = ",") -> list[Row]:
    """The rows of a CSV file, as the csv module reads them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def write_rows(path: Path, table: list[Row]) -> Path:
    """Write rows as plain CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def edit(change: Callable[[int, Row], None], path: Path = PREDICTIONS) -> list[Row]:
    """Let `change` edit each row of a CSV in place, as a person does in an editor."""
    table = rows(path)
    for number, row in enumerate(table):
        change(number, row)
    write_rows(path, table)
    return table


def files(folder: Path = Path(".")) -> dict[str, bytes]:
    """Every file under a folder with its content, but locks and logs of runs."""
    passing = (".djlib.lock", "runs.jsonl", "djlib.log")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in passing
    }
