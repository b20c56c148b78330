"""`djlib feedback`: your corrections in, a model that has learned from them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def feedback(
    session: Session,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="The edited predictions, or a CSV: track_id, correct_bucket; the batch; "
            "recommendations, or a CSV: user_id, opportunity_id, rating."
        ),
    ] = None,
    new_bucket: Annotated[
        bool, typer.Option("--new-bucket", help="Names not in use yet are new buckets.")
    ] = False,
    rename: Annotated[
        list[str] | None,
        typer.Option("--rename", help="Give a bucket another name: 'OLD=NEW'; back: 'NEW=OLD'."),
    ] = None,
    fast: Annotated[
        bool | None,
        typer.Option(
            "--fast/--full",
            help="Go on from the model in use, in seconds, or learn and measure anew. "
            "Default: fast for a few corrections.",
            show_default=False,
        ),
    ] = None,
    satisfaction: Annotated[
        int | None,
        typer.Option("--satisfaction", min=1, max=5, help="How content you are: 1 to 5."),
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Why, in your words.")] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the last feedback on records or calls back.")
    ] = False,
    all_seen: Annotated[
        bool,
        typer.Option(
            "--all-seen",
            help="You looked at every row you left empty, not only those above your last answer.",
        ),
    ] = False,
    promote: o.Promote = None,
    dry_run: o.DryRun = False,
) -> None:
    """Learn from your corrections.

    Shows what was taken, what was refused and why, and before and after.

    Example: djlib feedback data/bucket_predictions.csv
    """
    from djlib.workflows.core.learner import FeedbackRequest
    from djlib.workflows.learner import learner_of_feedback

    request = FeedbackRequest(
        allow_new=new_bucket,
        renames=rename or (),
        pace="auto" if fast is None else "fast" if fast else "full",
        promotion=o.promotion(promote),
        satisfaction=satisfaction,
        note=note,
        undo=undo,
        dry_run=dry_run,
        all_seen=all_seen,
    )
    learner = learner_of_feedback(session.workspace, file, undo=undo)
    session.show(learner.feedback(session.workspace, session.settings, file, request, session.talk))


def learn_first(session: Session, file: Path, *, allow_new: bool, dry_run: bool) -> None:
    """Take corrections before another command; what became of them goes to stderr as well."""
    from djlib.workflows.buckets.feedback import FeedbackOptions, bucket_feedback

    options = FeedbackOptions(allow_new=allow_new, dry_run=dry_run)
    report = bucket_feedback(
        session.workspace, session.settings, file, options=options, talk=session.talk
    )
    taken, refused = len(report.taken), len(report.refused)
    session.talk.say(f"{file}: {taken} corrections taken, {report.known} known, {refused} refused")
    for problem in report.problems:
        session.talk.say(f"  {problem}")
