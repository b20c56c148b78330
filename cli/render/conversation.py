"""The conversation of `djlib review`: what a key does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from . import keys
from .text import leaves

if TYPE_CHECKING:
    from djlib.workflows.buckets.review_session import Session

Mode = Literal["ask", "find", "new", "help"]


class Conversation:
    """Turns keys into answers to a session; `press` says whether to go on.

    `mode` is what keys mean now, `typed` a bucket's name as far as it is typed, `place` the line
    chosen under it, `note` what to tell once, `marked` the buckets chosen for the current track.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.mode: Mode = "ask"
        self.typed, self.place, self.note = "", 0, ""
        self.marked = self._proposed()

    def press(self, key: str) -> bool:
        """Do what a key stands for; False where the person leaves."""
        if key != keys.RESIZE:
            self.note = ""
        if self.mode == "find":
            self._find(key)
        elif self.mode == "new":
            self._confirm_new(key)
        elif self.mode == "help":
            self.mode = "ask"
        elif key == "q":
            return False
        else:
            self._ask(key)
        return True

    def _ask(self, key: str) -> None:
        if key == "u":
            self._undo()
        elif key == "?":
            self.mode = "help"
        elif self.session.current is None:
            return
        elif key == "s":
            self.session.skip()
            self.marked = self._proposed()
        elif key in (keys.ENTER, "y"):
            self._answer(self.marked)
        elif key == "/":
            self.mode, self.typed, self.place = "find", "", 0
        elif key in "123456789":
            numbered = self.session.numbered()
            if int(key) <= len(numbered):
                self._choose(numbered[int(key) - 1][0])

    def _undo(self) -> None:
        step = self.session.undo()
        self.marked = self._proposed()
        if step is None:
            self.note = "Nothing to take back."
        else:
            said = "skipped" if step.buckets is None else leaves("|".join(step.buckets))
            self.note = f"Taken back: {said}"

    def _choose(self, bucket: str) -> None:
        """The answer, where a track has one bucket; else a mark on it or off."""
        if not self.session.is_multi:
            self._answer([bucket])
        elif bucket in self.marked:
            self.marked.remove(bucket)
        else:
            self.marked.append(bucket)

    def _answer(self, buckets: list[str]) -> None:
        if not buckets:
            self.note = "Mark at least one bucket, or skip the track with s."
            return
        self.session.answer(buckets)
        self.marked = self._proposed()

    def _proposed(self) -> list[str]:
        current = self.session.current
        return list(current.predicted) if current else []

    def _find(self, key: str) -> None:
        found = self.matches()
        if key == keys.ESCAPE or (key == keys.BACKSPACE and not self.typed):
            self.mode = "ask"
        elif key == keys.BACKSPACE:
            self.typed, self.place = self.typed[:-1], 0
        elif key in (keys.DOWN, keys.TAB):
            self.place = min(self.place + 1, len(found))
        elif key == keys.UP:
            self.place = max(self.place - 1, 0)
        elif key == keys.ENTER and self.place < len(found):
            self.mode = "ask"
            self._choose(found[self.place])
        elif key == keys.ENTER:
            self._name_new()
        elif len(key) == 1:
            self.typed, self.place = self.typed + key, 0

    def _name_new(self) -> None:
        bucket, why = self.session.named(self.typed)
        if bucket is None:
            self.note = f"No: {why}."
        elif bucket in self.session.buckets:
            self.mode = "ask"
            self._choose(bucket)
        else:
            self.mode, self.typed = "new", bucket

    def _confirm_new(self, key: str) -> None:
        if key == "y":
            self.mode = "ask"
            self._choose(self.typed)
        elif key in ("n", keys.ESCAPE):
            self.mode = "find"

    def matches(self) -> list[str]:
        """Buckets that hold what was typed, those that begin with it first."""
        typed = self.typed.casefold().strip()
        found = [b for b in self.session.buckets if typed in b.casefold()]
        return sorted(found, key=lambda b: not leaves(b).casefold().startswith(typed))
