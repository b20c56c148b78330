"""`djlib synth`: invented tables to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from . import _options as o


def synth(
    table: Annotated[
        Literal["tracks", "listings", "opportunities"], typer.Argument(help="What to invent.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new .csv or .parquet file.")],
    rows: Annotated[int, typer.Option("--rows", "-n", min=1, help="How many rows.")] = 600,
    buckets: Annotated[int, typer.Option("--buckets", min=2, help="For tracks.")] = 8,
    labelled: Annotated[
        float, typer.Option("--labelled", min=0, max=1, help="Share of tracks that are sorted.")
    ] = 1.0,
    seed: o.Seed = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    json: o.Json = False,
) -> None:
    """Invent a sample table.

    Example: djlib synth tracks --rows 600 --output sample.csv
    """
    from djlib.errors import UsageError
    from djlib.workflows.library.demo import synthesise

    from ._session import print_json
    from .render.text import line

    if output.exists() and not force:
        raise UsageError(f"{output} exists; choose another name or pass --force")
    synthesise(table, output, rows=rows, buckets=buckets, labelled=labelled, seed=seed or 0)
    if json:
        print_json({"written": [str(output)], "rows": rows})
    else:
        line(f"Written: {output} ({rows:,} rows)")
