"""The `djlib` command: one file a noun, joined here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from . import assign_buckets, check, demo, doctor, export, feedback, models, scan, synth, train


class _Boundary:
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


class _Commands(_Boundary, TyperGroup):
    """Root of the commands. Its help is plain: drawing it with rich doubles the start-up time."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands without rich."""
        self.rich_markup_mode = None
        super().format_help(ctx, formatter)


class _Command(_Boundary, TyperCommand):
    """A command that is a script of its own."""


app = typer.Typer(
    name="djlib",
    cls=_Commands,
    help="Sorts your tracks into your own crates: learns them, proposes, takes your corrections.",
    epilog="\b\nStart with:  djlib demo\nThen:        djlib scan LIBRARY.xml\n"
    "             djlib assign-buckets",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        from djlib import __version__

        typer.echo(f"djlib {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("scan")(scan.scan)
app.command("train")(train.train)
app.command("assign-buckets")(assign_buckets.assign_buckets)
app.command("feedback")(feedback.feedback)
app.command("export")(export.export)
app.add_typer(models.app, name="models")
app.command("check")(check.check)
app.command("synth")(synth.synth)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line; what `djlib` and `python -m cli` start."""
    _run(app)


def run_alone(command: Callable[..., None]) -> None:
    """Run one command as a script of its own."""
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(cls=_Command)(command)
    _run(alone)


def _run(commands: typer.Typer) -> None:
    try:
        commands()
    except BrokenPipeError:  # the reader of a pipe went away: nobody is left to tell
        sys.stderr.close()
        sys.exit(1)
