"""`djlib recommend`: the open calls worth a look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.opportunities.recommend import Recommendations


def recommend(
    user: Annotated[str, typer.Option("--user", "-u", help="For whom.")] = "me",
    top: Annotated[int | None, typer.Option("--top", help="How many (10).")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: data/recommendations.csv.")
    ] = None,
    dry_run: o.DryRun = False,
    seed: o.Seed = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Show the open calls you would want to see.

    Each with a reason; write a rating beside it and feed it back.

    Example: djlib recommend --user mara --top 10
    """
    from djlib.workflows.opportunities.recommend import recommend_calls

    from ._session import Session

    session = Session(
        workspace, as_json=json, verbose=verbose, wait=wait, seed=seed, opportunities={"top": top}
    )
    report = recommend_calls(
        session.workspace,
        session.settings,
        user,
        output=output,
        talk=session.talk,
        dry_run=dry_run,
    )
    session.show(report, render)


def render(report: Recommendations) -> None:
    """Draw the list and how to rate it."""
    from ._render import bar, count, heading, here, line, next_steps, quoted, table

    heading(f"{count(len(report.rows), 'call')} for {report.user}, of {report.open:,} open ones")
    if report.note:
        line(report.note)
    if not report.rows:
        line("All that is open is rated, or nothing is open: 'djlib scan' brings more.")
        return
    table(
        ["title", "deadline", "like?", "source", "reason"],
        [
            (
                row["title"],
                row["deadline"] or "-",
                "-" if row["chance"] is None else f"{bar(row['chance'], 5)} {row['chance']:.2f}",
                row["source"],
                row["reason"],
            )
            for row in report.rows
        ],
        widths={"title": 36, "deadline": 17, "source": 18},
    )
    if report.from_cache:
        line(f"As recommended at {report.recommended_at}.")
    if report.kept:
        line(f"The older list held ratings nobody took in: kept as {here(report.kept)}")
    if report.written:
        file = quoted(here(report.written))
        line(f"Written: {here(report.written)}")
        next_steps(
            "Open it in a spreadsheet, write 1 (more of these), 0, or 1 to 5 into 'rating', then",
            f"djlib feedback {file}    learns from your ratings",
        )
