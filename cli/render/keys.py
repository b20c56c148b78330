"""Single keys from a terminal, which is left as it was found, however the program ends."""

from __future__ import annotations

import codecs
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ReadKey = Callable[[], str]
"""Waits for a key and gives the sign it types, or the name of one that types none."""
ENTER, ESCAPE, BACKSPACE, TAB = "enter", "escape", "backspace", "tab"
UP, DOWN = "up", "down"
RESIZE = "resize"
UNKNOWN = "unknown"
_CONTROL = {
    "\r": ENTER, "\n": ENTER, "\t": TAB, "\x7f": BACKSPACE, "\x08": BACKSPACE,
    "\x1b": ESCAPE, "\x1a": "u",  # Ctrl-Z takes back here too
}  # fmt: skip
_SEQUENCES = {"\x1b[A": UP, "\x1bOA": UP, "\x1b[B": DOWN, "\x1bOB": DOWN, "\x1b[Z": UP}
_WINDOWS = {"H": UP, "P": DOWN}
_LOOKS_EVERY_S = 0.5
_SEQUENCE_WITHIN_S = 0.05


def is_terminal() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def single_keys() -> Iterator[ReadKey]:
    """Give a function that reads one key at a time; Ctrl-C raises KeyboardInterrupt and a request
    to end (SIGTERM, SIGHUP) SystemExit, so that the terminal is put back first."""
    with _ending_in_order():
        if os.name == "nt":  # pragma: no cover
            yield _windows_key
        else:
            with _posix_keys() as read:
                yield read


@contextmanager
def _ending_in_order() -> Iterator[None]:
    wanted = [getattr(signal, n) for n in ("SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {number: signal.signal(number, _end) for number in wanted}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _posix_keys() -> Iterator[ReadKey]:
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        settings = termios.tcgetattr(terminal)
        settings[6][termios.VSUSP] = b"\x00"
        termios.tcsetattr(terminal, termios.TCSANOW, settings)
        yield _Keys(terminal).read
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


class _Keys:
    """Bytes of a terminal as keys: UTF-8 and the sequences of the arrows put together."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        self._size = os.get_terminal_size(terminal)

    def read(self) -> str:
        """Wait for a key; `resize` where the window changed in the meantime."""
        while not self._has_more(_LOOKS_EVERY_S):
            size = os.get_terminal_size(self._terminal)
            if size != self._size:
                self._size = size
                return RESIZE
        sign = self._sign()
        if sign == "\x1b" and self._has_more(_SEQUENCE_WITHIN_S):
            return self._sequence()
        return key_of(sign)

    def _sign(self) -> str:
        sign, self._pending = self._pending, ""
        while not sign:
            byte = os.read(self._terminal, 1)
            if not byte:  # the terminal is gone
                raise SystemExit(1)
            sign = self._decoder.decode(byte)
        return sign

    def _sequence(self) -> str:
        text = "\x1b" + self._sign()
        if text[1] not in "[O":  # the escape key, and then another
            self._pending = text[1]
            return ESCAPE
        while len(text) < 3 or text[-1] in "0123456789;":
            text += self._sign()
        return _SEQUENCES.get(text, UNKNOWN)

    def _has_more(self, within_s: float) -> bool:
        import select

        return bool(self._pending or select.select([self._terminal], [], [], within_s)[0])


def key_of(sign: str) -> str:
    """The key that types a sign.

    >>> [key_of(sign) for sign in ("y", "\\r", "\\x7f", "\\x01")]
    ['y', 'enter', 'backspace', 'unknown']
    """
    return _CONTROL.get(sign, sign if sign.isprintable() else UNKNOWN)


def _windows_key() -> str:  # pragma: no cover
    import msvcrt

    sign: str = msvcrt.getwch()  # type: ignore[attr-defined,unused-ignore]
    if sign in "\x00\xe0":
        return _WINDOWS.get(msvcrt.getwch(), UNKNOWN)  # type: ignore[attr-defined,unused-ignore]
    if sign == "\x03":
        raise KeyboardInterrupt
    return key_of(sign)
