"""The ways to tell somebody: mail and Slack with the standard library, others through apprise."""

from __future__ import annotations

import hashlib
import logging
import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Protocol
from urllib.parse import urlsplit

from ..errors import DjlibError, UsageError
from ..settings import AlertSettings
from ..tables.plain_json import json_text
from .secrets import Secrets

SCHEMES = (
    "discord", "gotify", "gotifys", "matrix", "matrixs", "ntfy", "ntfys", "pover",
    "rocket", "rockets", "signal", "signals", "slack", "tgram",
    "workflows",
)  # fmt: skip
"""Services apprise may be asked for: none of those that run programs or write files here."""

_LOCAL = ("localhost", "127.0.0.1", "::1")
_SUBJECT = 200

_log = logging.getLogger(__name__)


class SendError(DjlibError):
    """A message that did not go out, as far as can be told."""


@dataclass(frozen=True)
class Message:
    """What is sent; `key` is the same each time the same message is tried."""

    key: str
    subject: str
    body: str


class Channel(Protocol):
    """A way to tell somebody."""

    name: str

    def send(self, message: Message) -> None:
        """Send, or raise."""


def channels(settings: AlertSettings, secrets: Secrets) -> list[Channel]:
    """The ways that are set up. Raises `UsageError` for one that is set up in half."""
    found: list[Channel] = []
    if settings.smtp_host:
        found.append(Mail(settings, secrets.get("smtp_password")))
    if secrets.get("slack_webhook"):
        found.append(Slack(secrets.get("slack_webhook"), settings.timeout_s))
    if secrets.get("apprise_urls"):
        found += map(Apprise, filter(None, secrets.get("apprise_urls").splitlines()))
    return found


def send(channel: Channel, message: Message, secrets: Secrets, timeout_s: float) -> None:
    """Send by one way within a time, whatever the other side does.

    Raises `SendError`, in words without a secret and without the error behind it, whose words
    could show one.
    """
    try:
        _within(timeout_s, lambda: channel.send(message))
    except Exception as error:
        said = secrets.blot(f"{type(error).__name__}: {error}")
        raise SendError(f"{channel.name}: {one_line(said)}") from None


def one_line(text: str, most: int = _SUBJECT) -> str:
    """A text that ends no header: without line ends and other control characters.

    >>> one_line("worse\\r\\nBcc: all@example.org")
    'worse Bcc: all@example.org'
    """
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())[:most]


class Mail:
    """Mail by SMTP."""

    name = "mail"

    def __init__(self, settings: AlertSettings, password: str) -> None:
        if not settings.mail_from or not settings.mail_to:
            raise UsageError("alerts.smtp_host is set: set alerts.mail_from and alerts.mail_to too")
        if settings.smtp_user and not password:
            raise UsageError("alerts.smtp_user is set: set the secret smtp_password too")
        if password and settings.smtp_security == "none" and settings.smtp_host not in _LOCAL:
            raise UsageError("alerts.smtp_security = none would send smtp_password for all to read")
        self._settings, self._password = settings, password

    def send(self, message: Message) -> None:
        """Send one mail to everybody."""
        asked = self._settings
        mail = EmailMessage()
        mail["Subject"] = one_line(f"djlib: {message.subject}")
        mail["From"], mail["To"] = asked.mail_from, ", ".join(asked.mail_to)
        mail["Date"], mail["Message-ID"] = formatdate(), f"<{message.key}@djlib.invalid>"
        mail.set_content(f"{message.body}\n\n[{message.key}]\n")
        server = self._connected()
        try:
            if asked.smtp_user:
                server.login(asked.smtp_user, self._password)
            refused = server.send_message(mail)
        except BaseException:
            server.close()
            raise
        with suppress(smtplib.SMTPException, OSError):  # it is sent, however they part
            server.quit()
        if refused:
            _log.warning("%d of %d addresses were refused", len(refused), len(asked.mail_to))

    def _connected(self) -> smtplib.SMTP:
        asked = self._settings
        host, port, seconds = asked.smtp_host or "", asked.smtp_port, asked.timeout_s
        if asked.smtp_security == "tls":
            trusted = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port, timeout=seconds, context=trusted)
        server = smtplib.SMTP(host, port, timeout=seconds)
        if asked.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        return server


class Slack:
    """A Slack incoming webhook, or any that takes `{"text": ...}`."""

    name = "slack"

    def __init__(self, address: str, timeout_s: float) -> None:
        parts = urlsplit(address)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
        if not is_safe or not parts.hostname or not address.isprintable() or " " in address:
            raise UsageError("the secret slack_webhook must be an https address; it is not shown")
        self._parts, self._timeout_s = parts, timeout_s

    def send(self, message: Message) -> None:
        """Post one message; a redirect is not followed, since it could lead anywhere."""
        text = f"*djlib: {one_line(message.subject)}*\n{message.body}\n[{message.key}]"
        for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(sign, written)
        body = json_text({"text": text}).encode()
        host, port = self._parts.hostname or "", self._parts.port
        is_private = self._parts.scheme == "https"
        kind = HTTPSConnection if is_private else HTTPConnection
        connection = kind(host, port, timeout=self._timeout_s)
        try:
            path = self._parts.path + (f"?{self._parts.query}" if self._parts.query else "")
            connection.request("POST", path or "/", body, {"Content-Type": "application/json"})
            status = connection.getresponse().status
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise HTTPException(f"the webhook answered {status}")


class Apprise:
    """Another service, through the library apprise where it is installed.

    Each address is a way of its own: one that is down must not have the others told again. Its name
    shows the service and a mark of the address, which is a secret.
    """

    def __init__(self, address: str) -> None:
        scheme = address.partition("://")[0].strip().lower()
        if scheme not in SCHEMES:
            raise UsageError(
                f"apprise_urls: {one_line(scheme, 20)!r} is not allowed; "
                f"allowed: {', '.join(SCHEMES)}"
            )
        self._address = address.strip()
        self.name = f"{scheme} {hashlib.sha256(self._address.encode()).hexdigest()[:4]}"

    def send(self, message: Message) -> None:
        """Send one message."""
        try:
            import apprise
        except ImportError:
            raise UsageError("apprise is not installed; pip install 'djlib[alerts]'") from None
        asked = apprise.Apprise()
        if not asked.add(self._address):
            raise UsageError("apprise_urls: the address is not understood")
        body = f"{message.body}\n[{message.key}]"
        if not asked.notify(title=one_line(message.subject), body=body):
            raise SendError("the service did not take the message")


def _within(seconds: float, work: Callable[[], None]) -> None:
    """Do something in a thread that is left alone when it takes too long: a server that sends a
    byte now and then keeps every timeout of a socket from coming."""
    failed: list[BaseException] = []

    def tried() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=tried, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no end after {seconds:g} s")
    if failed:
        raise failed[0]
