"""`djlib scan`: a library into the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.jobs.scan import ScanReport
    from djlib.jobs.scan_listings import ListingsReport

    from ._session import Session


def scan(
    source: Annotated[
        Path,
        typer.Argument(
            help="rekordbox XML, Traktor NML, a folder of audio files, a CSV; or a Discogs export."
        ),
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
    anew: Annotated[
        bool, typer.Option("--anew", help="Listings replace those scanned before.")
    ] = False,
    dry_run: o.DryRun = False,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Read your library; playlists become buckets.

    Example: djlib scan rekordbox.xml --exclude 'Old gigs / *'
    """
    from djlib.formats.listings import holds_listings
    from djlib.jobs.scan import ScanOptions
    from djlib.jobs.scan import scan as run

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    if holds_listings(source):
        _scan_listings(session, source, anew=anew, dry_run=dry_run)
        return
    options = ScanOptions(
        tuple(include or ()), tuple(exclude or ()), all_playlists, folders_as_buckets, processes
    )
    report = run(
        session.workspace,
        session.settings,
        source,
        options=options,
        talk=session.talk,
        dry_run=dry_run,
    )
    session.show(report, render)


def _scan_listings(session: Session, source: Path, *, anew: bool, dry_run: bool) -> None:
    from djlib.jobs.scan_listings import scan_listings as run

    report = run(
        session.workspace, session.settings, source, talk=session.talk, anew=anew, dry_run=dry_run
    )
    session.show(report, render_listings)


def render_listings(report: ListingsReport) -> None:
    """Draw how many listings were found and what to do with them."""
    from ._render import count, heading, here, line, next_steps, problems

    heading(f"{count(report.found, 'listing')} found, {report.new:,} of them new here")
    line(f"{report.listings:,} in all, {report.owned:,} owned, {report.wanted:,} wanted.")
    problems(report.problems)
    if report.written:
        line(f"\nWritten: {here(report.written)}")
    next_steps(
        *["djlib train --keepers    learns from what you own and want"]
        * bool(report.owned + report.wanted),
        "djlib select-batch       chooses the next records worth a look",
    )


def render(report: ScanReport) -> None:
    """Draw what was found and what to do with it."""
    from ._render import heading, here, line, next_steps, percent, problems, sizes

    share = percent(report.sorted_tracks / report.tracks)
    heading(f"{report.tracks:,} tracks, {report.sorted_tracks:,} already sorted ({share})")
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
