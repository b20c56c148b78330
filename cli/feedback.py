"""`djlib feedback`: your corrections in, a model that has learned from them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.jobs.feedback import FeedbackReport

    from ._session import Session

_SHOWN = 12


def feedback(
    file: Annotated[
        Path, typer.Argument(help="The edited predictions, or a CSV: track_id, correct_bucket.")
    ],
    new_bucket: Annotated[
        bool, typer.Option("--new-bucket", help="Names not in use yet are new buckets.")
    ] = False,
    promote: o.Promote = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Learn from your corrections.

    Shows what was taken, what was refused and why, and before and after.

    Example: djlib feedback data/bucket_predictions.csv
    """
    from djlib.jobs.feedback import feedback as run

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    report = run(
        session.workspace,
        session.settings,
        file,
        allow_new=new_bucket,
        promotion=o.promotion(promote),
        dry_run=dry_run,
        talk=session.talk,
    )
    session.show(report, render)


def learn_first(session: Session, file: Path, *, allow_new: bool, dry_run: bool) -> None:
    """Take corrections before another command; what became of them goes to stderr as well."""
    from djlib.jobs.feedback import feedback as run

    report = run(
        session.workspace, session.settings, file,
        allow_new=allow_new, dry_run=dry_run, talk=session.talk,
    )  # fmt: skip
    taken, refused = len(report.taken), len(report.refused)
    session.talk.say(f"{file}: {taken} corrections taken, {report.known} known, {refused} refused")
    for problem in report.problems:
        session.talk.say(f"  {problem}")


def render(report: FeedbackReport) -> None:
    """Draw what was taken, what was refused and why, and before and after."""
    from ._render import count, heading, leaves, line, next_steps, problems, table
    from ._training_report import comparison

    heading(f"{count(len(report.taken), 'correction')} taken")
    if report.taken:
        table(
            ["track", "was", "is"],
            [
                (
                    report.names.get(c.track_id) or c.track_id,
                    leaves(c.predicted),
                    leaves("|".join(c.buckets)),
                )
                for c in report.taken[:_SHOWN]
            ],
            widths={"was": 28},
        )
    if len(report.taken) > _SHOWN:
        line(f"and {len(report.taken) - _SHOWN} more")
    empty, refused = count(report.unanswered, "row"), count(len(report.refused), "row")
    line(
        f"{report.confirmed} of them agree with the prediction; {report.known} were known already; "
        f"{empty} left empty; {refused} refused."
    )
    problems(report.problems, title="Repaired, refused or worth a look")
    if report.training is None:
        why = "Nothing taken for good (--dry-run)" if report.taken else "Nothing new to learn"
        line(f"\n{why}: the model stays as it is.")
        return
    comparison(report.training)
    if report.training.promoted:
        next_steps(
            "djlib assign-buckets    proposes again with what it has learned",
            "djlib models rollback   goes back to the version before",
        )
