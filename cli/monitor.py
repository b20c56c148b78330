"""`djlib monitor`: what has changed around the models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def monitor(
    session: Session,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a page with charts: a new .html file.")
    ] = None,
) -> None:
    """Say what has changed around your models.

    What comes in, how sure the models are, what you do with their proposals.

    Example: djlib monitor --report changes.html
    """
    from djlib.jobs.monitor import watch

    found = watch(session.workspace, session.settings, talk=session.talk, page=report)
    session.show(found)
    if report:
        session.talk.say(f"Written: {report}")
