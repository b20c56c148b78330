"""`djlib assign-buckets`, and the script `assign_buckets`: a bucket for every track."""

from __future__ import annotations

if __name__ == "__main__" and not __package__:  # run as a file: hand over to the package
    import runpy
    import sys
    from pathlib import Path as _Path

    sys.path[0] = str(_Path(__file__).resolve().parents[1])
    runpy.run_module("cli.assign_buckets", run_name="__main__", alter_sys=True)
    raise SystemExit

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def assign_buckets(
    session: Session,
    source: Annotated[
        Path | None, typer.Argument(help="A table or library; default: what was scanned.")
    ] = None,
    feedback: Annotated[
        Path | None,
        typer.Option("--feedback", help="Learn from this file of corrections first."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: data/bucket_predictions.csv.")
    ] = None,
    threshold: o.Threshold = None,
    target_precision: o.TargetPrecision = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Explain each prediction: fields, nearest tracks.")
    ] = False,
    dry_run: o.DryRun = False,
    rows: Annotated[
        Literal["auto", "all", "unsorted"],
        typer.Option(
            "--rows",
            help="auto: all of a table you name, the unsorted of a library.",
            rich_help_panel=o.ADVANCED,
        ),
    ] = "auto",
    for_spreadsheet: Annotated[
        bool,
        typer.Option(
            "--for-spreadsheet",
            help="Write for Excel: BOM, formulas defused. 'feedback' reads it back.",
            rich_help_panel=o.ADVANCED,
        ),
    ] = False,
    new_bucket: Annotated[
        bool,
        typer.Option(
            "--new-bucket",
            help="With --feedback: new names are new buckets.",
            rich_help_panel=o.ADVANCED,
        ),
    ] = False,
    ab: Annotated[
        str | None,
        typer.Option(
            "--ab",
            help="Let this version answer for half of the songs; 'djlib report' compares.",
            rich_help_panel=o.ADVANCED,
        ),
    ] = None,
    ab_share: Annotated[
        float,
        typer.Option("--ab-share", help="Share of the songs for --ab.", rich_help_panel=o.ADVANCED),
    ] = 0.5,
) -> None:
    """Propose a bucket for every unsorted track.

    With confidence and reasons, in a file you can correct.

    Example: djlib assign-buckets --target-precision 0.9
    """  # fmt: skip
    from djlib.workflows.buckets.assign import AssignOptions, propose_buckets

    from .feedback import learn_first

    buckets = {"threshold": threshold, "target_precision": target_precision}
    session.use(buckets=buckets)
    if feedback:
        learn_first(session, feedback, allow_new=new_bucket, dry_run=dry_run)
    options = AssignOptions(output, rows, debug, dry_run, for_spreadsheet, ab, ab_share)
    report = propose_buckets(
        session.workspace, session.settings, source, options=options, talk=session.talk
    )
    session.show(report)


def script() -> None:
    """Run `assign_buckets` on its own, as the installed script and `python cli/...` do."""
    from ._boundary import run_alone

    run_alone(assign_buckets)


if __name__ == "__main__":
    script()
