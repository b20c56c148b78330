"""`report`: what was watched as a page, each thing by day, and the summary of a day."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import BusyError
from ..monitoring.finding import earlier
from ..monitoring.outbox import Alert
from ..reporting.pages import Cell, Chart, Row, render
from ..reporting.svg import Line, Plot, round_ticks
from ..tables.atomic import replace_file
from .slots import JobRun, Slot
from .step import Here, Outcome

PAGE = "monitor.html"

_VERDICTS = {"moved": "moved", "hardly": "a little", "still": "still", "too few": "too few"}
_MATTERS = {"input": 0.1, "score": 0.1, "embedding": 0.2, "acceptance": 0.05, "calibration": 0.1}
_LEAST_SCALE = 0.2
"""So that where it begins to matter is always in the picture."""
_HOW = {
    "Moved": "more than chance (p under 0.05 with all that was looked at taken into account, "
    "Benjamini-Hochberg) and more than matters: a population stability index of 0.1, a tenth in "
    "confidence, 0.2 standard deviations of vectors, a twentieth of what was accepted.",
    "Confirmed": "moved on the day and on two of the last three days that had enough to tell.",
    "Charts": "how far, day by day, in the measure of its kind; from the dashes on it matters.",
}


@dataclass(frozen=True)
class Look:
    """The last look at one thing, and how far it had moved on the days until then."""

    kind: str
    what: str
    verdict: str
    effect: float | None
    p_value: float | None
    words: str
    days: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Story:
    """Everything on record of one learner: the last day, the version served then, the looks."""

    learner: str
    day: str
    version: str
    looks: list[Look] = field(default_factory=list)


def stories(state: sqlite3.Connection) -> list[Story]:
    """What is on record of every learner."""
    learners = []
    for (learner,) in state.execute("SELECT DISTINCT learner FROM findings ORDER BY 1").fetchall():
        by_day = earlier(state, learner)
        rows = state.execute(
            "SELECT * FROM findings WHERE learner = ? AND slot = "
            "(SELECT max(slot) FROM findings WHERE learner = ?) ORDER BY kind, what",
            (learner, learner),
        ).fetchall()
        looks = [
            Look(
                row["kind"],
                row["what"],
                row["verdict"],
                row["effect"],
                row["p_value"],
                row["words"],
                tuple(by_day.get((row["kind"], row["what"]), ())),
            )
            for row in rows
        ]
        learners.append(Story(learner, rows[0]["slot"], rows[0]["version"], looks))
    return learners


def monitor_page(all_stories: Sequence[Story], runs: Sequence[JobRun], day: str) -> str:
    """The page as one HTML file."""
    return render(
        "monitor.html",
        title="djlib: what has changed",
        meta=f"as of {day}",
        stories=[_story(story) for story in all_stories],
        runs=[_run(run) for run in runs],
        small_print=_HOW,
    )


def _story(story: Story) -> dict[str, Any]:
    return {
        "learner": story.learner.capitalize(),
        "version": story.version,
        "day": story.day,
        "moved": [look.what for look in story.looks if look.verdict == "moved"],
        "rows": [_look(look) for look in story.looks],
        "charts": [Chart(_chart(look), look.what, look.kind) for look in story.looks if look.days],
    }


def _look(look: Look) -> Row:
    cells = (
        Cell(look.kind, style="words"),
        Cell(_VERDICTS[look.verdict], style="words"),
        Cell("" if look.effect is None else f"{look.effect:.2f}"),
        Cell("" if look.p_value is None else f"{look.p_value:.3f}"),
        Cell(look.words, style="wrap"),
    )
    return Row(look.what, cells)


def _run(run: JobRun) -> Row:
    cells = (
        Cell(run.slot, style="words"),
        Cell(run.outcome, style="words"),
        Cell(run.said, style="wrap"),
    )
    return Row(f"{run.job} {run.learner}".strip(), cells)


def _chart(look: Look) -> str:
    """How far one thing was from before, day by day."""
    effects = [effect for _, effect in look.days]
    ticks = round_ticks(0, max([*effects, _LEAST_SCALE]))
    last = max(len(effects) - 1, 1)
    plot = Plot(360, 160, x=(0, last), y=(0, ticks[-1][0]), margin=(22, 44, 26, 44))
    ends = [(0.0, look.days[0][0]), (float(last), look.days[-1][0])]
    plot.axes(ends if len(effects) > 1 else ends[:1], ticks, y_label="how far")
    matters = _MATTERS[look.kind]
    plot.line(Line("matters from here", ((0.0, matters), (float(last), matters)), "soft", "4 3", 1))
    points = tuple((float(i), effect) for i, effect in enumerate(effects))
    plot.line(Line(look.what, points))
    plot.dots((x, y, 2.5) for x, y in points)
    return plot.render(f"{look.what}: " + ", ".join(f"{d} {e:.2f}" for d, e in look.days[-10:]))


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
