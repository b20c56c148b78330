"""The screen of `djlib review` for a list of calls: one key rates, in the scale of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .answer_screen import AnswerConversation, answer_screen
from .review_screen import visible
from .screen import converse
from .text import bar

if TYPE_CHECKING:
    from rich.text import Text

    from djlib.workflows.opportunities.review import CallReview

_KEYS = {
    "0-1": "y more of these   n not   s skip   u undo   w why   q leave",
    "1-5": "1 to 5 stars   s skip   u undo   w why   q leave",
}
_FACTS = ("deadline", "source", "location", "tags", "url")


class CallConversation(AnswerConversation):
    """Turns keys into ratings."""

    session: CallReview
    subject, answer_word = "call", "rating"

    def __init__(self, session: CallReview) -> None:
        super().__init__()
        self.session = session

    def answer_for(self, key: str) -> int | None:
        """The rating a key gives in the scale of the file."""
        return rating_of(key, self.session.scale)

    def progress(self) -> str:
        """How many are rated and liked."""
        report = self.session.report()
        return f"{report.rated:,} of {report.calls:,} rated, {report.liked:,} liked"

    def lines(self, row: dict[str, Any]) -> list[Text]:
        """The facts of a call, and why it is here where that is asked."""
        return _call(row, self.session.scale, is_explaining=self.is_explaining)


def rating_of(key: str, scale: str) -> int | None:
    """The rating a key gives in a scale; None for a key that gives none there."""
    if scale == "1-5":
        return int(key) if key in tuple("12345") else None
    return {"y": 1, "k": 1, "1": 1, "n": 0, "0": 0}.get(key)


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
    converse(CallConversation(session), answer_screen)
