"""`djlib check`: what is wrong with a table or library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.jobs.check import CheckReport


def check(
    source: Annotated[Path, typer.Argument(help="A table, DJ library or folder of audio files.")],
    json: o.Json = False,
    workspace: o.Workspace = None,
    verbose: o.Verbose = False,
) -> None:
    """Say what is missing, doubled or suspect.

    Nothing is written.

    Example: djlib check data/training.csv
    """
    from djlib.jobs.check import check as run

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose)
    session.show(run(session.workspace, source, session.talk), render)


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
