"""A conversation on the terminal: what there is to see, one key, and so on."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from . import keys

if TYPE_CHECKING:
    from rich.console import RenderableType


class Pressed(Protocol):
    """Turns keys into answers; `press` says whether to go on."""

    def press(self, key: str) -> bool:
        """Do what a key stands for; False where the person leaves."""


C = TypeVar("C", bound=Pressed)


def converse(conversation: C, draw: Callable[[C], RenderableType]) -> None:
    """Draw and take keys until the person leaves."""
    from rich.console import Console, ConsoleDimensions

    console = Console(highlight=False)
    with keys.single_keys() as read, console.screen(hide_cursor=True) as screen:
        going_on = True
        while going_on:
            console.size = ConsoleDimensions(*os.get_terminal_size())  # whatever COLUMNS says
            screen.update(draw(conversation))
            try:
                going_on = conversation.press(read())
            except KeyboardInterrupt:  # leaves as q does
                going_on = False
