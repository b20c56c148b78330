"""Where a command ends: an expected failure becomes one line and an exit code, in one place."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand


class Boundary:
    """The one place where an expected failure becomes a line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an expected failure ends it with one line on stderr."""
        from djlib.errors import DjlibError

        try:
            return super().invoke(ctx)  # type: ignore[misc]
        except DjlibError as error:
            from ._session import report_failure

            report_failure(error)
            raise typer.Exit(error.exit_code) from error
        except OSError as error:
            if error.filename is None:  # no file of the person's: a bug, or a pipe that went away
                raise
            from ._session import report_failure

            report_failure(DjlibError(f"{error.filename}: {error.strerror}"))
            raise typer.Exit(DjlibError.exit_code) from error


class _Command(Boundary, TyperCommand):
    """A command that is a script of its own."""


def run_alone(command: Callable[..., None]) -> None:
    """Run one command as a script of its own."""
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(cls=_Command)(command)
    run(alone)


def run(commands: typer.Typer) -> None:
    """Run a command line from the arguments of the process."""
    try:
        commands()
    except BrokenPipeError:  # the reader of a pipe went away: nobody is left to tell
        sys.stderr.close()
        sys.exit(1)
