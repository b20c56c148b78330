"""`djlib duplicates`: songs that lie in several files or versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.library.duplicates import DuplicatesReport

_SHOWN_SONGS = 12


def duplicates(
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
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Find songs you have several times, and which file to keep.

    Nothing is deleted or changed.

    Example: djlib duplicates
    """
    from djlib.workflows.library.duplicates import list_duplicates

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    report = list_duplicates(
        session.workspace,
        session.settings,
        source,
        output,
        with_versions=versions,
        talk=session.talk,
    )
    session.show(report, render)


def render(report: DuplicatesReport) -> None:
    """Draw the songs with the most copies first."""
    from ._render import count, credit, heading, here, line, problems, table

    copies = f"{report.copies:,} {'copy' if report.copies == 1 else 'copies'}"
    heading(f"{report.tracks:,} tracks: {count(report.songs, 'song')} more than once, {copies}")
    if report.bytes:
        line(f"Copies found on this computer take {_size(report.bytes)}.")
    shown = list(dict.fromkeys(row.song for row in report.rows if row.suggestion))[:_SHOWN_SONGS]
    rows = [row for row in report.rows if row.song in shown]
    if rows:
        table(
            ["song", "artist", "title", "version", "what", "why"],
            [
                (
                    str(row.song),
                    *credit(row.artist, row.title),
                    row.version,
                    row.suggestion or row.kind,
                    row.why,
                )
                for row in rows
            ],
            right="song",
            widths={"artist": 14, "title": 24, "version": 14, "why": 200},
        )
    problems(report.problems)
    if report.written:
        line(f"\nAll of them: {here(report.written)}")


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 5e7 else f"{n_bytes / 1e6:.1f} MB"
