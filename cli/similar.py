"""`djlib similar`: records like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    pass


def similar(
    record: Annotated[str, typer.Argument(help="Its listing_id, or a piece of artist and title.")],
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many.")] = 10,
    json: o.Json = False,
    workspace: o.Workspace = None,
    verbose: o.Verbose = False,
) -> None:
    """Find records like one you name.

    The nearest in the taste space that your answers made, and what they share.

    Example: djlib similar "shades of jae"
    """
    from djlib.workflows.keepers.similar import similar_records

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose)
    report = similar_records(session.workspace, session.settings, record, n=n, talk=session.talk)
    session.show(report)
