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
    from djlib.bucketing.explain import Explanation
    from djlib.workflows.buckets.assign import AssignReport

_SHOWN = 12
_NOTHING_SURE = (
    "Nothing is sure yet. What helps: tempo, key and genre in the tags, more tracks in each",
    "bucket, corrections. A lower --threshold calls more of them sure, and more of those wrong.",
)
_WORTH_A_RATE = 1000


def assign_buckets(
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
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Propose a bucket for every unsorted track.

    With confidence and reasons, in a file you can correct.

    Example: djlib assign-buckets --target-precision 0.9
    """  # fmt: skip
    from djlib.workflows.buckets.assign import AssignOptions, propose_buckets

    from ._session import Session
    from .feedback import learn_first

    buckets = {"threshold": threshold, "target_precision": target_precision}
    session = Session(workspace, as_json=json, verbose=verbose, wait=wait, buckets=buckets)
    if feedback:
        learn_first(session, feedback, allow_new=new_bucket, dry_run=dry_run)
    options = AssignOptions(output, rows, debug, dry_run, for_spreadsheet, ab, ab_share)
    report = propose_buckets(
        session.workspace, session.settings, source, options=options, talk=session.talk
    )
    session.show(report, render)


def render(report: AssignReport) -> None:
    """Draw the answers and what to do next."""
    from ._render import next_steps

    answers(report)
    if report.written and report.rows:
        unsure = () if report.statuses["ok"] else _NOTHING_SURE
        next_steps(*unsure, *correcting(report.written[0]))


def correcting(predictions: str) -> tuple[str, ...]:
    """What a person does with a file of predictions."""
    from ._render import here, quoted

    file = quoted(here(predictions))
    return (
        f"djlib review {file}    asks about them, one key a track",
        "Or open them in a spreadsheet, write the right bucket into 'correct_bucket' where",
        f"one is wrong, save it as CSV, then: djlib feedback {file}",
        "djlib export --to rekordbox    makes playlists of the sure ones",
    )


def answers(report: AssignReport) -> None:
    """Draw the first answers, how sure the model is and what was written."""
    from ._render import heading, here, line, percent, problems, sizes

    if not report.rows:
        _nothing_to_answer(report)
        return
    sure = report.statuses["ok"]
    heading(f"{report.rows:,} tracks, sure of {sure:,} ({percent(sure / report.rows)})")
    if len(report.versions) > 1:
        shared = " and ".join(f"{n:,} by {version}" for version, n in report.versions.items())
        line(f"Answered {shared}. Once you have fed the file back, 'djlib report' compares them.")
    _first_rows(report)
    _confidence(report)
    heading("Buckets given")
    sizes(dict(report.buckets.most_common()))
    problems(report.problems)
    for explanation, row in zip(report.explanations, report.first_rows, strict=False):
        _explained(explanation, row)
    if report.written:
        rate = f" at {report.rows_per_second:,.0f} tracks a second"
        heading("Written" + (rate if report.rows >= _WORTH_A_RATE else ""))
        for path in report.written:
            line(f"  {here(path)}")


def _nothing_to_answer(report: AssignReport) -> None:
    from ._render import line, problems

    if report.already_sorted:
        line(f"All {report.already_sorted:,} tracks are sorted already: nothing to assign.")
        line("--rows all answers for them too.")
    else:
        line(f"{report.source} holds no tracks: nothing to assign.")
        problems(report.problems)


def _first_rows(report: AssignReport) -> None:
    from ._render import bar, credit, leaves, table

    table(
        ["artist", "title", "bucket", "confidence", "status", "reason"],
        [
            (*credit(row["artist"], row["title"]), leaves(row["predicted_bucket"]),
             f"{bar(row['confidence'], 5)} {row['confidence']:.2f}", row["status"], row["reason"])
            for row in report.first_rows[:_SHOWN]
        ],
        widths={"artist": 14, "title": 20, "bucket": 18},
    )  # fmt: skip


def _confidence(report: AssignReport) -> None:
    from ._render import bar, heading, line, percent, table

    heading("How sure")
    most = max(report.confidence)
    table(
        ["confidence", "tracks", ""],
        [
            (f"{i / 10:.1f} to {(i + 1) / 10:.1f}", f"{n:,}", bar(n / most, 30))
            for i, n in enumerate(report.confidence)
            if n
        ],
        right="tracks",
    )
    a = report.abstention
    if a.precision is not None:
        line(
            f"'ok' from {a.threshold:.2f} on: right {percent(a.precision)} of the time when "
            f"cross-validated, for {percent(a.coverage)} of the tracks."
        )
    elif a.target is not None:
        line(f"No threshold gives {percent(a.target)} precision: everything is unsure.")
    counts = ", ".join(f"{n:,} {status}" for status, n in report.statuses.most_common())
    line(f"Statuses: {counts}.")


def _explained(explanation: Explanation, row: dict[str, str]) -> None:
    from ._explanation import contributions, nearest, song
    from ._render import heading

    heading(f"{song(row['artist'], row['title'])}: {' and '.join(explanation.given)}")
    contributions(explanation)
    nearest(explanation)


def script() -> None:
    """Run `assign_buckets` on its own, as the installed script and `python cli/...` do."""
    from ._boundary import run_alone

    run_alone(assign_buckets)


if __name__ == "__main__":
    script()
