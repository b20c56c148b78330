"""`djlib review`: the predictions answered in the terminal, one key each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def review(
    session: Session,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Predictions, a batch of records or a list of calls to go through; default: "
            "data/bucket_predictions.csv, else data/batch.csv, else data/recommendations.csv."
        ),
    ] = None,
    done: Annotated[
        bool, typer.Option("--done", help="Ask nothing; write what was answered into the file.")
    ] = False,
    learn: Annotated[
        bool, typer.Option("--learn", help="Learn from the answers at the end, as 'feedback' does.")
    ] = False,
) -> None:
    """Answer with one key a track, record or call.

    Those the model is unsure of come first. Every answer is saved at once; leave with q at any
    time and go on later. With --json nothing is asked: it says where the review stands.

    Example: djlib review --learn
    """
    from djlib.workflows.learner import learner_of_review

    asks = not (done or session.as_json)
    learner = learner_of_review(session.workspace, file)
    ask = _screen_of(learner.name) if asks else None
    write = done or learn or asks
    report = learner.review(session.workspace, session.settings, file, ask, write, session.talk)
    if learn:
        report = learner.learn_review(session.workspace, session.settings, report, session.talk)
    session.show(report)


def _screen_of(learner: str) -> Callable[[Any], None]:
    """The screen on which a learner's proposals are answered; needs a terminal."""
    from djlib.errors import UsageError

    from .render import batch_screen, call_screen, review_screen
    from .render.keys import is_terminal

    if not is_terminal():
        raise UsageError(
            "a review asks for keys, and this is no terminal; start it in one, use --json to see "
            "where it stands, or correct the file in a spreadsheet"
        )
    screens: dict[str, Callable[[Any], None]] = {
        "bucket": review_screen.ask,
        "keeper": batch_screen.ask,
        "opportunity": call_screen.ask,
    }
    return screens[learner]
