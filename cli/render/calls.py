"""Open calls drawn: what was scanned, recommended and rated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import bar, count, heading, here, line, next_steps, problems, quoted, table

if TYPE_CHECKING:
    from djlib.workflows.opportunities.feedback import RatingReport
    from djlib.workflows.opportunities.recommend import Recommendations
    from djlib.workflows.opportunities.review import CallReviewReport
    from djlib.workflows.opportunities.scan import CallsReport


def calls_scanned(report: CallsReport) -> None:
    """Draw what a scan of calls found, and which sources look broken."""
    heading(f"{count(report.read, 'record')} read, {count(report.new, 'call')} of them new here")
    line(
        f"{report.known:,} were known, {report.doubles:,} are the same as another; "
        f"{count(report.found_in_text, 'deadline')} found in the text, {report.moved:,} moved."
    )
    line(f"{report.calls:,} calls in all, {report.open:,} of them still open.")
    if report.unread:
        line(f"{len(report.unread):,} of {count(len(report.sources), 'source')} could not be read.")
    for verdict in report.watched:
        if verdict.recovered:
            line(f"{verdict.source}: looked broken, was fetched once more and is fine.")
        elif verdict.state == "broken":
            line(f"{verdict.source} looks broken: {verdict.words}.")
            if verdict.quarantined:
                file = here(verdict.quarantined)
                line(f"  Its calls are set aside. If they are right: djlib scan {file} --trust")
        elif verdict.state == "suspect":
            line(f"{verdict.source} is odd: {verdict.words}. Once more, and it is set aside.")
    if report.removed:
        files = ", ".join(here(file) for file in report.removed)
        line(f"Removed, since newer ones of the source are kept aside: {files}")
    problems(report.problems, title="Left out or guessed")
    if report.written:
        line(f"\nWritten: {here(report.written)}")


def rating_report(report: RatingReport) -> None:
    """Draw what was taken, how well the ranking does, and what to do next."""
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


def calls_reviewed(report: CallReviewReport) -> None:
    """Draw where the ratings of a list stand and what to do next."""
    heading(f"{report.rated:,} of {count(report.calls, 'call')} rated, {report.liked:,} liked")
    if report.kept:
        line(f"Parts of the file could not be read; a copy of it as it was: {report.kept}")
    file = quoted(here(report.file))
    steps = [f"djlib feedback {file}    learns from your ratings"] * bool(report.rated)
    steps += [f"djlib review {file}    goes on where you stopped"] * bool(report.left)
    if steps:
        next_steps(*steps)


_HOW = {"0-1": "1 (more of these) or 0", "1-5": "1 to 5 stars"}


def calls_recommended(report: Recommendations) -> None:
    """Draw the list and how to rate it."""
    heading(f"{count(len(report.rows), 'call')} for {report.user}, of {report.open:,} open ones")
    if report.note:
        line(report.note)
    if not report.rows:
        line("All that is open and wanted is rated, or nothing is: 'djlib scan' brings more.")
        return
    table(
        ["title", "deadline", "like?", "source", "reason"],
        [
            (
                row["title"],
                row["deadline"] or "-",
                "-" if row["chance"] is None else f"{bar(row['chance'], 5)} {row['chance']:.2f}",
                row["source"],
                row["reason"],
            )
            for row in report.rows
        ],
        widths={"title": 36, "deadline": 17, "source": 18},
    )
    if report.from_cache:
        line(f"As recommended at {report.recommended_at}.")
    if report.kept:
        line(f"The older list held ratings nobody took in: kept as {here(report.kept)}")
    if report.calendar:
        line(f"Calendar: {here(report.calendar)}")
    if report.written:
        file = quoted(here(report.written))
        line(f"Written: {here(report.written)}")
        next_steps(
            f"Open it in a spreadsheet, write {_HOW[report.rows[0]['rating_scale']]} into 'rating' "
            "(or rate in the terminal: djlib review), then",
            f"djlib feedback {file}    learns from your ratings",
        )
