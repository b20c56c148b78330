"""`djlib scan`: a library into the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.keepers.scan import ListingsReport
    from djlib.workflows.library.gather import ScanOptions
    from djlib.workflows.library.scan import ScanReport

    from ._session import Session


def scan(
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
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Read your library; playlists become buckets.

    Example: djlib scan rekordbox.xml --exclude 'Old gigs / *'
    """
    from djlib.errors import UsageError
    from djlib.formats.records.listings import holds_listings
    from djlib.workflows.library.gather import ScanOptions
    from djlib.workflows.library.scan import scan_library
    from djlib.workflows.opportunities.scan import inputs_of_calls

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    options = ScanOptions(
        tuple(include or ()), tuple(exclude or ()), all_playlists, folders_as_buckets, processes
    )
    calls = [source for source in sources or () if inputs_of_calls(source)]
    paths = [Path(source) for source in sources or () if source not in calls]
    if calls or feeds:
        _scan_calls(session, calls, trust=trust, dry_run=dry_run)
    listings = [source for source in paths if holds_listings(source)]
    given = [source for source in paths if source not in listings]
    if listings:
        _scan_listings(session, listings, anew=anew, dry_run=dry_run)
    if (listings or calls or feeds) and not given:
        return
    if watch and dry_run:
        raise UsageError("--watch scans and writes; it cannot be a --dry-run")
    if watch:
        _watch(session, given, options)
        return
    report = scan_library(
        session.workspace,
        session.settings,
        given,
        options=options,
        talk=session.talk,
        dry_run=dry_run,
    )
    session.show(report, render)


def _scan_calls(session: Session, sources: list[str], *, trust: bool, dry_run: bool) -> None:
    from djlib.workflows.opportunities.scan import scan_opportunities

    from ._calls_report import render_calls

    report = scan_opportunities(
        session.workspace,
        session.settings,
        sources,
        talk=session.talk,
        trust=trust,
        dry_run=dry_run,
    )
    session.show(report, render_calls)


def _scan_listings(session: Session, sources: list[Path], *, anew: bool, dry_run: bool) -> None:
    from djlib.workflows.keepers.scan import scan_listings

    report = scan_listings(
        session.workspace, session.settings, sources, talk=session.talk, anew=anew, dry_run=dry_run
    )
    session.show(report, render_listings)


def render_listings(report: ListingsReport) -> None:
    """Draw how many listings were found and what to do with them."""
    from ._render import count, heading, here, line, next_steps, problems, quoted

    heading(f"{count(report.found, 'listing')} found, {report.new:,} of them new here")
    line(f"{report.listings:,} in all, {report.owned:,} owned, {report.wanted:,} wanted.")
    if report.answers:
        line(f"{report.answers:,} rows of it say whether you keep them; a scan learns no answers.")
    problems(report.problems)
    if report.written:
        line(f"\nWritten: {here(report.written)}")
    is_one = Path(report.source).exists()  # several are named with commas between
    file = quoted(here(report.source)) if is_one else "FILE"
    next_steps(
        *[f"djlib train {file}    learns the answers that stand in it"] * bool(report.answers),
        *["djlib train --keepers    learns from what you own and want"]
        * bool(report.owned + report.wanted),
        "djlib select-batch       chooses the next records worth a look",
    )


def _watch(session: Session, sources: list[Path], options: ScanOptions) -> None:
    from djlib.workflows.library.watch import stopped_by_signals, watch

    with stopped_by_signals() as stop:
        reports = watch(
            session.workspace,
            session.settings,
            sources,
            options=options,
            talk=session.talk,
            stop=stop,
        )
        for report in reports:
            session.show(report, render)
            session.talk.say("Watching; Ctrl-C ends it.")


def render(report: ScanReport) -> None:
    """Draw what was found and what to do with it."""
    from ._render import heading, here, line, next_steps, percent, problems, sizes

    if report.unchanged:
        line("Nothing changed since the last scan:")
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
            "column 'bucket' of a CSV, and scan again. Where each folder of files is a bucket:",
            "djlib scan --folders-as-buckets FOLDER",
        )


def _sources(report: ScanReport) -> None:
    from ._render import here, table

    rows = [
        (here(s.path), s.kind, f"{s.tracks:,}", f"{s.playlists:,}", f"{s.problems or ''}")
        for s in report.sources
    ]
    headings = ["source", "kind", "tracks", "playlists", "problems"]
    table(headings, rows, right="tracks,playlists,problems")
