"""`djlib scan`: a library into the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def scan(
    session: Session,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files and folders of any DJ program, of audio files, tables, Discogs exports; "
            "feeds of open calls, as files or addresses. Default: those of the last scan."
        ),
    ] = None,
    include: o.Include = None,
    exclude: o.Exclude = None,
    all_playlists: Annotated[
        bool,
        typer.Option("--all-playlists", help="Every playlist is a bucket, history lists too."),
    ] = False,
    folders_as_buckets: Annotated[
        bool, typer.Option("--folders-as-buckets", help="Folder names are buckets.")
    ] = False,
    processes: Annotated[
        int,
        typer.Option("--processes", min=1, help="For audio files.", rich_help_panel=o.ADVANCED),
    ] = 1,
    anew: Annotated[
        bool, typer.Option("--anew", help="Listings replace those scanned before.")
    ] = False,
    feeds: Annotated[
        bool, typer.Option("--feeds", help="Scan the feeds of calls listed in djlib.toml.")
    ] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Take calls even where their source looks broken.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep looking, scan what changed; Ctrl-C ends it.")
    ] = False,
    dry_run: o.DryRun = False,
) -> None:
    """Read your library; playlists become buckets.

    Example: djlib scan rekordbox.xml --exclude 'Old gigs / *'
    """
    from djlib.workflows import learner
    from djlib.workflows.core.learner import ScanRequest

    request = ScanRequest(
        tuple(include or ()),
        tuple(exclude or ()),
        all_playlists,
        folders_as_buckets,
        processes,
        anew=anew,
        feeds=feeds,
        trust=trust,
        watch=watch,
        dry_run=dry_run,
    )
    reports = learner.scan(
        session.workspace, session.settings, sources or (), request, session.talk
    )
    for report in reports:
        session.show(report)
