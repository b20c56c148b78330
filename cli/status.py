"""`djlib status`: what is scanned, learned and waiting, and the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def status(session: Session) -> None:
    """Say where things stand and what comes next.

    What is scanned, learned and waiting, for tracks, records and calls. Plain `djlib` shows the
    same in a folder where something was begun.

    Example: djlib status
    """
    from djlib.workflows.status import workspace_status

    session.show(workspace_status(session.workspace))


def show_if_begun() -> bool:
    """Show the status of the workspace here; False where nothing was begun."""
    from djlib.settings import Workspace

    if not Workspace.find().data.is_dir():
        return False
    from ._session import Session

    session = Session(None)
    from djlib.workflows.status import workspace_status

    standing = workspace_status(session.workspace)
    if not any(status.is_begun for status in standing.learners):
        return False
    session.show(standing)
    return True
