"""`djlib select-batch`: the next records worth a look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.keepers.select_batch import BatchReport


def select_batch(
    source: Annotated[
        Path | None, typer.Argument(help="A file of listings; default: what was scanned.")
    ] = None,
    k: Annotated[int | None, typer.Option("--k", help="How many to ask about (20).")] = None,
    mode: Annotated[
        str | None,
        typer.Option("--mode", help="Who learns: strong, or faithful, the recipe as given."),
    ] = None,
    dial: Annotated[
        str | None,
        typer.Option("--dial", help="Lean to accuracy, balanced, diverse or novel ones."),
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option("--pool", help="Listings to look at: all, or a number drawn at random."),
    ] = None,
    adaptive: Annotated[
        bool | None,
        typer.Option(
            "--adaptive/--fixed",
            help="Explore by what exploring earned, or by the schedule.",
            show_default=False,
            rich_help_panel=o.ADVANCED,
        ),
    ] = None,
    ab: Annotated[
        str | None,
        typer.Option(
            "--ab",
            metavar="OTHER",
            help="Let another one choose half of it, and see whose you keep: faithful, strong, "
            "random (no choice at all), or a version.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: data/batch.csv.")
    ] = None,
    dry_run: o.DryRun = False,
    seed: o.Seed = None,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Choose the next records worth a look.

    Some that you should like, some to learn from; write 1 or 0 beside each and feed it back.

    Example: djlib select-batch --k 20
    """
    from djlib.workflows.keepers.select_batch import select_listings

    from ._session import Session

    keepers = {"k": k, "mode": mode, "dial": dial, "pool": pool, "adaptive": adaptive}
    session = Session(
        workspace, as_json=json, verbose=verbose, wait=wait, seed=seed, keepers=keepers
    )
    report = select_listings(
        session.workspace,
        session.settings,
        source,
        output=output,
        ab=ab,
        talk=session.talk,
        dry_run=dry_run,
    )
    session.show(report, render)


def render(report: BatchReport) -> None:
    """Draw the batch and how to answer it."""
    from ._render import (
        bar,
        count,
        credit,
        heading,
        here,
        line,
        next_steps,
        problems,
        quoted,
        table,
    )

    parts = ", ".join(f"{n} {part}" for part, n in (report.ab or report.split).items())
    heading(f"{count(len(report.rows), 'record')} out of {report.pool:,}: {parts}")
    labelled = any(row["label"] for row in report.rows)
    table(
        ["", "artist", "title", *(["label"] if labelled else []), "keep?", "reason"],
        [
            (
                row["selection_strategy"],
                *credit(row["artist"], row["title"]),
                *([row["label"]] if labelled else []),
                f"{bar(row['mean'], 5)} {row['mean']:.2f}",
                row["reason"],
            )
            for row in report.rows
        ],
        widths={"artist": 20, "title": 24, "label": 16},
    )
    line(
        f"Batch {report.batch_number}, exploration rate {report.exploration_rate:.0%}; "
        f"{report.answered:,} listings were answered before."
    )
    if report.ab:
        line("Two chose in turns (A/B). Feed your answers back: whose do you keep more?")
    problems(report.problems)
    if report.kept:
        line(f"The older batch held answers nobody took in: kept as {here(report.kept)}")
    if report.written:
        file = quoted(here(report.written))
        line(f"Written: {here(report.written)}")
        next_steps(
            f"djlib review {file}    asks about them, one key a record",
            "Or open it in a spreadsheet, write 1 (keep) or 0 into 'keeper', save it as CSV, then",
            f"djlib feedback {file}    learns from your answers",
        )
