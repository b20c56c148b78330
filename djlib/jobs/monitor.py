"""`monitor`: look at what has changed, tell of what stays so, go back where it got worse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..monitoring.finding import Seen, remember, seen
from ..monitoring.outbox import Alert
from ..settings import Settings, Workspace
from ..tables.atomic import replace_file
from ..tables.events import append_events, read_events
from ..tables.plain_json import to_plain
from ..tables.state import open_state, transaction
from ..workflows.core.learner import Learner, served_and_before
from ..workflows.core.progress import ProgressReporter
from ..workflows.core.runs import run
from ..workflows.learner import chosen
from ..workflows.promotion import POLICY
from .report import Look, Story, monitor_page, stories
from .retrain import PROMOTIONS
from .slots import Slots, today
from .step import Here, Outcome


@dataclass(frozen=True)
class Watched:
    """What was seen around one learner's version that is served."""

    learner: str
    version: str
    seen: list[Seen]


def look(
    workspace: Workspace, settings: Settings, day: str, *, talk: ProgressReporter
) -> list[Watched]:
    """Look at every learner in use now; nothing is remembered of it."""
    found = []
    for learner in chosen(workspace, ()):
        version = served_and_before(learner.models(workspace))[0]
        if version is None:
            continue
        findings = learner.watch(workspace, settings, talk)
        with open_state(workspace.data) as state:
            known = seen(state, day, learner.name, version, findings)
        found.append(Watched(learner.name, version, known))
    return found


def monitor(here: Here, learner: Learner) -> Outcome:
    """Look at one learner, remember it, and act on what two of three days agree on. A run that was
    killed while going back ends doing so."""
    models = learner.models(here.workspace)
    begun = _begun(here, learner)
    if begun:
        return _gone_back(here, learner, begun)
    served, before = served_and_before(models)
    if served is None:
        return Outcome("no model yet")
    findings = learner.watch(here.workspace, here.settings, here.talk)
    known = seen(here.state, here.day, learner.name, served, findings)
    with transaction(here.state):
        remember(here.state, here.day, learner.name, served, findings)
    detail = {"served": served, "seen": to_plain(known)}
    worse = POLICY.should_roll_back(known)
    target = (worse.back_to or before) if worse else None
    if worse and target and not models.get(target).problem:
        reason = f"degraded: {worse.what}: {worse.words}"
        return _gone_back(here, learner, _note(here, learner, served, target, reason), detail)
    moved = [one.finding.what for one in known if one.finding.verdict == "moved"]
    said = f"{len(known)} looked at; " + (f"moved: {', '.join(moved)}" if moved else "all still")
    return Outcome(said, detail, tuple(_alerts(learner, served, known)))


def _note(here: Here, learner: Learner, served: str, before: str, reason: str) -> dict[str, Any]:
    """Write down that it goes back, before it does: that is how a killed run is gone on with."""
    fact = {
        "learner": learner.name,
        "job": "monitor",
        "slot": here.day,
        "version": before,
        "before": served,
        "promote": True,
        "alert": True,
        "reason": reason,
    }
    append_events(here.workspace.events, PROMOTIONS, [fact])
    return fact


def _begun(here: Here, learner: Learner) -> dict[str, Any] | None:
    """A rollback of this slot that was noted but whose run did not end well."""
    for fact in read_events(here.workspace.events, PROMOTIONS):
        is_this = (fact["learner"], fact["job"], fact["slot"]) == (
            learner.name,
            "monitor",
            here.day,
        )
        if is_this and not here.slots.has_gone_back(learner.name, here.day):
            return fact
    return None


def _gone_back(
    here: Here, learner: Learner, fact: dict[str, Any], detail: dict[str, Any] | None = None
) -> Outcome:
    """Serve the version before, if that has not been done yet."""
    models = learner.models(here.workspace)
    if served_and_before(models)[0] == fact["before"]:
        with run(here.workspace, here.settings, "rollback", here.talk) as noted:
            models.rollback(fact["reason"], to=fact["version"])
            noted |= {"version": fact["version"]}
    said = f"went back from version {fact['before']} to {fact['version']}: {fact['reason']}"
    body = (
        f"{said}\n\nTo serve it again: djlib models promote {fact['before']}\n"
        "See: djlib monitor, djlib jobs history"
    )
    subject = f"the {learner.name} model got worse; the one before is served again"
    alert = Alert(f"rolled back {learner.name}", subject, body)
    return Outcome(said, {**(detail or {}), "went_back": fact["before"]}, (alert,))


def _alerts(learner: Learner, served: str, known: list[Seen]) -> Iterator[Alert]:
    confirmed = [one for one in known if one.is_confirmed]
    for kind in dict.fromkeys(one.finding.kind for one in confirmed):
        lines = [
            f"- {one.finding.what}: {one.finding.words} ({one.finding.measure} "
            f"{one.finding.effect:.2f}, on {one.times} of {one.of} days)"
            for one in confirmed
            if one.finding.kind == kind
        ]
        body = "\n".join(
            [f"Around {learner.name} model {served}:", *lines, "", "See: djlib monitor"]
        )
        yield Alert(f"{kind} {learner.name}", f"{kind} of {learner.name} has moved", body)


@dataclass(frozen=True)
class MonitorReport:
    """What was seen, learner by learner, and the page written of it."""

    day: str
    watched: list[Watched]
    written: str | None = None


def watch(
    workspace: Workspace, settings: Settings, *, talk: ProgressReporter, page: Path | None = None
) -> MonitorReport:
    """Look at everything in use; `page` is written with what was seen and what is on record."""
    if page and page.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{page}: the page is HTML; name it .html")
    day = today()
    watched = look(workspace, settings, day, talk=talk)
    if page:
        with open_state(workspace.data) as state, replace_file(page, "w") as written:
            known = {story.learner: story for story in stories(state)}
            now = [_story(one, day, known.get(one.learner)) for one in watched]
            written.write(monitor_page(now, Slots(state).history(30), day))
    return MonitorReport(day, watched, str(page) if page else None)


def _story(watched: Watched, day: str, known: Story | None) -> Story:
    """What was seen now, behind the days on record."""
    days = {(look.kind, look.what): look.days for look in known.looks} if known else {}
    looks = []
    for one in watched.seen:
        f = one.finding
        before = tuple(d for d in days.get((f.kind, f.what), ()) if d[0] < day)
        now = () if f.effect is None else ((day, f.effect),)
        looks.append(Look(f.kind, f.what, f.verdict, f.effect, f.p_value, f.words, (*before, *now)))
    return Story(watched.learner, day, watched.version, looks)
