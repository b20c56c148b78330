"""`djlib scan`: a library into the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.jobs.scan import ScanReport


def scan(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Files and folders of any DJ program, of audio files, or tables."),
    ],
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
    dry_run: o.DryRun = False,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Read your library; playlists become buckets.

    Example: djlib scan rekordbox.xml --exclude 'Old gigs / *'
    """
    from djlib.jobs.scan import ScanOptions
    from djlib.jobs.scan import scan as run

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    options = ScanOptions(
        tuple(include or ()), tuple(exclude or ()), all_playlists, folders_as_buckets, processes
    )
    report = run(
        session.workspace,
        session.settings,
        sources,
        options=options,
        talk=session.talk,
        dry_run=dry_run,
    )
    session.show(report, render)


def render(report: ScanReport) -> None:
    """Draw what was found and what to do with it."""
    from ._render import heading, here, line, next_steps, percent, problems, sizes

    share = percent(report.sorted_tracks / report.tracks)
    heading(f"{report.tracks:,} tracks, {report.sorted_tracks:,} already sorted ({share})")
    if len(report.sources) > 1:
        _sources(report)
    if report.buckets:
        sizes(report.buckets)
    if report.several:
        line(f"{report.several:,} tracks sit in two buckets or more: they will be learned so.")
    if report.left_out:
        heading(f"Playlists that are no buckets ({len(report.left_out)})")
        for name, reason in report.left_out.items():
            line(f"  {name}: {reason}")
        line("  --include 'NAME' makes one a bucket all the same.")
    problems(report.problems)
    if report.written:
        line(f"\nWritten: {here(report.written)}")
    if len(report.buckets) > 1:
        next_steps("djlib assign-buckets    gives every unsorted track a bucket")
    else:
        next_steps(
            "Nothing to learn from yet: put tracks into at least two playlists, or fill the",
            "column 'bucket' of a CSV, and scan again.",
        )


def _sources(report: ScanReport) -> None:
    from ._render import here, table

    rows = [
        (here(s.path), s.kind, f"{s.tracks:,}", f"{s.playlists:,}", f"{s.problems or ''}")
        for s in report.sources
    ]
    headings = ["source", "kind", "tracks", "playlists", "problems"]
    table(headings, rows, right="tracks,playlists,problems")
