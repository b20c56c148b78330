"""How feedback on calls looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from djlib.workflows.opportunities.feedback import RatingReport


def rating_report(report: RatingReport) -> None:
    """Draw what was taken, how well the ranking does, and what to do next."""
    from ._render import count, heading, line, next_steps, problems

    if report.undone:
        line("The last ratings are taken back.")
    if report.source:
        liked = sum(rating.liked > 0.5 for rating in report.taken)
        heading(f"{count(len(report.taken), 'rating')} taken, {liked} of them liked")
        line(
            f"{report.changed} change an earlier rating; {report.known} were known already; "
            f"{report.unanswered} left empty; {len(report.refused)} refused."
        )
        if report.opened:
            line(f"{count(report.opened, 'call')} newly noted as opened.")
    problems(report.problems, title="Refused or worth a look")
    if not report.version:
        why = "Nothing taken for good (--dry-run)" if report.dry_run else "Nothing new to learn"
        if report.undone and not report.ratings:
            line("\nNo rating is left: calls go by freshness, deadline and source again.")
        else:
            line(f"\n{why}: the model stays as it is.")
        return
    line(
        f"\nVersion {report.version}, {report.ratings:,} ratings by "
        f"{count(report.users, 'person').replace('persons', 'people')}."
    )
    _figures(report)
    next_steps(
        "djlib recommend                               shows what it makes of them",
        "djlib feedback --undo                         takes these ratings back",
        "djlib models rollback --learner opportunity   goes back to the version before",
    )


def _figures(report: RatingReport) -> None:
    from ._render import line

    found = report.figures
    if not found or found["auc"] is None:
        line("How good it is shows from 30 ratings on that were not all given at once.")
        return
    said = f"On the newest {found['n']:,} ratings, learned from the earlier ones: "
    said += f"AUC {found['auc']:.2f}"
    if found["precision_at_10"] is not None:
        said += (
            f", of the first ten {100 * found['precision_at_10']:.0f} % liked, "
            f"NDCG {found['ndcg_at_10']:.2f}"
        )
    line(f"{said}.")
