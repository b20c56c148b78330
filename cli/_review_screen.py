"""The conversation of `djlib review`: what a key does, and what the screen shows."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING, Literal

from . import _keys as keys
from ._render import bar, leaves, percent

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from djlib.jobs.review_session import Proposal, Session

Mode = Literal["ask", "find", "new", "help"]

_FOUND_AT_MOST = 8
_HELP = (
    ("Enter, y", "the proposal is right"),
    ("1 to 9", "it belongs to the bucket of this number"),
    ("/", "find a bucket by name, or make a new one"),
    ("s", "skip it for now"),
    ("u", "take back the last step, and those before"),
    ("q", "write the answers into the file and leave"),
)
_HELP_SEVERAL = (
    ("1 to 9", "mark this bucket, or take the mark away"),
    ("Enter, y", "it belongs to the buckets marked"),
)
_KEYS = "Enter right   1-9 choose   / find   s skip   u undo   q leave   ? help"
_KEYS_SEVERAL = "1-9 mark   Enter done   / find   s skip   u undo   q leave   ? help"
_REVEALED = {number: 0x2400 + number for number in range(0x20)} | {0x7F: 0x2421}
"""Control signs as pictures of themselves, so that a title cannot move the cursor."""
_JOINERS = "\u200c\u200d"
"""Persian words and families of emoji are written with these."""


def visible(text: str) -> str:
    """Text that a terminal can only show, not obey.

    >>> visible("Tek\\x1b[2Jno"), visible("a\\u202eb")
    ('Tek␛[2Jno', 'a\\ufffdb')
    """
    shown = text.translate(_REVEALED)
    return "".join("\ufffd" if _commands(sign) else sign for sign in shown)


def _commands(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") and sign not in _JOINERS


class Conversation:
    """Turns keys into answers; `press` says whether to go on, `screen` what to show."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._mode: Mode = "ask"
        self._typed, self._place, self._note = "", 0, ""
        self._marked = self._proposed()

    def press(self, key: str) -> bool:
        """Do what a key stands for; False where the person leaves or nothing is left to ask."""
        if key != keys.RESIZE:
            self._note = ""
        if self._mode == "find":
            self._find(key)
        elif self._mode == "new":
            self._confirm_new(key)
        elif self._mode == "help":
            self._mode = "ask"
        elif key == "q":
            return False
        else:
            self._ask(key)
        return True

    def _ask(self, key: str) -> None:
        if key == "u":
            self._undo()
        elif key == "?":
            self._mode = "help"
        elif self._session.current is None:
            return
        elif key == "s":
            self._session.skip()
            self._marked = self._proposed()
        elif key in (keys.ENTER, "y"):
            self._answer(self._marked)
        elif key == "/":
            self._mode, self._typed, self._place = "find", "", 0
        elif key in "123456789":
            numbered = self._session.numbered()
            if int(key) <= len(numbered):
                self._choose(numbered[int(key) - 1][0])

    def _undo(self) -> None:
        step = self._session.undo()
        self._marked = self._proposed()
        if step is None:
            self._note = "Nothing to take back."
        else:
            said = "skipped" if step.buckets is None else leaves("|".join(step.buckets))
            self._note = f"Taken back: {said}"

    def _choose(self, bucket: str) -> None:
        """The answer, where a track has one bucket; else a mark on it or off."""
        if not self._session.is_multi:
            self._answer([bucket])
        elif bucket in self._marked:
            self._marked.remove(bucket)
        else:
            self._marked.append(bucket)

    def _answer(self, buckets: list[str]) -> None:
        if not buckets:
            self._note = "Mark at least one bucket, or skip the track with s."
            return
        self._session.answer(buckets)
        self._marked = self._proposed()

    def _proposed(self) -> list[str]:
        current = self._session.current
        return list(current.predicted) if current else []

    def _find(self, key: str) -> None:
        found = self._matches()
        if key == keys.ESCAPE or (key == keys.BACKSPACE and not self._typed):
            self._mode = "ask"
        elif key == keys.BACKSPACE:
            self._typed, self._place = self._typed[:-1], 0
        elif key in (keys.DOWN, keys.TAB):
            self._place = min(self._place + 1, len(found))
        elif key == keys.UP:
            self._place = max(self._place - 1, 0)
        elif key == keys.ENTER and self._place < len(found):
            self._mode = "ask"
            self._choose(found[self._place])
        elif key == keys.ENTER:
            self._name_new()
        elif len(key) == 1:
            self._typed, self._place = self._typed + key, 0

    def _name_new(self) -> None:
        bucket, why = self._session.named(self._typed)
        if bucket is None:
            self._note = f"No: {why}."
        elif bucket in self._session.buckets:
            self._mode = "ask"
            self._choose(bucket)
        else:
            self._mode, self._typed = "new", bucket

    def _confirm_new(self, key: str) -> None:
        if key == "y":
            self._mode = "ask"
            self._choose(self._typed)
        elif key in ("n", keys.ESCAPE):
            self._mode = "find"

    def _matches(self) -> list[str]:
        """Buckets that hold what was typed, those that begin with it first."""
        typed = self._typed.casefold().strip()
        found = [b for b in self._session.buckets if typed in b.casefold()]
        return sorted(found, key=lambda b: not leaves(b).casefold().startswith(typed))

    def screen(self) -> RenderableType:
        """Everything there is to see now."""
        from rich.console import Group
        from rich.text import Text

        parts = [Text(self._progress(), style="dim"), Text()]
        current = self._session.current
        if self._mode == "help":
            parts += self._helped()
        elif current is None:
            parts += [Text("Every track was asked about.", style="bold"), Text()]
            parts += [Text("q writes your answers into the file, u takes the last one back.")]
        else:
            parts += self._track(current)
            parts += {"ask": self._asked, "find": self._finding, "new": self._naming}[self._mode]()
        if self._note:
            parts += [Text(), Text(visible(self._note), style="yellow")]
        for part in parts:
            if part.style != "dim":  # what is said about the track may take two lines
                part.no_wrap, part.overflow = True, "ellipsis"
        return Group(*parts)

    def _progress(self) -> str:
        session = self._session
        n, answered = len(session.tracks), len(session.said)
        return f"{answered:,} of {n:,} answered, {session.n_corrected:,} corrected"

    def _track(self, track: Proposal) -> list[Text]:
        """Artist and title on lines of their own: some are written from right to left."""
        from rich.text import Text

        return [
            Text(visible(track.artist) or "(no artist)"),
            Text(visible(track.title) or "(no title)", style="bold"),
            Text(),
            Text(f"{visible(track.status)}: {visible(track.reason)}", style="dim"),
            Text(),
        ]

    def _asked(self) -> list[Text]:
        from rich.text import Text

        numbered = dict(self._session.numbered())
        rows = [self._choice(str(n), *row) for n, row in enumerate(numbered.items(), start=1)]
        rows += [self._choice(" ", bucket) for bucket in self._marked if bucket not in numbered]
        return [*rows, Text(), Text(_KEYS_SEVERAL if self._session.is_multi else _KEYS, "dim")]

    def _choice(self, digit: str, bucket: str, share: float | None = None) -> Text:
        from rich.text import Text

        is_marked = bucket in self._marked
        how_sure = f"{bar(share)} {percent(share):>5}" if share is not None else ""
        mark = f"[{'x' if is_marked else ' '}] " if self._session.is_multi else ""
        return Text.assemble(
            (f"{digit} ", "cyan"), f"{how_sure:<17} {mark}",
            (visible(bucket), "bold" if is_marked else ""),
        )  # fmt: skip

    def _finding(self) -> list[Text]:
        from rich.text import Text

        found = self._matches()
        first = max(0, self._place - _FOUND_AT_MOST + 1)
        rows = [visible(bucket) for bucket in found[first : first + _FOUND_AT_MOST]]
        if first + _FOUND_AT_MOST >= len(found) and self._typed.strip():
            rows.append(f"new bucket: {visible(self._typed.strip())}")
        return [
            Text.assemble(("Bucket: ", "cyan"), visible(self._typed), ("_", "blink")),
            *(
                Text(f"{'>' if first + i == self._place else ' '} {row}",
                     "bold" if first + i == self._place else "")
                for i, row in enumerate(rows)
            ),
            Text(),
            Text("Type a part of the name   up, down   Enter take   Esc back", "dim"),
        ]  # fmt: skip

    def _naming(self) -> list[Text]:
        from rich.text import Text

        return [
            Text(f"There is no bucket {visible(self._typed)!r} yet. Make it?", "bold"),
            Text("y yes   n no", "dim"),
        ]

    def _helped(self) -> list[Text]:
        from rich.text import Text

        several = _HELP_SEVERAL if self._session.is_multi else ()
        meant = dict(_HELP) | dict(several)
        rows = [Text.assemble((f"{key:<10}", "cyan"), what) for key, what in meant.items()]
        return [*rows, Text(), Text("Every answer is saved at once.  Any key goes back.", "dim")]


def converse(session: Session) -> None:
    """Ask on the terminal until the person leaves."""
    from rich.console import Console, ConsoleDimensions

    conversation = Conversation(session)
    console = Console(highlight=False)
    with keys.single_keys() as read, console.screen(hide_cursor=True) as screen:
        going_on = True
        while going_on:
            console.size = ConsoleDimensions(*os.get_terminal_size())  # whatever COLUMNS says
            screen.update(conversation.screen())
            try:
                going_on = conversation.press(read())
            except KeyboardInterrupt:  # leaves as q does
                going_on = False
