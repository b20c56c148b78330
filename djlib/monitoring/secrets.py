"""Passwords and addresses that are as good as one: read from safe places, shown nowhere.

They come from the environment or from `secrets.toml` of the workspace, which only its owner may be
able to read. What was read is blotted out of everything that is logged or kept.
"""

from __future__ import annotations

import logging
import os
import stat
import tomllib
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from ..errors import UsageError

SECRETS_FILE = "secrets.toml"
NAMES = ("smtp_password", "slack_webhook", "apprise_urls")
_PREFIX = "DJLIB_SECRET_"
_BLOT = "***"
_SHORTEST = 4


class Secrets:
    """Secrets by name; printing them shows their names only.

    >>> secrets = Secrets({"smtp_password": "hunter22"})
    >>> secrets, secrets.blot("535 hunter22 is wrong")
    (Secrets(smtp_password), '535 *** is wrong')
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def get(self, name: str) -> str:
        """A secret, "" where there is none."""
        return self._values.get(name, "")

    def blot(self, text: str) -> str:
        """A text without any of the secrets."""
        for secret in sorted(self._forms(), key=len, reverse=True):
            text = text.replace(secret, _BLOT)
        return text

    def guard(self, log: logging.Logger) -> None:
        """Blot them out of whatever the handlers of a log write from now on."""
        for handler in log.handlers:
            handler.addFilter(self._blotted)

    def _blotted(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.blot(record.getMessage()), None
        if record.exc_info:
            told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            record.exc_info, record.exc_text = None, self.blot(told)
        elif record.exc_text:
            record.exc_text = self.blot(record.exc_text)
        return True

    def _forms(self) -> Iterable[str]:
        """Each secret as it is, as an address writes it, and the telling part of an address."""
        for value in self._values.values():
            for line in value.splitlines():
                path = line.partition("://")[2].partition("/")[2]
                for told in (line, path):
                    forms = {told, quote(told), quote(told, safe=""), repr(told)[1:-1]}
                    yield from (form for form in forms if len(form) >= _SHORTEST)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(self._values)})"


def read_secrets(root: Path, environ: Mapping[str, str] | None = None) -> Secrets:
    """The secrets of a workspace; the environment goes before the file.

    Raises `UsageError` for a file that others may read, an unknown name or a value that is no text.
    """
    env = os.environ if environ is None else environ
    found = _of_file(root / SECRETS_FILE)
    for variable in sorted(env):
        if variable.startswith(_PREFIX) and env[variable]:
            name = variable.removeprefix(_PREFIX).lower()
            _refuse_unknown(name, "environment")
            found[name] = env[variable].replace(",", "\n") if name == NAMES[2] else env[variable]
    return Secrets(found)


def _of_file(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            _refuse_open_file(path, about)
            read = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # What is wrong with the line could show the line.
        raise UsageError(f"{path}: not valid TOML; write lines as: smtp_password = '...'") from None
    return {name: _text(name, value, path) for name, value in read.items()}


def _refuse_open_file(path: Path, about: os.stat_result) -> None:
    if os.name != "posix":
        return
    mode = stat.S_IMODE(about.st_mode)
    if mode & 0o077:
        raise UsageError(f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
    if about.st_uid != os.geteuid():
        raise UsageError(f"{path} belongs to somebody else; secrets must be your own file")


def _text(name: str, value: object, path: Path) -> str:
    _refuse_unknown(name, str(path))
    given = value if isinstance(value, list) else [value]
    lines = [line for line in given if isinstance(line, str)]
    if len(lines) < len(given):
        raise UsageError(f"{path}: {name} must be a text; its value is not shown")
    return "\n".join(lines)


def _refuse_unknown(name: str, where: str) -> None:
    if name not in NAMES:
        raise UsageError(f"{where}: unknown secret {name!r}; known: {', '.join(NAMES)}")
