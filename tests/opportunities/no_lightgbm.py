"""A machine on which LightGBM cannot be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from djlib.opportunities.trees import trees_missing

FAULTS = {
    "not installed": "raise ModuleNotFoundError('no lightgbm')",
    "no OpenMP": "raise OSError('libgomp.so.1: cannot open shared object file')",
}


@contextmanager
def no_lightgbm(folder: Path, how: str) -> Iterator[None]:
    """Until the end of the block `import lightgbm` fails, as it does on a bare system."""
    (folder / "lightgbm.py").write_text(FAULTS[how])
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        for name in [name for name in sys.modules if name.partition(".")[0] == "lightgbm"]:
            patch.delitem(sys.modules, name)
        trees_missing.cache_clear()
        yield
    trees_missing.cache_clear()
