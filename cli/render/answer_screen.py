"""What the screens of `djlib review` for records and for calls share: keys, progress, notes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from . import keys
from .review_screen import visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from djlib.workflows.core.answering import AnsweredFile


class AnswerConversation(ABC):
    """Turns keys into answers; `press` says whether to go on."""

    session: AnsweredFile
    subject: ClassVar[str]
    """What is asked about, as people call one of them."""
    answer_word: ClassVar[str]
    """What people call an answer."""

    def __init__(self) -> None:
        self.is_explaining, self.note = False, ""

    @abstractmethod
    def answer_for(self, key: str) -> int | None:
        """The answer a key gives; None for a key that gives none."""

    @abstractmethod
    def progress(self) -> str:
        """How far it is, in a line."""

    @abstractmethod
    def lines(self, row: dict[str, Any]) -> list[Text]:
        """What there is to see of the current row."""

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
        elif (answer := self.answer_for(key)) is not None:
            self.session.answer(answer)
        elif key != "w":  # means nothing, and changes nothing
            return True
        self.is_explaining = key == "w" and not self.is_explaining
        return True


def answer_screen(talk: AnswerConversation) -> RenderableType:
    """Everything there is to see now."""
    from rich.console import Group
    from rich.text import Text

    parts = [Text(talk.progress(), style="dim"), Text()]
    row = talk.session.current
    if row is None:
        parts += [Text(f"Every {talk.subject} was asked about.", style="bold"), Text()]
        parts += [Text(f"q leaves, u takes the last {talk.answer_word} back.")]
    else:
        parts += talk.lines(row)
    if talk.note:
        parts += [Text(), Text(visible(talk.note), style="yellow")]
    for part in parts:
        part.overflow = "fold"
    return Group(*parts)
