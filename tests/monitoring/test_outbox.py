"""Messages arrive at least once, one a cause and day, whatever the servers do."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from djlib.monitoring.channels import Channel, Mail, Message, Slack
from djlib.monitoring.outbox import MOST_TRIES, Alert, Delivery, deliver, queue
from djlib.monitoring.secrets import Secrets
from djlib.settings import AlertSettings
from djlib.tables.state import open_state, transaction
from tests.monitoring.servers import hanging_server, mail_server, webhook

NONE = Secrets({})
ALERT = Alert("failed retrain", "retrain failed", "no tracks")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with open_state(tmp_path) as opened:
        yield opened


def put(
    state: sqlite3.Connection, *ways: str, day: str = "2026-01-01", alert: Alert = ALERT
) -> int:
    with transaction(state):
        return queue(state, [alert], ways, day)


def send_all(state: sqlite3.Connection, *ways: Channel, now: float | None = None) -> Delivery:
    return deliver(state, {way.name: way for way in ways}, NONE, timeout_s=1, now=now)


def by_mail(port: int) -> Mail:
    to = ("dj@example.org",)
    asked = AlertSettings("127.0.0.1", port, "none", None, "djlib@example.org", to, 2)
    return Mail(asked, "")


class Counting:
    name = "counting"

    def __init__(self, fails: bool = False) -> None:
        self.taken: list[Message] = []
        self.fails, self.tried = fails, 0

    def send(self, message: Message) -> None:
        self.tried += 1
        if self.fails:
            raise OSError("down")
        self.taken.append(message)


def test_one_alert_a_cause_a_day(state: sqlite3.Connection) -> None:
    counting = Counting()
    assert [put(state, "counting") for _ in range(3)] == [1, 0, 0]
    assert put(state, "counting", day="2026-01-02") == 1
    assert send_all(state, counting) == Delivery(2, 0, 0)
    assert send_all(state, counting) == Delivery(0, 0, 0)
    assert len({message.key for message in counting.taken}) == 2


def test_mail_that_was_down_is_sent_when_it_is_up(state: sqlite3.Connection) -> None:
    put(state, "mail")
    with mail_server() as letters:
        letters.is_down = True
        first = send_all(state, by_mail(letters.port))
        assert (first.sent, first.waiting) == (0, 1)
        assert "451" in first.errors[0]
        letters.is_down = False
        assert send_all(state, by_mail(letters.port)).sent == 0  # not yet
        assert send_all(state, by_mail(letters.port), now=time.time() + 61).sent == 1
        assert send_all(state, by_mail(letters.port), now=time.time() + 1e6).sent == 0
    (letter,) = letters.taken
    assert letter["Subject"] == "djlib: retrain failed"
    assert letter["To"] == "dj@example.org"


def test_no_server_at_all_is_a_wait(state: sqlite3.Connection) -> None:
    put(state, "mail")
    assert send_all(state, by_mail(1)).waiting == 1


def test_a_subject_ends_no_header(state: sqlite3.Connection) -> None:
    put(state, "mail", alert=Alert("c", "bad\r\nBcc: all@example.org\r\n\r\nbuy", "x\r\n.\r\ny ü"))
    with mail_server() as letters:
        assert send_all(state, by_mail(letters.port)).sent == 1
    (letter,) = letters.taken
    assert letter["Bcc"] is None
    assert letter["Subject"] == "djlib: bad Bcc: all@example.org buy"
    assert "\n.\n" in letter.get_content().replace("\r\n", "\n")  # type: ignore[attr-defined]


def test_a_webhook_gets_the_words_and_no_markup(state: sqlite3.Connection) -> None:
    put(state, "slack", alert=Alert("c", "<!channel> & all", "body"))
    with webhook() as hook:
        assert send_all(state, Slack(hook.address, 1)).sent == 1
    assert "&lt;!channel&gt; &amp; all" in hook.taken[0]["text"]


@pytest.mark.parametrize("status", [301, 307, 404, 429, 500])
def test_what_a_webhook_refuses_or_sends_elsewhere_waits(
    state: sqlite3.Connection, status: int
) -> None:
    put(state, "slack")
    with webhook() as hook:
        hook.status = status
        found = send_all(state, Slack(hook.address, 1))
    assert (found.sent, found.waiting) == (0, 1)
    assert str(status) in found.errors[0]


def test_a_webhook_that_hangs_takes_no_longer_than_it_may(state: sqlite3.Connection) -> None:
    put(state, "slack")
    counting = Counting()
    put(state, "counting")
    with hanging_server() as address:
        started = time.monotonic()
        found = send_all(state, Slack(address, 0.3), counting)
        assert time.monotonic() - started < 2
    assert (found.sent, found.waiting, len(counting.taken)) == (1, 1, 1)


def test_a_way_that_is_down_is_tried_once_a_delivery_and_given_up_at_last(
    state: sqlite3.Connection,
) -> None:
    down = Counting(fails=True)
    for n in range(3):
        put(state, "counting", alert=Alert(f"cause {n}", "s", "b"))
    send_all(state, down)
    assert down.tried == 1
    for day in range(3 * MOST_TRIES):
        send_all(state, down, now=time.time() + 86400 * (day + 1))
    assert down.tried == 3 * MOST_TRIES
    assert send_all(state, down, now=time.time() + 1e9).given_up == 3


def test_what_another_process_is_sending_is_left_to_it(
    state: sqlite3.Connection, tmp_path: Path
) -> None:
    put(state, "counting")
    late = Counting()

    class Slow(Counting):
        def send(self, message: Message) -> None:
            with open_state(tmp_path) as other:
                send_all(other, late)
            super().send(message)

    slow = Slow()
    send_all(state, slow)
    assert (len(slow.taken), len(late.taken)) == (1, 0)


def test_a_clock_that_was_wrong_holds_nothing_up_for_ever(state: sqlite3.Connection) -> None:
    put(state, "counting")
    send_all(state, Counting(fails=True), now=time.time() + 1e9)
    assert send_all(state, Counting()).sent == 1


_KILLED = """
import os, signal, sys
from pathlib import Path
from djlib.monitoring.outbox import deliver
from djlib.monitoring.secrets import Secrets
from djlib.tables.state import open_state
class Way:
    name = "counting"
    def send(self, message):
        if sys.argv[2] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        with open(Path(sys.argv[1]) / "sent", "a") as log:
            log.write(message.key + "\\n")
            log.flush()
        os.kill(os.getpid(), signal.SIGKILL)
with open_state(Path(sys.argv[1])) as state:
    deliver(state, {"counting": Way()}, Secrets({}), timeout_s=5)
"""


@pytest.mark.parametrize(("when", "copies"), [("before", 1), ("after", 2)])
def test_a_killed_delivery_loses_nothing(
    state: sqlite3.Connection, tmp_path: Path, when: str, copies: int
) -> None:
    put(state, "counting")
    ended = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path), when], cwd=os.getcwd())
    assert ended.returncode == -signal.SIGKILL
    again = Counting()
    assert send_all(state, again).sent == 0  # for ten minutes it may be on its way
    assert send_all(state, again, now=time.time() + 601).sent == 1
    assert send_all(state, again, now=time.time() + 1e6).sent == 0
    log = tmp_path / "sent"
    keys = log.read_text().split() if log.exists() else []
    assert len(keys) + len(again.taken) == copies
    assert {*keys, again.taken[0].key} == {again.taken[0].key}
