"""`djlib train`: learn from what is sorted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def train(
    session: Session,
    source: Annotated[
        Path | None, typer.Argument(help="A table or library; default: what was scanned.")
    ] = None,
    target_precision: o.TargetPrecision = None,
    threshold: o.Threshold = None,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="Draw confidence against truth: .png, .svg or .html."),
    ] = None,
    model: o.Model = None,
    engine: o.Engine = None,
    keepers: Annotated[
        bool,
        typer.Option("--keepers", help="Learn from the records you own, want or said to keep."),
    ] = False,
    opportunities: Annotated[
        bool, typer.Option("--opportunities", help="Learn from how calls were rated.")
    ] = False,
    several: o.Several = None,
    promote: o.Promote = None,
    seed: o.Seed = None,
) -> None:
    """Learn from what you did, and measure how well.

    Example: djlib train --target-precision 0.9
    """
    from djlib.reporting.charts import chart_kind
    from djlib.workflows.core.learner import TrainRequest
    from djlib.workflows.learner import learner_to_train

    if chart:
        chart_kind(chart)  # refused before the work, not after it
    buckets = {
        "threshold": threshold,
        "target_precision": target_precision,
        "model": model,
        "engine": engine,
    }
    session.use(seed=seed, buckets=buckets)
    named = "opportunity" if opportunities else "keeper" if keepers else None
    learner = learner_to_train(source, named)
    request = TrainRequest(several, o.promotion(promote))
    report = learner.train(session.workspace, session.settings, source, request, session.talk)
    session.show(report)
    if chart and learner.draw_training(session.workspace, report, chart):
        session.talk.say(f"Written: {chart}")
