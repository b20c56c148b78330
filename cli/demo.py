"""`djlib demo`: the whole loop on a sample library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import _options as o


def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo works.")] = Path(
        "djlib-demo"
    ),
    seed: o.Seed = 0,
    json: o.Json = False,
) -> None:
    """Try the whole loop on a sample library.

    Invents 600 tracks, learns their buckets and sorts what is unsorted.

    Example: djlib demo
    """  # fmt: skip
    from djlib.workflows.library.demo import run_demo

    from ._session import Session, print_json
    from .render.assignments import answers, correcting
    from .render.text import here, line, next_steps
    from .render.training import figures, learned

    session = Session(folder, as_json=json)
    session.use(seed=seed)
    report = run_demo(session.workspace, session.settings, talk=session.talk)
    if json:
        print_json(report)
        return
    learned(report.trained)
    figures(report.trained)
    answers(report.assigned)
    if report.chart:
        line(f"  {here(report.chart)}")
    next_steps(
        f"cd {folder}",
        *correcting("data/bucket_predictions.csv"),
        "With your own library: djlib scan LIBRARY.xml, then djlib assign-buckets",
    )
