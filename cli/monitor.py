"""`djlib monitor`: what has changed around the models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.jobs.monitor import MonitorReport


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
    session.show(found, _render)
    if report:
        session.talk.say(f"Written: {report}")


def _render(found: MonitorReport) -> None:
    from ._render import heading, line, table

    if not found.watched:
        line("No model yet: run 'djlib train' or 'djlib feedback' first.")
    for watched in found.watched:
        heading(f"{watched.learner} {watched.version}")
        table(
            ["kind", "what", "verdict", "how far", "p", "days", "in words"],
            [
                (
                    one.finding.kind,
                    one.finding.what,
                    "confirmed" if one.is_confirmed else one.finding.verdict,
                    "" if one.finding.effect is None else f"{one.finding.effect:.2f}",
                    "" if one.finding.p_value is None else f"{one.finding.p_value:.3f}",
                    f"{one.times} of {one.of}",
                    one.finding.words,
                )
                for one in watched.seen
            ],
            right="how far,p",
            widths={"in words": 60},
        )
