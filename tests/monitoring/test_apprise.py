"""Other services: each told once, whatever the others do; with apprise itself where it is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from djlib.errors import UsageError
from djlib.monitoring.channels import Apprise, Message, SendError, channels, send
from djlib.monitoring.outbox import Alert, deliver, queue
from djlib.monitoring.secrets import Secrets, read_secrets
from djlib.settings import AlertSettings
from djlib.tables.state import open_state, transaction
from tests.monitoring.servers import webhook

ROOT = Path(__file__).parents[2]
MESSAGE = Message("5b50572a8f30", "bad\r\nnews", "look")
BOTH = Secrets({"apprise_urls": "tgram://bot/CANARY\nntfys://example.org/CANARY"})


class Services:
    """What stands in for apprise: services by scheme, some of them down."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.taken: list[tuple[str, str, str]] = []

    def Apprise(self) -> Any:
        added: list[str] = []

        def add(address: str) -> bool:
            added.append(address)
            return "nonsense" not in address

        def notify(title: str, body: str) -> bool:
            schemes = [address.partition(":")[0] for address in added]
            self.taken += [(s, title, body) for s in schemes if s not in self.down]
            return not self.down.intersection(schemes)

        return SimpleNamespace(add=add, notify=notify)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    made = Services()
    monkeypatch.setitem(sys.modules, "apprise", made)
    return made


def test_a_message_has_its_mark_and_no_line_end_in_its_title(services: Services) -> None:
    send(Apprise("ntfy://topic"), MESSAGE, Secrets({}), 5)
    assert services.taken == [("ntfy", "bad news", "look\n[5b50572a8f30]")]


def test_a_service_that_is_down_does_not_have_the_others_told_again(
    tmp_path: Path, services: Services
) -> None:
    ways = {way.name: way for way in channels(AlertSettings(), BOTH)}
    assert [name.split()[0] for name in ways] == ["tgram", "ntfys"]
    assert "CANARY" not in str(list(ways))
    services.down = {"ntfys"}
    with open_state(tmp_path) as state:
        with transaction(state):
            queue(state, [Alert("c", "s", "b")], list(ways), "2026-01-01")
        for hour in range(1, 4):
            found = deliver(state, ways, BOTH, timeout_s=5, now=hour * 3600.0)
        assert (found.waiting, [taken[0] for taken in services.taken]) == (1, ["tgram"])
        assert "CANARY" not in found.errors[0]
        services.down = set()
        assert deliver(state, ways, BOTH, timeout_s=5, now=1e6).sent == 1
        assert [taken[0] for taken in services.taken] == ["tgram", "ntfys"]


def test_an_address_keeps_its_name_whatever_stands_beside_it() -> None:
    alone = channels(AlertSettings(), Secrets({"apprise_urls": "ntfys://example.org/CANARY"}))
    assert alone[0].name == channels(AlertSettings(), BOTH)[1].name


def test_what_is_wrong_is_said_without_the_address(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = Secrets({"apprise_urls": "tgram://nonsense/CANARY"})
    with pytest.raises(SendError, match="not understood") as refused:
        send(channels(AlertSettings(), secrets)[0], MESSAGE, secrets, 5)
    assert "CANARY" not in str(refused.value)
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SendError, match=r"pip install 'djlib\[alerts\]'"):
        send(Apprise("ntfy://topic"), MESSAGE, Secrets({}), 5)
    with pytest.raises(UsageError, match="'json' is not allowed"):
        channels(AlertSettings(), Secrets({"apprise_urls": "ntfy://a\njson://b"}))


def test_addresses_of_the_environment_stand_with_commas(tmp_path: Path) -> None:
    found = read_secrets(tmp_path, {"DJLIB_SECRET_APPRISE_URLS": "ntfy://a,,gotify://b/c, "})
    with pytest.raises(UsageError, match="'' is not allowed"):
        channels(AlertSettings(), found)
    found = read_secrets(tmp_path, {"DJLIB_SECRET_APPRISE_URLS": "ntfy://a, gotify://b/c"})
    assert len(channels(AlertSettings(), found)) == 2


@pytest.mark.parametrize("status", [200, 500])
def test_apprise_itself_tells_a_server_and_shows_no_secret(tmp_path: Path, status: int) -> None:
    pytest.importorskip("apprise", reason="apprise is an extra: djlib[alerts]")
    with webhook() as hook:
        hook.status = status
        address = hook.address.replace("http://", "gotify://").partition("/services")[0]
        env = {**os.environ, "DJLIB_HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
        env["DJLIB_SECRET_APPRISE_URLS"] = f"{address}/CANARYTOKEN1234"
        words = [sys.executable, "-m", "cli", "jobs", "alert-test", "--json"]
        ran = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True)
    assert ran.returncode == (status != 200), ran.stderr
    assert [taken["title"] for taken in hook.taken] == ["a test"] * (status == 200)
    assert "CANARYTOKEN" not in ran.stdout + ran.stderr
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and b"CANARYTOKEN" in p.read_bytes()]
