"""A canary that must sing nowhere."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from djlib.errors import UsageError
from djlib.monitoring.channels import Apprise, Mail, Slack
from djlib.monitoring.secrets import Secrets, read_secrets
from djlib.settings import AlertSettings
from tests.monitoring.servers import webhook
from tests.processes import ended, start_djlib

CANARY = "canary/sings+loud"


def file_of(root: Path, text: str, mode: int = 0o600) -> Path:
    path = root / "secrets.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file_of(tmp_path, 'smtp_password = "old"\nslack_webhook = "https://x/y"')
    found = read_secrets(tmp_path, {"DJLIB_SECRET_SMTP_PASSWORD": "new"})
    assert (found.get("smtp_password"), found.get("slack_webhook")) == ("new", "https://x/y")
    assert read_secrets(tmp_path / "nowhere", {}).get("smtp_password") == ""


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666])
def test_a_file_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = file_of(tmp_path, f'smtp_password = "{CANARY}"', mode)
    with pytest.raises(UsageError, match="chmod 600") as refused:
        read_secrets(tmp_path, {})
    assert CANARY not in str(refused.value)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(
    "text", [f'smtp_password = "{CANARY}', f"smtp_password = ['{CANARY}', 3]", "passwort = 'x'"]
)
def test_a_file_that_is_wrong_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    file_of(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        read_secrets(tmp_path, {})
    assert CANARY not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_log_shows_no_secret_however_it_gets_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("tests.canary")
    file = tmp_path / "log"
    handler = logging.FileHandler(file)
    log.addHandler(handler)
    Secrets({"slack_webhook": f"https://hooks.example/{CANARY}"}).guard(log)
    try:
        log.warning("one %s", CANARY)
        log.warning("two https://hooks.example/%s", "canary%2Fsings%2Bloud")
        try:
            raise OSError(CANARY)
        except OSError as error:
            log.exception("three: %s", error)
    finally:
        log.removeHandler(handler)
        handler.close()
    assert "three" in file.read_text()
    assert "OSError" in file.read_text()
    assert "loud" not in file.read_text()


def test_ways_that_are_set_up_in_half_or_unsafe_are_refused() -> None:
    with pytest.raises(UsageError, match="mail_from"):
        Mail(AlertSettings("h"), "")
    asked = AlertSettings("mail.example", 25, "none", "me", "a@b", ("c@d",))
    with pytest.raises(UsageError, match="smtp_password too"):
        Mail(asked, "")
    with pytest.raises(UsageError, match="for all to read"):
        Mail(asked, CANARY)
    for address in (f"http://hooks.example/{CANARY}", f"file:///{CANARY}", CANARY, "https://a\nb"):
        with pytest.raises(UsageError, match="https") as refused:
            Slack(address, 1)
        assert CANARY not in str(refused.value)
    for address in (f"file://{CANARY}", f"exec://{CANARY}", f"json://{CANARY}", CANARY):
        with pytest.raises(UsageError, match="not allowed") as refused:
            Apprise(address)
        if "://" in address:
            assert CANARY not in str(refused.value)


@pytest.mark.parametrize("status", [200, 500])
def test_the_canary_is_in_no_output_of_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    (tmp_path / "logs").mkdir()
    with webhook() as hook:
        hook.status = status
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        monkeypatch.setenv("DJLIB_HOME", str(tmp_path))
        for words in (["alert-test", "--json"], ["run", "daily", "-v"], ["history", "--json"]):
            output = tmp_path / words[0]
            ended(start_djlib("jobs", *words, output=output))
            assert b"Traceback" not in output.with_name(f"{words[0]}.err").read_bytes()
    assert len(hook.taken) == (2 if status == 200 else 0)  # the test and the summary
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or b"CANARYSECRET" not in file.read_bytes(), file
