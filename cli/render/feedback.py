"""What became of corrections, and where a review stands, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import (
    bar,
    count,
    heading,
    here,
    leaves,
    line,
    next_steps,
    percent,
    problems,
    quoted,
    table,
)
from .training import comparison

if TYPE_CHECKING:
    from djlib.workflows.buckets.feedback import FeedbackReport
    from djlib.workflows.buckets.review import ReviewReport


_SHOWN = 12


def bucket_feedback(report: FeedbackReport) -> None:
    """Draw what was taken, what was refused and why, and before and after."""
    if report.satisfaction and not report.dry_run:
        line(f"Noted: {report.satisfaction} of 5 for version {report.version}.")
    _renamed(report)
    if report.source:
        _taken(report)
    problems(report.problems, title="Repaired, refused or worth a look")
    if report.refused_file:
        shown = here(report.refused_file)
        line(f"\nThe refused rows are in {shown}: mend them, then djlib feedback {quoted(shown)}")
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
            f"Of the {looked.shown:,} predictions you looked at you let {looked.accepted:,} stand "
            f"({percent(looked.accepted / looked.shown)})."
        )


def _renamed(report: FeedbackReport) -> None:
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
    for old, new in report.like_renames.items():
        line(f"\nYour corrections seem to rename {old!r} to {new!r}. To rename the whole bucket:")
        line(f'  djlib feedback --rename "{old}={new}"')


def predictions_reviewed(report: ReviewReport) -> None:
    """Draw where the review stands and what to do next."""
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
