"""`djlib feedback`: your corrections in, a model that has learned from them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.buckets.feedback import FeedbackReport

    from ._session import Session

_SHOWN = 12


def feedback(
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
    from djlib.workflows.buckets.feedback import FeedbackOptions, bucket_feedback
    from djlib.workflows.feedback_learner import feedback_learner

    from ._session import Session

    options = FeedbackOptions(
        allow_new=new_bucket,
        renames=rename or (),
        pace="auto" if fast is None else "fast" if fast else "full",
        promotion=o.promotion(promote),
        satisfaction=satisfaction,
        note=note,
        dry_run=dry_run,
    )
    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    learner = feedback_learner(session.workspace, file, undo=undo)
    if learner == "keeper":
        return _keepers(session, file, undo=undo, dry_run=dry_run)
    if learner == "opportunity":
        return _ratings(session, file, undo=undo, dry_run=dry_run)
    report = bucket_feedback(
        session.workspace, session.settings, file, options=options, talk=session.talk
    )
    return session.show(report, render)


def _ratings(session: Session, file: Path | None, *, undo: bool, dry_run: bool) -> None:
    from djlib.workflows.opportunities.feedback import opportunity_feedback

    from ._rating_report import rating_report

    report = opportunity_feedback(
        session.workspace, session.settings, file, talk=session.talk, undo=undo, dry_run=dry_run
    )
    session.show(report, rating_report)


def _keepers(session: Session, file: Path | None, *, undo: bool, dry_run: bool) -> None:
    from djlib.workflows.keepers.feedback import keeper_feedback

    from ._keeper_report import keeper_report

    report = keeper_feedback(
        session.workspace, session.settings, file, talk=session.talk, undo=undo, dry_run=dry_run
    )
    session.show(report, keeper_report)


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


def render(report: FeedbackReport) -> None:
    """Draw what was taken, what was refused and why, and before and after."""
    from ._render import line, next_steps, problems
    from ._training_report import comparison

    if report.satisfaction and not report.dry_run:
        line(f"Noted: {report.satisfaction} of 5 for version {report.version}.")
    _renamed(report)
    if report.source:
        _taken(report)
    problems(report.problems, title="Repaired, refused or worth a look")
    _like_renames(report)
    if report.training is None:
        is_dry = report.dry_run and (report.taken or report.renamed)
        why = "Nothing taken for good (--dry-run)" if is_dry else "Nothing new to learn"
        line(f"\n{why}: the model stays as it is.")
        return
    comparison(report.training)
    if report.training.promoted:
        next_steps(
            "djlib assign-buckets    proposes again with what it has learned",
            "djlib report            shows the versions side by side",
            "djlib models rollback   goes back to the version before",
        )


def _taken(report: FeedbackReport) -> None:
    from ._render import count, heading, leaves, line, percent, table

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
    if report.looked:
        looked = report.looked
        line(
            f"You let {looked.accepted:,} of {looked.shown:,} predictions stand "
            f"({percent(looked.accepted / looked.shown)})."
        )


def _renamed(report: FeedbackReport) -> None:
    from ._render import line

    for r in report.renamed:
        if r.known:
            line(f"{r.old!r} is called {r.new!r} already.")
        elif r.kind == "merge":
            line(f"{r.old!r} and {r.new!r}, which exists, are one bucket from now on: {r.new!r}.")
        elif r.kind == "undo":
            line(f"{r.old!r} and {r.new!r} are two buckets again.")
        else:
            line(f"{r.old!r} is called {r.new!r} from now on.")
    done = [r for r in report.renamed if not r.known]
    if done and not report.dry_run:
        back = " ".join(f'--rename "{r.new}={r.old}"' for r in reversed(done))
        line(f"Back: djlib feedback {back}")


def _like_renames(report: FeedbackReport) -> None:
    from ._render import line

    for old, new in report.like_renames.items():
        line(f"\nYour corrections seem to rename {old!r} to {new!r}. To rename the whole bucket:")
        line(f'  djlib feedback --rename "{old}={new}"')
