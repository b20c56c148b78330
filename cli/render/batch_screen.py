"""The screen of `djlib review` for a batch of records: one key keeps, one passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .answer_screen import AnswerConversation, answer_screen
from .review_screen import visible
from .screen import converse
from .text import bar

if TYPE_CHECKING:
    from rich.text import Text

    from djlib.workflows.keepers.review import BatchReview

_KEYS = "k keep   n not   s skip   u undo   w why   q leave"
_FACTS = ("label", "year", "genres", "styles", "format", "country", "price", "condition", "url")


_ANSWERS = {"k": 1, "y": 1, "1": 1, "n": 0, "0": 0}


class BatchConversation(AnswerConversation):
    """Turns keys into answers."""

    session: BatchReview
    subject, answer_word = "record", "answer"

    def __init__(self, session: BatchReview) -> None:
        super().__init__()
        self.session = session

    def answer_for(self, key: str) -> int | None:
        """1 to keep, 0 to pass."""
        return _ANSWERS.get(key)

    def progress(self) -> str:
        """How many are answered and kept."""
        report = self.session.report()
        return f"{report.answered:,} of {report.listings:,} answered, {report.keepers:,} kept"

    def lines(self, row: dict[str, Any]) -> list[Text]:
        """The facts of a record, and why it is here where that is asked."""
        return _record(row, is_explaining=self.is_explaining)


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
    converse(BatchConversation(session), answer_screen)
