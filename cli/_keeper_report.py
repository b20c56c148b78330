"""How feedback on listings looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from djlib.workflows.keepers.feedback import KeeperReport, Rate

_PARTS = {
    "exploit": "should like (exploit)",
    "explore": "to learn from (explore)",
    "uniform": "drawn by chance",
    "all": "all",
}


def keeper_report(report: KeeperReport) -> None:
    """Draw what was taken, how often you kept, and what to do next."""
    from ._keeper_ab import side_by_side
    from ._render import count, heading, line, next_steps, problems

    if report.undone:
        line("The last feedback is taken back.")
    if report.source:
        kept = sum(keep.keeper for keep in report.taken)
        heading(f"{count(len(report.taken), 'answer')} taken, {kept} of them kept")
        line(
            f"{report.changed} change an earlier answer; {report.known} were known already; "
            f"{report.unanswered} left empty; {len(report.refused)} refused."
        )
    problems(report.problems, title="Refused or worth a look")
    if report.all_rates["all"].answers:
        _rates(report)
    if report.ab:
        side_by_side(report.ab)
    if not report.version:
        why = "Nothing taken for good (--dry-run)" if report.dry_run else "Nothing new to learn"
        line(f"\n{why}: the model stays as it is.")
        return
    line(f"\nVersion {report.version}, {report.labels:,} answers, batch {report.batch_number}.")
    next_steps(
        "djlib select-batch                        chooses the next ones",
        "djlib feedback --undo                     takes this feedback back",
        "djlib models rollback --learner keeper    goes back to the version before",
    )


def _rates(report: KeeperReport) -> None:
    from ._render import heading, line, table

    heading("How many you keep")
    table(
        ["asked as", "in this file", "so far"],
        [
            (words, _share(report.rates[part]), _share(report.all_rates[part]))
            for part, words in _PARTS.items()
            if report.all_rates[part].answers
        ],
    )
    likes = "What it thinks you like, you keep"
    if report.lift is not None:
        line(f"{likes} {report.lift:.1f} times as often as records drawn by chance (lift).")
    elif report.over_explore is not None:
        line(f"{likes} {report.over_explore:.1f} times as often as what it asks to learn.")


def _share(rate: Rate) -> str:
    from ._render import bar, percent

    if rate.share is None:
        return "-"
    return f"{bar(rate.share, 5)} {percent(rate.share)} of {rate.answers:,}"
