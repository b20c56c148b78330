"""A scraper that is asked once more: the command of a person, within its time."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from contextlib import suppress

from ..settings import ENV_SECRET, Settings
from .talk import Talk


def rescrape(settings: Settings, source: str, talk: Talk) -> bool:
    """Call the command that fetches a source anew, once and within its time; whether it did."""
    command = settings.opportunities.rescrape
    if not command:
        return False
    with talk.step(f"Fetching {source} once more"):
        failure = _failure(command, source, settings.opportunities.rescrape_timeout_s)
    if failure:
        talk.say(f"fetching {source} once more failed: {failure}")
    return not failure


def _failure(command: str, source: str, seconds: float) -> str:
    """Run it; gives what went wrong, "" for nothing."""
    env = {n: value for n, value in os.environ.items() if not n.startswith(ENV_SECRET)}
    try:
        # Split before the name goes in: a source called "x; rm" is one word to the command.
        words = [word.replace("{source}", source) for word in shlex.split(command)]
        started = subprocess.Popen(
            words,
            env={**env, "DJLIB_SOURCE_NAME": source},
            stdin=subprocess.DEVNULL,
            # Not piped: what it leaves running could hold the pipe open for ever.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as error:
        return str(error)
    try:
        code = started.wait(seconds)
    except BaseException as error:
        _end(started)
        if isinstance(error, subprocess.TimeoutExpired):
            return f"no end after {seconds:g} s"
        raise
    return f"exit code {code}" if code else ""


def _end(started: subprocess.Popen[bytes]) -> None:
    """End a command and what it has started."""
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(started.pid, signal.SIGKILL)
        else:
            started.kill()
    started.wait()
