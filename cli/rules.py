"""`djlib rules`: what a crate's tracks have in common."""

from __future__ import annotations

from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def rules(
    session: Session,
    bucket: Annotated[
        str | None, typer.Argument(help="The bucket to describe; default: one line for each.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A table or library; default: what was scanned."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="Leave a field out of the rules, e.g. artist. Repeatable."),
    ] = None,
    shown: Annotated[
        int, typer.Option("--list", min=0, help="How many tracks to list of each kind.")
    ] = 5,
    everything: Annotated[bool, typer.Option("--all", help="List all of them.")] = False,
) -> None:
    """Say what a bucket's tracks have in common.

    Which tracks the rule would add wrongly, and which it misses. Nothing is written.

    Example: djlib rules "Warm up"
    """
    from djlib.workflows.buckets.rules import crate_rules

    from .render.rules import rules_found

    if bucket and source is None and isfile(bucket):  # djlib rules library.csv
        source, bucket = Path(bucket), None
    report = crate_rules(
        session.workspace,
        session.settings,
        bucket,
        source,
        without=without or (),
        talk=session.talk,
    )
    most = None if everything else shown
    session.show(report, lambda found: rules_found(found, most, source))
