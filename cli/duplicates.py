"""`djlib duplicates`: songs that lie in several files or versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def duplicates(
    session: Session,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A table, library or folder of audio files; default: what was scanned."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: data/duplicates.csv.")
    ] = None,
    versions: Annotated[
        bool,
        typer.Option("--versions/--no-versions", help="Other versions of a song too."),
    ] = True,
) -> None:
    """Find songs you have several times, and which file to keep.

    Nothing is deleted or changed.

    Example: djlib duplicates
    """
    from djlib.workflows.library.duplicates import list_duplicates

    report = list_duplicates(
        session.workspace,
        session.settings,
        source,
        output,
        with_versions=versions,
        talk=session.talk,
    )
    session.show(report)
