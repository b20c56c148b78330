"""The screen of `djlib review` for a batch of records: one key keeps, one passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import keys
from .review_screen import visible
from .screen import converse
from .text import bar

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from djlib.workflows.keepers.review import BatchReview

_KEYS = "k keep   n not   s skip   u undo   w why   q leave"
_FACTS = ("label", "year", "genres", "styles", "format", "country", "price", "condition", "url")


class BatchConversation:
    """Turns keys into answers; `press` says whether to go on."""

    def __init__(self, session: BatchReview) -> None:
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
        elif key in ("k", "y", "1"):
            self.session.answer(1)
        elif key in ("n", "0"):
            self.session.answer(0)
        elif key == "s":
            self.session.skip()
        if key in "wknyus01":
            self.is_explaining = key == "w" and not self.is_explaining
        return True


def batch_screen(talk: BatchConversation) -> RenderableType:
    """Everything there is to see now."""
    from rich.console import Group
    from rich.text import Text

    report = talk.session.report()
    progress = f"{report.answered:,} of {report.listings:,} answered, {report.keepers:,} kept"
    parts = [Text(progress, style="dim"), Text()]
    row = talk.session.current
    if row is None:
        parts += [Text("Every record was asked about.", style="bold"), Text()]
        parts += [Text("q leaves, u takes the last answer back.")]
    else:
        parts += _record(row, is_explaining=talk.is_explaining)
    if talk.note:
        parts += [Text(), Text(visible(talk.note), style="yellow")]
    for part in parts:
        part.overflow = "fold"
    return Group(*parts)


def _record(row: dict[str, Any], *, is_explaining: bool) -> list[Text]:
    from rich.text import Text

    lines = [
        Text(visible(str(row["artist"])) or "(no artist)"),
        Text(visible(str(row["title"])) or "(no title)", style="bold"),
        Text(),
    ]
    for column in _FACTS:
        value = row.get(column, "")
        if value not in ("", None):
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            unit = f" {row.get('currency', '')}" if column == "price" else ""
            lines.append(Text.assemble((f"{column:<10}", "cyan"), visible(shown + unit).rstrip()))
    if is_explaining:
        mean, unsure = row.get("mean", ""), row.get("uncertainty_at_selection", "")
        first, *others = str(row["reason"]).split(" | ")
        lines += [Text(), Text(visible(f"{row.get('selection_strategy', '')}: {first}"))]
        lines += [Text(visible(f"  {other}")) for other in others]
        if isinstance(mean, float):
            lines.append(Text(f"{bar(mean)} {mean:.2f}, give or take {unsure:.2f}"))
    return [*lines, Text(), Text(_KEYS, "dim")]


def ask(session: BatchReview) -> None:
    """Ask on the terminal until the person leaves."""
    converse(BatchConversation(session), batch_screen)
