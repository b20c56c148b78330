"""`djlib similar`: records like this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def similar(
    session: Session,
    record: Annotated[str, typer.Argument(help="Its listing_id, or a piece of artist and title.")],
    n: Annotated[int, typer.Option("--n", "-n", min=1, help="How many.")] = 10,
) -> None:
    """Find records like one you name.

    The nearest in the taste space that your answers made, and what they share.

    Example: djlib similar "shades of jae"
    """
    from djlib.workflows.keepers.similar import similar_records

    report = similar_records(session.workspace, session.settings, record, n=n, talk=session.talk)
    session.show(report)
