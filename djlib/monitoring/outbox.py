"""Messages on their way: written down first, sent, and marked; tried again until they are gone."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..tables.events import utc_now
from ..tables.state import transaction
from .channels import Channel, Message, SendError, send
from .secrets import Secrets


@dataclass(frozen=True)
class Alert:
    """What happened: `cause` names it, and of one cause one alert a day is sent; `subject` says it
    in a line, `body` with what to do."""

    cause: str
    subject: str
    body: str


MOST_TRIES = 12
"""How often a message is tried, over about three days."""
_WAITS_S = (60, 300, 900, 3600, 4 * 3600, 8 * 3600)
_CLAIM_S = 600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """How many messages went out, how many wait to be tried again, and which were given up."""

    sent: int
    waiting: int
    given_up: int
    errors: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


def queue(state: sqlite3.Connection, alerts: Iterable[Alert], ways: Sequence[str], day: str) -> int:
    """Put alerts into the outbox, for each way once a cause and day; gives how many are new. For
    use inside a transaction, so that what an alert is about and the alert are kept together."""
    n = 0
    for alert in alerts:
        for way in ways:
            put = state.execute(
                "INSERT OR IGNORE INTO outbox (cause, day, channel, subject, body, created_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (alert.cause, day, way, alert.subject, alert.body, utc_now()),
            )
            n += put.rowcount
    return n


def deliver(
    state: sqlite3.Connection,
    ways: Mapping[str, Channel],
    secrets: Secrets,
    *,
    timeout_s: float,
    now: float | None = None,
) -> Delivery:
    """Send everything that is due. A way that fails is not tried again in this delivery, and does
    not hold up the others."""
    now = time.time() if now is None else now
    sent, errors, down = 0, [], set[str]()
    for row in _due(state, now):
        way = row["channel"]
        if way not in ways or way in down or not _claimed(state, row, now):
            continue
        message = Message(key_of(row["cause"], row["day"], way), row["subject"], row["body"])
        try:
            send(ways[way], message, secrets, timeout_s)
        except SendError as error:
            down.add(way)
            errors.append(str(error))
            _log.warning("message %s did not go out: %s", message.key, error)
            _put_off(state, row, str(error), now)
        else:
            sent += 1
            with transaction(state):
                state.execute(
                    "UPDATE outbox SET state = 'sent', sent_at = ?, last_error = '' WHERE id = ?",
                    (utc_now(), row["id"]),
                )
    return Delivery(sent, _count(state, "pending"), _count(state, "given up"), tuple(errors))


def key_of(cause: str, day: str, way: str) -> str:
    """What marks a message, the same however often it is tried.

    >>> key_of("failed retrain", "2026-01-01", "mail")
    '5b50572a8f30'
    """
    return hashlib.sha256(f"{cause}\x1f{day}\x1f{way}".encode()).hexdigest()[:12]


def _due(state: sqlite3.Connection, now: float) -> list[sqlite3.Row]:
    """Messages to be tried; one that waits longer than any wait was put off by a wrong clock."""
    return state.execute(
        "SELECT * FROM outbox WHERE state = 'pending' AND (next_try <= ? OR next_try > ?) "
        "ORDER BY id",
        (now, now + max(_WAITS_S) + _CLAIM_S),
    ).fetchall()


def _claimed(state: sqlite3.Connection, row: sqlite3.Row, now: float) -> bool:
    """Take a message for this process, unless another was faster."""
    with transaction(state):
        taken = state.execute(
            "UPDATE outbox SET attempts = attempts + 1, next_try = ? "
            "WHERE id = ? AND state = 'pending' AND attempts = ?",
            (now + _CLAIM_S, row["id"], row["attempts"]),
        )
    return taken.rowcount == 1


def _put_off(state: sqlite3.Connection, row: sqlite3.Row, error: str, now: float) -> None:
    tried = row["attempts"] + 1
    wait = _WAITS_S[min(tried, len(_WAITS_S)) - 1]
    after = "given up" if tried >= MOST_TRIES else "pending"
    with transaction(state):
        state.execute(
            "UPDATE outbox SET state = ?, next_try = ?, last_error = ? WHERE id = ?",
            (after, now + wait, error, row["id"]),
        )


def _count(state: sqlite3.Connection, which: str) -> int:
    found = state.execute("SELECT count(*) FROM outbox WHERE state = ?", (which,))
    return int(found.fetchone()[0])
