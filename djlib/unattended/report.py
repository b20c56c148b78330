"""`report`: the page of what was watched; and the summary of a day."""

from __future__ import annotations

from ..errors import BusyError
from ..monitoring.alert import Alert
from ..tables.atomic import replace_file
from .monitor_page import monitor_page, stories
from .slots import JobRun, Slot
from .steps import Here, Outcome

PAGE = "monitor.html"


def write_report(here: Here) -> Outcome:
    """Write `logs/monitor.html` from what is on record."""
    path = here.workspace.logs / PAGE
    with replace_file(path, "w") as page:
        page.write(monitor_page(stories(here.state), here.slots.history(30), here.day))
    return Outcome(f"written: {path}", {"written": str(path)})


def _counts(here: Here, run: JobRun) -> bool:
    """Whether a run says how its step stands. One that met another does not where the step is done,
    nor where it was of a whole job: its steps have runs of their own."""
    if run.outcome != "busy":
        return True
    is_whole = run.job in ("retrain", "monitor") and not run.learner
    return not is_whole and here.slots.finished(Slot(run.job, run.learner, run.slot)) is None


def summary(here: Here) -> Outcome:
    """Put the day's summary into the outbox: what ran, how it ended, what came of it. A day on
    which a step met another run is not over: it raises `BusyError`, and the next run goes on."""
    runs = [
        run
        for run in here.slots.history(200)
        if run.slot == here.day and run.job != "daily" and _counts(here, run)
    ]
    last = {(run.job, run.learner): run for run in reversed(runs)}
    busy = next((run for run in last.values() if run.outcome == "busy"), None)
    if busy:
        raise BusyError(f"{busy.job} {busy.learner} met another run; the next run goes on")
    n_failed = sum(run.outcome != "done" for run in last.values())
    said = f"{len(last) - n_failed} done, {n_failed} not"
    lines = [f"- {f'{r.job} {r.learner}'.strip()}: {r.outcome}: {r.said}" for r in last.values()]
    body = "\n".join([f"{here.workspace.root}, {here.day}", "", *(lines or ["nothing to do"])])
    told = Alert("daily summary", f"{here.day}: {said}", body)
    is_told = here.alerts.ways and here.settings.alerts.daily_summary
    return Outcome(said, {}, (told,) if is_told else ())
