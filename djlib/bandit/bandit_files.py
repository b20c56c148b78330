"""What a bandit keeps beside its policy: how it was made, and every answer it learned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import ModelError
from ..tables.atomic import write_json
from ..tables.io import read_table, write_table
from .answers import answered, none_answered

_SETTINGS, _LABELLED = "bandit.json", "answers.parquet"


def write_learned(
    folder: Path, parameters: Mapping[str, Any], batch_number: int, labelled: pd.DataFrame
) -> None:
    """Write parameters, the number of batches and the answered listings into `folder`."""
    write_table(labelled, folder / _LABELLED)
    write_json(folder / _SETTINGS, {"parameters": parameters, "batch_number": batch_number})


def read_learned(folder: Path) -> tuple[dict[str, Any], int, pd.DataFrame]:
    """Read back what `write_learned` wrote; raises `ModelError` where it is damaged."""
    try:
        said = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        table = read_table(folder / _LABELLED, problems=[], duplicates="keep")
        labelled = answered(table) if len(table) else none_answered()
        return dict(said["parameters"]), int(said["batch_number"]), labelled
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: not a whole keepers model ({error})") from error
