"""`search`: look for new open calls in the feeds of the settings."""

from __future__ import annotations

from pathlib import Path

from ..jobs.scan_opportunities import CallsReport, scan_opportunities
from .steps import Here, Outcome


def search(here: Here) -> Outcome:
    """Scan the feeds. What looks broken was set aside and written down to be told by the scan."""
    report = scan_opportunities(here.workspace, here.settings, talk=here.talk)
    aside = [verdict.source for verdict in report.watched if verdict.state == "broken"]
    said = f"{report.new} new calls of {report.read} read, {report.open} open"
    gone = [Path(file).name for file in report.removed]
    for what, names in (("set aside", aside), ("not read", report.unread), ("removed", gone)):
        said += f"; {what}: {', '.join(names)}" if names else ""
    return Outcome(said, _detail(report))


def _detail(report: CallsReport) -> dict[str, object]:
    return {
        "read": report.read,
        "new": report.new,
        "known": report.known,
        "unread": list(report.unread),
        "removed": list(report.removed),
        "watched": [verdict.as_dict() for verdict in report.watched],
    }
