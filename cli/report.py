"""`djlib report`: is it getting better?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def report(
    session: Session,
    chart: Annotated[
        Path | None, typer.Option("--chart", help="Draw it: .png, .svg or .html.")
    ] = None,
) -> None:
    """Show whether it gets better, version by version.

    How often each is right, how many of its proposals you let stand, how content you are; and,
    batch by batch, how many of the records it asks about you keep.

    Example: djlib report --chart progress.html
    """
    from djlib.reporting.charts import chart_kind
    from djlib.workflows.report import draw_progress, progress_report

    if chart:
        chart_kind(chart)  # refused before the work, not after it
    progress = progress_report(session.workspace, session.settings, talk=session.talk)
    session.show(progress)
    if chart:
        draw_progress(progress, chart)
        session.talk.say(f"Written: {chart}")
