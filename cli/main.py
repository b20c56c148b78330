"""The `djlib` command: one file a noun, joined here, each loaded when it is asked for."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ._boundary import Boundary, run

_COMMANDS = {
    "status": "Say where things stand and what comes next.",
    "scan": "Read your library; playlists become buckets.",
    "train": "Learn from what you did, and measure how well.",
    "assign-buckets": "Propose a bucket for every unsorted track.",
    "select-batch": "Choose the next records worth a look.",
    "recommend": "Show the open calls you would want to see.",
    "review": "Answer with one key a track or record.",
    "explain": "Say why a track gets its bucket or a record was chosen.",
    "feedback": "Learn from your corrections.",
    "similar": "Find records like one you name.",
    "map": "Draw all records as a map, alike ones near each other.",
    "report": "Show whether it gets better, version by version.",
    "export": "Write the buckets as playlists for DJ software.",
    "history": "What was exported, and taking it back.",
    "compare": "Compare models on the same folds of your library.",
    "simulate": "Try policies on labelled listings.",
    "models": "Versions of the model, and going back.",
    "rules": "Say what a bucket's tracks have in common.",
    "trends": "Say how your buckets and taste move over time.",
    "monitor": "Say what has changed around your models.",
    "jobs": "Run, list and schedule what needs nobody.",
    "check": "Say what is missing, doubled or suspect.",
    "duplicates": "Find songs you have several times, and which file to keep.",
    "synth": "Invent a sample table.",
    "demo": "Try the whole loop on a sample library.",
    "doctor": "Say what is installed and what is broken.",
}
"""Each command and the first line of its help; `a-b` is the function `a_b` of the file `a_b.py`,
or that file's `app`."""


class _Commands(Boundary, TyperGroup):
    """Root of the commands, made for a fast start: its help is plain, because drawing it with rich
    doubles the time, and comes from the table above, because building every command's options
    for it costs as much again."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        names: dict[str, Any] = dict.fromkeys(_COMMANDS)  # for "did you mean"
        self.commands = names

    def list_commands(self, ctx: Any) -> list[str]:
        """Give the names in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load one command; None where there is none of that name."""
        return _built(cmd_name) if cmd_name in _COMMANDS else None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help without rich."""
        self.rich_markup_mode = None
        super().format_help(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table of commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@cache
def _built(name: str) -> Any:
    function = name.replace("-", "_")
    module = importlib.import_module(f".{function}", __package__)
    commands = getattr(module, "app", None)
    if commands is None:
        commands = typer.Typer(add_completion=False)
        commands.command(name)(getattr(module, function))
    built = get_command(commands)
    built.name = name
    return built


app = typer.Typer(
    name="djlib",
    cls=_Commands,
    help="Learns your taste from what you did: sorts tracks into your own crates, picks records "
    "worth a look, ranks open calls; takes your corrections.",
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
        from .status import show_if_begun

        if not show_if_begun():
            typer.echo(context.get_help())


def main() -> None:
    """Run the command line; what `djlib` and `python -m cli` start."""
    # Arrow's own pool would keep the memory that reading a large table took.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    run(app)
