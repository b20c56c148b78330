"""`djlib review`: the predictions answered in the terminal, one key a track."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.workflows.buckets.review import ReviewReport
    from djlib.workflows.buckets.review_session import Session as ReviewSession
    from djlib.workflows.keepers.review import BatchReviewReport

    from ._session import Session


def review(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Predictions or a batch of records to go through; default: "
            "data/bucket_predictions.csv, else data/batch.csv."
        ),
    ] = None,
    done: Annotated[
        bool, typer.Option("--done", help="Ask nothing; write what was answered into the file.")
    ] = False,
    learn: Annotated[
        bool, typer.Option("--learn", help="Learn from the answers at the end, as 'feedback' does.")
    ] = False,
    json: o.Json = False,
    workspace: o.Workspace = None,
    wait: o.Wait = None,
    verbose: o.Verbose = False,
) -> None:
    """Answer with one key a track or record.

    Those the model is unsure of come first. Every answer is saved at once; leave with q at any
    time and go on later. With --json nothing is asked: it says where the review stands.

    Example: djlib review --learn
    """
    from djlib.workflows.buckets.review import review_predictions
    from djlib.workflows.keepers.labels import batch_meant

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, wait=wait)
    asks = not (done or json)
    batch = batch_meant(session.workspace, file)
    if batch is not None:
        _batch(session, batch, asks=asks, learn=learn)
        return
    report = review_predictions(
        session.workspace,
        session.settings,
        file,
        ask=_terminal() if asks else None,
        write=done or learn or asks,
        talk=session.talk,
    )
    if learn:
        _learn(session, report)
    else:
        session.show(report, render)


def _batch(session: Session, file: Path, *, asks: bool, learn: bool) -> None:
    from djlib.workflows.keepers.feedback import keeper_feedback
    from djlib.workflows.keepers.review import review_batch

    from ._batch_screen import ask
    from ._keeper_report import keeper_report

    if asks:
        _need_a_terminal()
    report = review_batch(session.workspace, file, ask=ask if asks else None)
    if not learn:
        session.show(report, render_batch)
        return
    session.talk.say(f"{report.answered} of {report.listings} answered in {report.file}")
    learned = keeper_feedback(session.workspace, session.settings, file, talk=session.talk)
    session.show(learned, keeper_report)


def render_batch(report: BatchReviewReport) -> None:
    """Draw where the answers to a batch stand and what to do next."""
    from ._render import bar, heading, here, line, next_steps, percent, quoted

    share = report.answered / report.listings if report.listings else 1.0
    heading(f"{report.answered:,} of {report.listings:,} records answered, {report.keepers:,} kept")
    line(f"{bar(share, 30)} {percent(share)}")
    if report.kept:
        line(f"Parts of the file could not be read; a copy of it as it was: {report.kept}")
    file = quoted(here(report.file))
    steps = [f"djlib feedback {file}    learns from your answers"] * bool(report.answered)
    steps += [f"djlib review {file}    goes on where you stopped"] * bool(report.left)
    if steps:
        next_steps(*steps)


def _terminal() -> Callable[[ReviewSession], None]:
    from ._review_screen import ask

    _need_a_terminal()
    return ask


def _need_a_terminal() -> None:
    from djlib.errors import UsageError

    from ._keys import is_terminal

    if not is_terminal():
        raise UsageError(
            "a review asks for keys, and this is no terminal; start it in one, use --json to see "
            "where it stands, or correct the file in a spreadsheet"
        )


def _learn(session: Session, report: ReviewReport) -> None:
    """Give the answers to `feedback`; what was answered is said on the way."""
    from djlib.workflows.buckets.feedback import FeedbackOptions, bucket_feedback

    from .feedback import render as feedback_report

    session.talk.say(f"{report.answered} of {report.tracks} answered in {report.file}")
    learned = bucket_feedback(
        session.workspace,
        session.settings,
        Path(report.file),
        options=FeedbackOptions(allow_new=bool(report.new_buckets)),
        talk=session.talk,
    )
    session.show(learned, feedback_report)


def render(report: ReviewReport) -> None:
    """Draw where the review stands and what to do next."""
    from ._render import bar, count, heading, here, line, next_steps, percent, quoted

    share = report.answered / report.tracks if report.tracks else 1.0
    heading(f"{report.answered:,} of {report.tracks:,} tracks answered")
    line(f"{bar(share, 30)} {percent(share)}")
    agreed = report.answered - report.corrected
    confirmed = count(agreed, "proposal")
    line(f"{confirmed} confirmed, {report.corrected:,} corrected; {report.left:,} left.")
    if report.learned:
        line(f"{report.learned:,} more were corrected or confirmed before.")
    if report.elsewhere:
        line(f"Kept: {count(report.elsewhere, 'answer')} for tracks this file does not hold now.")
    if report.new_buckets:
        line(f"New buckets: {', '.join(report.new_buckets)}")
    if report.kept:
        line(f"Parts of the file could not be read; a copy of it as it was: {report.kept}")
    if report.written:
        line(f"Written: {here(report.written)}")
    new = " --new-bucket" if report.new_buckets else ""
    steps = []
    if report.answered:
        steps.append(f"djlib feedback {quoted(here(report.file))}{new}    learns from your answers")
    if report.left:
        steps.append("djlib review    goes on where you stopped")
    if steps:
        next_steps(*steps)
