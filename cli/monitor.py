"""`djlib monitor`: what has changed around the models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    pass


def monitor(
    report: Annotated[
        Path | None, typer.Option("--report", help="Write a page with charts: a new .html file.")
    ] = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
    verbose: o.Verbose = False,
) -> None:
    """Say what has changed around your models.

    What comes in, how sure the models are, what you do with their proposals.

    Example: djlib monitor --report changes.html
    """
    from djlib.jobs.monitor import watch

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose)
    found = watch(session.workspace, session.settings, talk=session.talk, page=report)
    session.show(found)
    if report:
        session.talk.say(f"Written: {report}")
