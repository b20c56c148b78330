"""A library drawn: what a scan found, what is missing or suspect, what is there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import (
    bar,
    count,
    credit,
    heading,
    here,
    leaves,
    line,
    next_steps,
    percent,
    problems,
    quoted,
    sizes,
    table,
)

if TYPE_CHECKING:
    from djlib.workflows.buckets.check_labels import LabelReport
    from djlib.workflows.library.check import CheckReport
    from djlib.workflows.library.duplicates import DuplicatesReport
    from djlib.workflows.library.scan import ScanReport


def library_scanned(report: ScanReport) -> None:
    """Draw what was found and what to do with it."""
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
    rows = [
        (here(s.path), s.kind, f"{s.tracks:,}", f"{s.playlists:,}", f"{s.problems or ''}")
        for s in report.sources
    ]
    headings = ["source", "kind", "tracks", "playlists", "problems"]
    table(headings, rows, right="tracks,playlists,problems")


_SHOWN_TRACKS = 12


def library_checked(report: CheckReport) -> None:
    """Draw columns, findings and problems."""
    quality = report.quality
    heading(f"{report.source}: {quality.rows:,} rows of {report.table}")
    table(
        ["column", "missing", "", "different", "not understood"],
        [
            (
                c.name,
                percent(c.missing),
                bar(c.missing),
                f"{c.distinct:,}",
                percent(c.not_understood) if c.not_understood else "",
            )
            for c in quality.columns
        ],
        right="missing,different,not understood",
    )
    if quality.findings:
        heading("Worth a look")
    for finding in quality.findings:
        line(f"  {finding.name}: {finding.count:,}, e.g. {'; '.join(finding.examples)}")
    for name, reason in report.left_out.items():
        line(f"  playlist {name} is no bucket: {reason}")
    problems(report.problems)
    if not quality.findings and not report.problems:
        line("Nothing suspect.")


def labels_checked(report: LabelReport) -> None:
    """Draw the placements that look odd, and what to do with them."""
    heading(f"{report.tracks:,} tracks in {report.buckets} buckets, checked")
    line(f"Models that never saw them agree with {percent(report.agreement)} of your placements.")
    line("Where crates overlap they differ often: only what is far off is called odd.")
    if report.odd:
        heading(f"Your placements that look odd ({len(report.odd)})")
        _odd(report)
    else:
        line("None of your placements looks odd.")
    _corrections(report)
    if report.too_small:
        named = ", ".join(f"{bucket} ({n})" for bucket, n in report.too_small.items())
        line(f"Too few tracks to check: {named}.")
    problems(report.problems)
    if report.written:
        next_steps(
            f"Open {report.written}, write the right bucket into 'correct_bucket' where one is",
            f"wrong, leave the others empty, then: djlib feedback {quoted(report.written)}",
        )
    elif report.odd:
        next_steps("djlib check --labels -o odd.csv    writes them all into a file to answer in")


def _odd(report: LabelReport) -> None:
    table(
        ["artist", "title", "is in", "would fit", "", "why"],
        [
            (
                *credit(row["artist"], row["title"]),
                leaves(row["bucket"]),
                leaves(row["suggested_bucket"]),
                f"{bar(row['probability'], 5)} {row['probability']:.2f}",
                "; ".join(filter(None, ("your correction" * row["your_correction"], row["why"]))),
            )
            for row in report.odd[:_SHOWN_TRACKS]
        ],
        widths={"artist": 14, "title": 20, "is in": 15, "would fit": 15, "why": 200},
    )
    if len(report.odd) > _SHOWN_TRACKS:
        line(f"and {len(report.odd) - _SHOWN_TRACKS} more; --output FILE.csv writes them all")


def _corrections(report: LabelReport) -> None:
    if report.corrections:
        odd = sum(row["odd"] for row in report.corrections)
        made = count(len(report.corrections), "correction")
        line(f"Of the {made} you made, {odd or 'none'} looks odd.")


_SHOWN_SONGS = 12


def duplicates_found(report: DuplicatesReport) -> None:
    """Draw the songs with the most copies first."""
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
