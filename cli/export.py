"""`djlib export`: the buckets as playlists for DJ software."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.buckets.export.export import ExportReport
    from djlib.workflows.buckets.export.write_tags import TagReport

_HOW = {
    "rekordbox": (
        "rekordbox: Preferences > Advanced > Database > rekordbox xml > Imported Library:",
        "choose this file; show 'rekordbox xml' in the tree; right-click > Import Playlist.",
    ),
    "traktor": (
        "Traktor: right-click Playlists in the tree > Import Playlists: choose this file.",
    ),
    "serato": (
        "Close Serato; copy _Serato_/Subcrates into the _Serato_ folder of the drive with the",
        "music (or give that drive to --output); open Serato: the crates stand under 'djlib'.",
    ),
}


def export(
    predictions: Annotated[
        Path | None, typer.Argument(help="Default: data/bucket_predictions.csv.")
    ] = None,
    to: Annotated[
        str,
        typer.Option("--to", help="rekordbox, traktor, serato, m3u8, m3u, csv or tags."),
    ] = "rekordbox",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A new file, or a folder for m3u8, m3u and serato."),
    ] = None,
    include_unsure: Annotated[
        bool, typer.Option("--include-unsure", help="Unsure predictions too.")
    ] = False,
    include_sorted: Annotated[
        bool, typer.Option("--include-sorted", help="Tracks that were sorted before too.")
    ] = False,
    only_new: Annotated[
        bool, typer.Option("--only-new", help="Only what is new or changed since the last export.")
    ] = False,
    keys: Annotated[
        Literal["as-is", "camelot", "openkey", "musical"],
        typer.Option("--keys", help="How keys are written."),
    ] = "as-is",
    relative: Annotated[
        bool,
        typer.Option("--relative", help="Playlist files: paths as seen from the file."),
    ] = False,
    forward_slash: Annotated[
        bool,
        typer.Option(
            "--forward-slash", help="Playlist files: / on Windows too.", rich_help_panel=o.ADVANCED
        ),
    ] = False,
    bom: Annotated[
        bool,
        typer.Option(
            "--bom", help="m3u8: begin with a byte order mark.", rich_help_panel=o.ADVANCED
        ),
    ] = False,
    folder: Annotated[
        str,
        typer.Option("--folder", help="Folder the playlists stand in.", rich_help_panel=o.ADVANCED),
    ] = "djlib",
    tag: Annotated[
        Literal["grouping", "comment"],
        typer.Option("--tag", help="tags: the field that gets the bucket."),
    ] = "grouping",
    write: Annotated[
        bool, typer.Option("--write", help="tags: really change the audio files.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="tags: also where the field says something else.")
    ] = False,
    dry_run: o.DryRun = False,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Write the buckets as playlists for DJ software.

    Into new files; your own are never touched. `djlib history undo` takes an export back.

    Example: djlib export --to m3u8 --output playlists
    """
    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    if to == "tags":
        from djlib.workflows.buckets.export.write_tags import TagOptions, write_tags

        asked = TagOptions(tag, include_unsure, include_sorted, replace, write and not dry_run)
        done = write_tags(
            session.workspace, session.settings, predictions, options=asked, talk=session.talk
        )
        session.show(done, render_tags)
        return
    from djlib.formats.options import WriteOptions
    from djlib.workflows.buckets.export.export import ExportOptions, export_buckets

    writing = WriteOptions(folder, relative, forward_slash, bom)
    options = ExportOptions(include_unsure, include_sorted, writing, keys, only_new, dry_run)
    report = export_buckets(
        session.workspace,
        session.settings,
        to,
        predictions,
        output,
        options=options,
        talk=session.talk,
    )
    session.show(report, render)


def render(report: ExportReport) -> None:
    """Draw what was written, and how it gets into the DJ software."""
    from ._render import count, heading, line, problems, sizes

    tracks, playlists = count(report.tracks, "track"), count(len(report.playlists), "playlist")
    heading(f"{tracks} in {playlists}")
    if report.playlists:
        sizes(report.playlists)
    _changes(report)
    if report.unsure_left_out:
        line(f"{report.unsure_left_out:,} unsure tracks left out; --include-unsure takes them in.")
    problems(report.problems, title="Left out")
    if report.is_dry_run:
        happens = [*report.files.values()]
        told = ", ".join(f"{happens.count(h)} {h}" for h in ("new", "changed", "same"))
        line(f"\nFiles: {told}.")
        line("Nothing written (--dry-run).")
    elif report.written:
        _written(report)
    else:
        line("Nothing is new since the last export: nothing written.")


def _changes(report: ExportReport) -> None:
    from ._render import heading, line, table

    changes = report.changes
    if changes.since is None:
        return
    heading(f"Since the last export (entry {changes.since})")
    if changes.are_none:
        line("Nothing changed.")
        return
    buckets = sorted({*changes.added, *changes.removed})
    if buckets:
        rows = [(b, changes.added.get(b, []), changes.removed.get(b, [])) for b in buckets]
        cells = [(b, f"+{len(new)}", f"-{len(gone)}") for b, new, gone in rows]
        table(["bucket", "new", "gone"], cells, right="new,gone")
    if changes.changed:
        line(f"{len(changes.changed):,} tracks with other names, tempo, key or file.")


def _written(report: ExportReport) -> None:
    from ._render import count, here, line, next_steps

    line(f"\nWritten: {here(report.written[0])}")
    if len(report.written) > 1:
        line(f"and {count(len(report.written) - 1, 'more file')} beside it")
    for path in report.stale[:5]:
        line(f"Left as it is, from an earlier export: {here(path)}")
    next_steps(
        *_HOW.get(report.to, ()), f"djlib history undo {report.entry}    takes this export back"
    )


def render_tags(report: TagReport) -> None:
    """Draw what was or would be written into the tags."""
    from ._render import count, heading, line, next_steps, problems, sizes

    n_files = sum(report.values.values())
    heading(f"{report.field}: {count(n_files, 'file')} to change, {report.same:,} right already")
    if report.values:
        sizes(report.values, unit="files")
    if report.unsure_left_out:
        line(f"{report.unsure_left_out:,} unsure tracks left out; --include-unsure takes them in.")
    problems(report.problems, title="Left alone")
    if report.entry is not None:
        line(f"\n{count(report.written, 'file')} changed.")
        next_steps(f"djlib history undo {report.entry}    brings every file back as it was")
    elif n_files:
        line("\nNothing written; --write changes the audio files.")
