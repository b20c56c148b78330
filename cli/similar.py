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
    answered: Annotated[
        bool, typer.Option("--answered", help="Also those you have answered already.")
    ] = False,
) -> None:
    """Find records like one you name.

    The nearest in the taste space that your answers made, and what they share.

    Example: djlib similar "shades of jae"
    """
    from djlib.workflows.keepers.similar import similar_records

    report = similar_records(
        session.workspace,
        session.settings,
        record,
        n=n,
        with_answered=answered,
        talk=session.talk,
    )
    session.show(report)
