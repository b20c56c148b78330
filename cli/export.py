"""`djlib export`: the buckets as playlists for DJ software."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.jobs.export import ExportReport


def export(
    predictions: Annotated[
        Path | None, typer.Argument(help="Default: data/bucket_predictions.csv.")
    ] = None,
    to: Annotated[
        Literal["rekordbox", "m3u8"], typer.Option("--to", help="What to write.")
    ] = "rekordbox",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A new XML file, or a folder for M3U8 files."),
    ] = None,
    include_unsure: Annotated[
        bool, typer.Option("--include-unsure", help="Unsure predictions too.")
    ] = False,
    include_sorted: Annotated[
        bool, typer.Option("--include-sorted", help="Tracks that were sorted before too.")
    ] = False,
    folder: Annotated[
        str,
        typer.Option("--folder", help="Folder the playlists stand in.", rich_help_panel=o.ADVANCED),
    ] = "djlib",
    dry_run: o.DryRun = False,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Write the buckets as playlists for DJ software.

    Into a new file; your own files are never touched.

    Example: djlib export --to m3u8 --output playlists
    """
    from djlib.jobs.export import ExportOptions
    from djlib.jobs.export import export as run

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    report = run(
        session.workspace,
        session.settings,
        to,
        predictions,
        output,
        options=ExportOptions(include_unsure, include_sorted, folder, dry_run),
        talk=session.talk,
    )
    session.show(report, render)


def render(report: ExportReport) -> None:
    """Draw what was written, and how it gets into the DJ software."""
    from ._render import count, heading, here, line, next_steps, problems, sizes

    tracks, playlists = count(report.tracks, "track"), count(len(report.playlists), "playlist")
    heading(f"{tracks} in {playlists}")
    sizes(report.playlists)
    if report.unsure_left_out:
        line(f"{report.unsure_left_out:,} unsure tracks left out; --include-unsure takes them in.")
    problems(report.problems, title="Left out")
    if not report.written:
        line("Nothing written (--dry-run).")
        return
    line(f"\nWritten: {here(report.written[0])}")
    if len(report.written) > 1:
        line(f"and {count(len(report.written) - 1, 'more file')} beside it")
    if report.to == "rekordbox":
        next_steps(
            "rekordbox: Preferences > Advanced > Database > rekordbox xml > Imported Library:",
            "choose this file; show 'rekordbox xml' in the tree; right-click > Import Playlist.",
        )
