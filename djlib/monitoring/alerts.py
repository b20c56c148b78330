"""Alerts of a workspace: who is told by which way, put into the outbox, sent."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import InputError, UsageError
from ..settings import Settings, Workspace
from ..tables.events import read_events, utc_now
from ..tables.state import open_state, transaction
from .channels import Channel, channels
from .outbox import Alert, Delivery, deliver, queue
from .secrets import Secrets, read_secrets

LOGGED = "alerts"
"""The log where commands that send nothing write down what somebody should be told: `cause`,
`subject` and `body`."""

_log = logging.getLogger("djlib")


@dataclass(frozen=True)
class Tested:
    """The ways a test message was sent by, and what became of it."""

    ways: list[str]
    delivery: Delivery

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


class Alerts:
    """The ways of a workspace; what its secrets are is kept out of the log from now on."""

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self._secrets: Secrets = read_secrets(workspace.root)
        self._secrets.guard(_log)
        self._timeout_s = settings.alerts.timeout_s
        self._events = workspace.events
        found = channels(settings.alerts, self._secrets)
        self.ways: dict[str, Channel] = {channel.name: channel for channel in found}

    def queue(self, state: sqlite3.Connection, alerts: Iterable[Alert], day: str) -> int:
        """Put alerts into the outbox; for use inside a transaction."""
        told = [Alert(self.blot(a.cause), self.blot(a.subject), self.blot(a.body)) for a in alerts]
        if told and not self.ways:
            _log.warning("nobody is told of: %s", "; ".join(alert.subject for alert in told))
        return queue(state, told, list(self.ways), day)

    def deliver(self, state: sqlite3.Connection) -> Delivery:
        """Send what is due, and what was logged since."""
        self._take_up(state)
        return deliver(state, self.ways, self._secrets, timeout_s=self._timeout_s)

    def _take_up(self, state: sqlite3.Connection) -> None:
        """Put what was logged into the outbox, each once."""
        try:
            logged = read_events(self._events, LOGGED)
        except InputError as error:
            damaged = Alert("damaged log of alerts", "alerts may be missing", str(error))
            with transaction(state):
                self.queue(state, [damaged], utc_now()[:10])
            return
        with transaction(state):
            row = state.execute("SELECT n FROM taken_up WHERE log = ?", (LOGGED,)).fetchone()
            n = row["n"] if row and row["n"] <= len(logged) else 0  # a log that was removed
            for fact in logged[n:]:
                alert = Alert(str(fact["cause"]), str(fact["subject"]), str(fact["body"]))
                self.queue(state, [alert], str(fact["at"])[:10])
            state.execute("INSERT OR REPLACE INTO taken_up VALUES (?, ?)", (LOGGED, len(logged)))

    def blot(self, text: str) -> str:
        """A text without any secret."""
        return self._secrets.blot(text)


def send_test(workspace: Workspace, settings: Settings) -> Tested:
    """Send a message by every way that is set up. Raises `UsageError` where none is."""
    alerts = Alerts(workspace, settings)
    if not alerts.ways:
        raise UsageError(
            "no way to tell anybody is set up: set alerts.smtp_host, alerts.mail_from and "
            "alerts.mail_to, or the secret slack_webhook (docs/how-to/alerts.md)"
        )
    body = f"This is what an alert of {workspace.root} looks like. Nothing is wrong."
    with open_state(workspace.data) as state:
        with transaction(state):
            alerts.queue(state, [Alert(f"test {utc_now()}", "a test", body)], utc_now()[:10])
        return Tested(list(alerts.ways), alerts.deliver(state))


def send_waiting(workspace: Workspace, settings: Settings) -> Delivery:
    """Send what is in the outbox and due."""
    alerts = Alerts(workspace, settings)
    with open_state(workspace.data) as state:
        return alerts.deliver(state)
