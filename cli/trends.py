"""`djlib trends`: how buckets and taste move over time, and whether new tracks are different."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def trends(
    session: Session,
    source: Annotated[
        Path | None, typer.Argument(help="A table or library; default: what was scanned.")
    ] = None,
    by: Annotated[
        Literal["month", "quarter", "year"] | None,
        typer.Option("--by", help="Length of a period. Default: fits the library."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="First day of the recent tracks, e.g. 2024-05-31. Default: the last period.",
        ),
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", help="Draw it: a .png, .svg or .html file.")
    ] = None,
) -> None:
    """Say how your buckets and taste move over time.

    By the dates tracks were added on. Also whether the latest tracks differ from those before.

    Example: djlib trends --by quarter --chart trends.html
    """
    from djlib.workflows.buckets.trends import TrendsOptions, library_trends

    options = TrendsOptions(by, since, chart)
    report = library_trends(
        session.workspace, session.settings, source, options=options, talk=session.talk
    )
    session.show(report)
