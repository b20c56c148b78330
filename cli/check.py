"""`djlib check`: what is wrong with a table or library, and which placements look odd."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def check(
    session: Session,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A table, library or folder of audio files; default: what was scanned."
        ),
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Look for tracks that may be in the wrong bucket.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="With --labels: a file to answer in, for feedback."),
    ] = None,
) -> None:
    """Say what is missing, doubled or suspect.

    Nothing is changed.

    Example: djlib check --labels
    """
    from djlib.errors import UsageError

    if labels:
        from djlib.workflows.buckets.check_labels import check_labels

        found = check_labels(
            session.workspace, session.settings, source, output=output, talk=session.talk
        )
        session.show(found)
        return
    if output is not None:
        raise UsageError("--output is written with --labels only")

    from djlib.workflows.library.check import check_table

    session.show(check_table(session.workspace, source, session.talk))
