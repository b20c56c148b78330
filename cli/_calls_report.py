"""How what was learned of open calls by a scan looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from djlib.workflows.opportunities.scan import CallsReport


def render_calls(report: CallsReport) -> None:
    """Draw what a scan of calls found, and which sources look broken."""
    from ._render import count, heading, here, line, problems

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
