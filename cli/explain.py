"""`djlib explain`: why a track gets its bucket, what was said of it before, what the model uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def explain(
    session: Session,
    track: Annotated[
        str | None, typer.Argument(help="A track's id, or a piece of its artist and title.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Every answer it ever got, and your corrections.")
    ] = False,
    model: Annotated[
        bool, typer.Option("--model", help="Not a track: which fields the model leans on.")
    ] = False,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="With --model: draw it; .png, .svg or .html."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Look for the track here; default: what was scanned."),
    ] = None,
    version: Annotated[
        str, typer.Option("--version", help="Ask another version: its id, or 'previous'.")
    ] = "current",
    top: Annotated[
        int, typer.Option("--top", min=1, max=50, help="How many choices and nearest tracks.")
    ] = 3,
) -> None:
    """Say why a track gets its bucket or a record was chosen.

    And what would change that. Nothing is written but the chart.

    Example: djlib explain "shades of jae"
    """
    from djlib.errors import UsageError
    from djlib.workflows.core.learner import ExplainRequest
    from djlib.workflows.learner import learner_to_explain

    if (track is None) != model or (model and history) or (chart and not model):
        raise UsageError("name one track, with or without --history; or --model, with --chart FILE")
    request = ExplainRequest(track, history, chart, data, version, top)
    learner = learner_to_explain(session.workspace, request)
    session.show(learner.explain(session.workspace, session.settings, request, session.talk))
