"""`djlib monitor`: look now, without a slot and without acting on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..jobs.talk import Talk
from ..settings import Settings, Workspace
from ..tables.atomic import replace_file
from ..tables.state import open_state
from .monitor import Watched, look
from .monitor_page import Look, Story, monitor_page, stories
from .run_job import today
from .slots import Slots


@dataclass(frozen=True)
class MonitorReport:
    """What was seen, learner by learner, and the page written of it."""

    day: str
    watched: list[Watched]
    written: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**self.__dict__, "watched": [one.as_dict() for one in self.watched]}


def watch(
    workspace: Workspace, settings: Settings, *, talk: Talk, page: Path | None = None
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
