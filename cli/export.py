"""`djlib export`: the buckets as playlists for DJ software."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def export(
    session: Session,
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
) -> None:
    """Write the buckets as playlists for DJ software.

    Into new files; your own are never touched. `djlib history undo` takes an export back.

    Example: djlib export --to m3u8 --output playlists
    """

    if to == "tags":
        from djlib.workflows.buckets.export.write_tags import TagOptions, write_tags

        asked = TagOptions(tag, include_unsure, include_sorted, replace, write and not dry_run)
        done = write_tags(
            session.workspace, session.settings, predictions, options=asked, talk=session.talk
        )
        session.show(done)
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
    session.show(report)
