"""`djlib check`: what is wrong with a table or library, and which placements look odd."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.buckets.check_labels import LabelReport
    from djlib.workflows.library.check import CheckReport

_SHOWN = 12


def check(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A table, library or folder of audio files; default: what was scanned."
        ),
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Look for tracks that may be in the wrong bucket.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="With --labels: a file to answer in, for feedback."),
    ] = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Say what is missing, doubled or suspect.

    Nothing is changed.

    Example: djlib check --labels
    """
    from djlib.errors import UsageError

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    if labels:
        from djlib.workflows.buckets.check_labels import check_labels

        found = check_labels(
            session.workspace, session.settings, source, output=output, talk=session.talk
        )
        session.show(found, render_labels)
        return
    if output is not None:
        raise UsageError("--output is written with --labels only")

    from djlib.workflows.library.check import check_table

    session.show(check_table(session.workspace, source, session.talk), render)


def render(report: CheckReport) -> None:
    """Draw columns, findings and problems."""
    from ._render import bar, heading, line, percent, problems, table

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


def render_labels(report: LabelReport) -> None:
    """Draw the placements that look odd, and what to do with them."""
    from ._render import heading, line, next_steps, percent, problems, quoted

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
    from ._render import bar, credit, leaves, line, table

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
            for row in report.odd[:_SHOWN]
        ],
        widths={"artist": 14, "title": 20, "is in": 15, "would fit": 15, "why": 200},
    )
    if len(report.odd) > _SHOWN:
        line(f"and {len(report.odd) - _SHOWN} more; --output FILE.csv writes them all")


def _corrections(report: LabelReport) -> None:
    from ._render import count, line

    if report.corrections:
        odd = sum(row["odd"] for row in report.corrections)
        made = count(len(report.corrections), "correction")
        line(f"Of the {made} you made, {odd or 'none'} looks odd.")
