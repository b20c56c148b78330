"""The screen of `djlib review`: what it shows of a conversation, and the loop of keys."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from .conversation import Conversation
from .screen import converse
from .text import bar, percent

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from djlib.workflows.buckets.review_session import Proposal, Session

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


def screen_of(talk: Conversation) -> RenderableType:
    """Everything there is to see now."""
    from rich.console import Group
    from rich.text import Text

    parts = [Text(_progress(talk), style="dim"), Text()]
    current = talk.session.current
    if talk.mode == "help":
        parts += _helped(talk)
    elif current is None:
        parts += [Text("Every track was asked about.", style="bold"), Text()]
        parts += [Text("q writes your answers into the file, u takes the last one back.")]
    else:
        parts += _track(talk, current)
        parts += {"ask": _asked, "find": _finding, "new": _naming}[talk.mode](talk)
    if talk.note:
        parts += [Text(), Text(visible(talk.note), style="yellow")]
    for part in parts:
        if part.style != "dim":  # what is said about the track may take two lines
            part.no_wrap, part.overflow = True, "ellipsis"
    return Group(*parts)


def _progress(talk: Conversation) -> str:
    session = talk.session
    n, answered = len(session.tracks), len(session.said)
    return f"{answered:,} of {n:,} answered, {session.n_corrected:,} corrected"


def _track(talk: Conversation, track: Proposal) -> list[Text]:
    """Artist and title on lines of their own: some are written from right to left."""
    from rich.text import Text

    return [
        Text(visible(track.artist) or "(no artist)"),
        Text(visible(track.title) or "(no title)", style="bold"),
        Text(),
        Text(f"{visible(track.status)}: {visible(track.reason)}", style="dim"),
        Text(),
    ]


def _asked(talk: Conversation) -> list[Text]:
    from rich.text import Text

    numbered = dict(talk.session.numbered())
    rows = [_choice(talk, str(n), *row) for n, row in enumerate(numbered.items(), start=1)]
    rows += [_choice(talk, " ", bucket) for bucket in talk.marked if bucket not in numbered]
    return [*rows, Text(), Text(_KEYS_SEVERAL if talk.session.is_multi else _KEYS, "dim")]


def _choice(talk: Conversation, digit: str, bucket: str, share: float | None = None) -> Text:
    from rich.text import Text

    is_marked = bucket in talk.marked
    how_sure = f"{bar(share)} {percent(share):>5}" if share is not None else ""
    mark = f"[{'x' if is_marked else ' '}] " if talk.session.is_multi else ""
    return Text.assemble(
        (f"{digit} ", "cyan"), f"{how_sure:<17} {mark}",
        (visible(bucket), "bold" if is_marked else ""),
    )  # fmt: skip


def _finding(talk: Conversation) -> list[Text]:
    from rich.text import Text

    found = talk.matches()
    first = max(0, talk.place - _FOUND_AT_MOST + 1)
    rows = [visible(bucket) for bucket in found[first : first + _FOUND_AT_MOST]]
    if first + _FOUND_AT_MOST >= len(found) and talk.typed.strip():
        rows.append(f"new bucket: {visible(talk.typed.strip())}")
    return [
        Text.assemble(("Bucket: ", "cyan"), visible(talk.typed), ("_", "blink")),
        *(
            Text(f"{'>' if first + i == talk.place else ' '} {row}",
                 "bold" if first + i == talk.place else "")
            for i, row in enumerate(rows)
        ),
        Text(),
        Text("Type a part of the name   up, down   Enter take   Esc back", "dim"),
    ]  # fmt: skip


def _naming(talk: Conversation) -> list[Text]:
    from rich.text import Text

    return [
        Text(f"There is no bucket {visible(talk.typed)!r} yet. Make it?", "bold"),
        Text("y yes   n no", "dim"),
    ]


def _helped(talk: Conversation) -> list[Text]:
    from rich.text import Text

    several = _HELP_SEVERAL if talk.session.is_multi else ()
    meant = dict(_HELP) | dict(several)
    rows = [Text.assemble((f"{key:<10}", "cyan"), what) for key, what in meant.items()]
    return [*rows, Text(), Text("Every answer is saved at once.  Any key goes back.", "dim")]


def ask(session: Session) -> None:
    """Ask on the terminal until the person leaves."""
    converse(Conversation(session), screen_of)
