"""The steps of every job, each done once a day, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..monitoring.outbox import Alert
from ..tables.plain_json import to_plain
from ..workflows.core.learner import Learner
from ..workflows.opportunities.reminders import digest, reminders
from ..workflows.opportunities.scan import CallsReport, scan_opportunities
from .monitor import monitor
from .report import summary, write_report
from .retrain import retrain
from .slots import Slot
from .step import Here, Job, Outcome, Step


def steps_of(
    job: Job, day: str, learners: Sequence[Learner], *, has_feeds: bool = True
) -> list[Step]:
    """The steps of a job in order; `daily` is all the others and a summary, without `search` where
    there are no feeds to search."""

    def of_each(name: str, do: Callable[[Here, Learner], Outcome]) -> list[Step]:
        return [_step(name, day, learner, do) for learner in learners]

    made = {
        "search": [Step(Slot("search", "", day), search)],
        "retrain": of_each("retrain", retrain),
        "monitor": of_each("monitor", monitor),
        "report": [Step(Slot("report", "", day), write_report)],
    }
    if job != "daily":
        return made[job]
    last = Step(Slot("daily", "", day), summary)
    if any(learner.name == "opportunity" for learner in learners):
        made["report"].insert(0, Step(Slot("remind", "", day), remind))
    if not has_feeds:
        del made["search"]
    return [*(step for steps in made.values() for step in steps), last]


def _step(name: str, day: str, learner: Learner, do: Callable[[Here, Learner], Outcome]) -> Step:
    return Step(Slot(name, learner.name, day), lambda here: do(here, learner))


def search(here: Here) -> Outcome:
    """Scan the feeds. What looks broken was set aside and written down to be told by the scan."""
    report = scan_opportunities(here.workspace, here.settings, talk=here.talk)
    aside = [verdict.source for verdict in report.watched if verdict.state == "broken"]
    said = f"{report.new} new calls of {report.read} read, {report.open} open"
    gone = [Path(file).name for file in report.removed]
    for what, names in (("set aside", aside), ("not read", report.unread), ("removed", gone)):
        said += f"; {what}: {', '.join(names)}" if names else ""
    return Outcome(said, _detail(report))


def remind(here: Here) -> Outcome:
    """Tell people of what they like and closes soon, and once a week of all that is open; each
    once, also where a day was missed."""
    told = [
        *reminders(here.workspace, here.day),
        *digest(here.workspace, here.settings, here.day),
    ]
    known = {
        row["cause"]
        for row in here.state.execute(
            "SELECT cause FROM outbox WHERE cause LIKE 'closing within %' "
            "OR cause LIKE 'weekly digest%'"
        ).fetchall()
    }
    new = [one for one in told if here.alerts.blot(one.cause) not in known]
    said = f"{len(new)} messages" if new else "nothing to tell"
    alerts = tuple(Alert(one.cause, one.subject, one.body) for one in new)
    return Outcome(said, {"messages": len(new)}, alerts if here.alerts.ways else ())


def _detail(report: CallsReport) -> dict[str, object]:
    return {
        "read": report.read,
        "new": report.new,
        "known": report.known,
        "unread": list(report.unread),
        "removed": list(report.removed),
        "watched": to_plain(report.watched),
    }
