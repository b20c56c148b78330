"""The screen of `djlib review` for a list of calls: one key rates, in the scale of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import keys
from .review_screen import visible
from .screen import converse
from .text import bar

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from djlib.workflows.opportunities.review import CallReview

_KEYS = {
    "0-1": "y more of these   n not   s skip   u undo   w why   q leave",
    "1-5": "1 to 5 stars   s skip   u undo   w why   q leave",
}
_FACTS = ("deadline", "source", "location", "tags", "url")


class CallConversation:
    """Turns keys into ratings; `press` says whether to go on."""

    def __init__(self, session: CallReview) -> None:
        self.session = session
        self.is_explaining, self.note = False, ""

    def press(self, key: str) -> bool:
        """Do what a key stands for; False where the person leaves."""
        if key == keys.RESIZE:
            return True
        self.note = ""
        if key == "q":
            return False
        if key == "u":
            self.note = "Taken back." if self.session.undo() else "Nothing to take back."
        elif self.session.current is None:
            return True
        elif key == "s":
            self.session.skip()
        elif (rating := rating_of(key, self.session.scale)) is not None:
            self.session.answer(rating)
        self.is_explaining = key == "w" and not self.is_explaining
        return True


def rating_of(key: str, scale: str) -> int | None:
    """The rating a key gives in a scale; None for a key that gives none there."""
    if scale == "1-5":
        return int(key) if key in tuple("12345") else None
    return {"y": 1, "k": 1, "1": 1, "n": 0, "0": 0}.get(key)


def call_screen(talk: CallConversation) -> RenderableType:
    """Everything there is to see now."""
    from rich.console import Group
    from rich.text import Text

    report = talk.session.report()
    progress = f"{report.rated:,} of {report.calls:,} rated, {report.liked:,} liked"
    parts = [Text(progress, style="dim"), Text()]
    row = talk.session.current
    if row is None:
        parts += [Text("Every call was asked about.", style="bold"), Text()]
        parts += [Text("q leaves, u takes the last rating back.")]
    else:
        parts += _call(row, talk.session.scale, is_explaining=talk.is_explaining)
    if talk.note:
        parts += [Text(), Text(visible(talk.note), style="yellow")]
    for part in parts:
        part.overflow = "fold"
    return Group(*parts)


def _call(row: dict[str, Any], scale: str, *, is_explaining: bool) -> list[Text]:
    from rich.text import Text

    lines = [Text(visible(str(row["title"])) or "(no title)", style="bold"), Text()]
    for column in _FACTS:
        if row.get(column, "") != "":
            shown = visible(str(row[column]))
            lines.append(Text.assemble((f"{column:<10}", "cyan"), shown))
    if is_explaining:
        lines += [Text(), *(Text(visible(part)) for part in str(row["reason"]).split(" | "))]
        if isinstance(row.get("chance"), float):
            lines.append(Text(f"{bar(row['chance'])} {row['chance']:.2f}"))
    return [*lines, Text(), Text(_KEYS[scale], "dim")]


def ask(session: CallReview) -> None:
    """Ask on the terminal until the person leaves."""
    converse(CallConversation(session), call_screen)
