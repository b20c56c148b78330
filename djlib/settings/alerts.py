"""Whom to tell, and by which way; never a secret."""

from __future__ import annotations

from dataclasses import dataclass

TEXTS = {"smtp_host", "smtp_user", "mail_from"}
"""Settings that are any text of one line."""


@dataclass(frozen=True)
class AlertSettings:
    """How alerts are sent. Mail goes out where `smtp_host`, `mail_from` and `mail_to` are set.

    `smtp_security` is how the connection is kept private; `smtp_user` logs in with the secret
    `smtp_password`. `timeout_s` is how long one message may take, `daily_summary` whether what was
    done is told each day too.
    """

    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str | None = None
    mail_from: str | None = None
    mail_to: tuple[str, ...] = ()
    timeout_s: float = 20.0
    daily_summary: bool = True
