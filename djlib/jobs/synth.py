"""`synth`: invented tables in a file, a batch at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ..tables.io import TableWriter
from ..tables.synthetic import (
    synthetic_library_batches,
    synthetic_listings,
    synthetic_opportunities,
)

Invented = Literal["tracks", "listings", "opportunities"]


def synthesise(
    table: Invented, output: Path, *, rows: int, buckets: int = 8, labelled: float = 1.0, seed: int
) -> None:
    """Write `rows` invented rows to `output`; the same seed gives the same file."""
    with TableWriter(output) as writer:
        if table == "tracks":
            for batch in synthetic_library_batches(rows, buckets, seed, labelled=labelled):
                writer.write(batch)
        elif table == "listings":
            writer.write(synthetic_listings(rows, seed))
        else:
            writer.write(synthetic_opportunities(rows, seed))
