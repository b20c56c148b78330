"""A thing somebody should know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alert:
    """What happened: `cause` names it, and of one cause one alert a day is sent; `subject` says it
    in a line, `body` with what to do."""

    cause: str
    subject: str
    body: str
