"""What was exported, where to, and taken back, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import count, heading, here, line, next_steps, problems, sizes, table

if TYPE_CHECKING:
    from djlib.workflows.buckets.export.export import ExportReport
    from djlib.workflows.buckets.export.journal import Entry
    from djlib.workflows.buckets.export.undo import UndoReport
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


def playlists_exported(report: ExportReport) -> None:
    """Draw what was written, and how it gets into the DJ software."""
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
    line(f"\nWritten: {here(report.written[0])}")
    if len(report.written) > 1:
        line(f"and {count(len(report.written) - 1, 'more file')} beside it")
    for path in report.stale[:5]:
        line(f"Left as it is, from an earlier export: {here(path)}")
    next_steps(
        *_HOW.get(report.to, ()), f"djlib history undo {report.entry}    takes this export back"
    )


def tags_written(report: TagReport) -> None:
    """Draw what was or would be written into the tags."""
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


_STATES = {"begun": "killed in the middle", "done": "", "undone": "undone"}


def export_history(found: list[Entry]) -> None:
    """Draw the entries."""
    if not found:
        line("Nothing was exported yet: run 'djlib export'.")
        return
    table(
        ["entry", "when", "what", "tracks", "files", "state", "where"],
        [
            (
                str(e.id),
                e.at,
                e.to if e.what == "export" else f"tags ({e.to})",
                f"{e.tracks:,}",
                f"{len(e.changes):,}" if e.what == "export" else "",
                _STATES[e.state],
                here(e.target) if e.target else "",
            )
            for e in found
        ],
        right="entry,tracks,files",
        widths={"where": 200},
    )
    undoable = [e.id for e in found if e.state != "undone"]
    if undoable:
        next_steps(f"djlib history undo {undoable[0]}    takes the newest back")


def export_undone(report: UndoReport) -> None:
    """Draw what was brought back."""
    heading(f"Entry {report.entry.id}, {report.entry.to}, of {report.entry.at}")
    for what, paths in (
        ("brought back", report.restored),
        ("removed", report.removed),
        ("kept as a copy", report.copies),
        ("changed by others since: only the field was brought back", report.field_only),
    ):
        if paths:
            line(f"{count(len(paths), 'file')} {what}, e.g. {here(paths[0])}")
    if not (report.restored or report.removed or report.problems):
        line("Every file is already as it was.")
    problems(report.problems, title="Not undone")
    if report.is_dry_run:
        line("Nothing written (--dry-run).")
