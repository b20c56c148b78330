"""`djlib history`: what was written for other programs, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.buckets.export.journal import Entry

    from ._session import Session

app = typer.Typer(help="What was exported, and taking it back.", no_args_is_help=True)


@app.command("list")
def list_entries(json: o.Json = False, workspace: o.Workspace = None) -> None:
    """List every export and tag write, newest first.

    Example: djlib history list
    """
    from djlib.workflows.buckets.export.undo import entries

    from ._session import Session, print_json
    from .render.exports import export_history

    found = entries(Session(workspace).workspace)[::-1]
    if json:
        print_json(found)
    else:
        export_history(found)


@app.command("undo")
@o.in_session()
def undo(
    session: Session,
    entry: Annotated[
        int | None, typer.Argument(help="The number that 'history list' shows.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Files changed since too; a copy of each is kept.")
    ] = False,
    dry_run: o.DryRun = False,
) -> None:
    """Bring back what an export or a tag write replaced.

    Files that were not there before are removed. Refused where a file was changed since.

    Example: djlib history undo 3
    """
    from djlib.errors import UsageError
    from djlib.workflows.buckets.export.undo import entries, undo_entry

    if entry is None:
        raise UsageError(_which(entries(session.workspace)))
    report = undo_entry(
        session.workspace,
        session.settings,
        entry,
        force=force,
        dry_run=dry_run,
        talk=session.talk,
    )
    session.show(report)


def _which(found: list[Entry]) -> str:
    """What can be taken back, for one who named nothing."""
    newest = [e for e in found if e.state != "undone"][-1:]
    if not newest:
        return "there is nothing to take back: nothing was exported, or all of it was undone"
    what = f"{newest[0].id}, {newest[0].to}, of {newest[0].at}"
    return f"name the entry to take back: the newest is {what}; 'djlib history list' shows all"
