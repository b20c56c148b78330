"""Options that several commands share: one name, one meaning, one help line."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer

from djlib.settings import DEFAULT_THRESHOLD

ADVANCED = "Advanced"

Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="Folder with data/, models/ and logs/. Default: here, or DJLIB_HOME.",
        rich_help_panel=ADVANCED,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Tell more on stderr.", rich_help_panel=ADVANCED),
]
Wait = Annotated[
    float | None,
    typer.Option(
        "--wait",
        help="Seconds to wait for another run (then exit 75).",
        rich_help_panel=ADVANCED,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        help=f"Confidence under which a bucket is 'unsure' ({DEFAULT_THRESHOLD}).",
    ),
]
TargetPrecision = Annotated[
    float | None,
    typer.Option(
        "--target-precision",
        help="Choose the threshold so that sure ones are right this often, e.g. 0.9.",
    ),
]
Promote = Annotated[
    bool | None,
    typer.Option(
        "--promote/--no-promote",
        help="Serve the new version in any case, or not at all. Default: unless it is worse.",
        show_default=False,
        rich_help_panel=ADVANCED,
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", help="What learns: hybrid, hybrid:HEAD or simple_ml."),
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        help="What reads the names for the hybrid: torch, onnx, static or none.",
        rich_help_panel=ADVANCED,
    ),
]
Several = Annotated[
    bool | None,
    typer.Option(
        "--several/--one",
        help="Several buckets a track, or one. Default: as your labels are.",
        show_default=False,
        rich_help_panel=ADVANCED,
    ),
]
Page = Annotated[
    Path | None,
    typer.Option("--report", dir_okay=False, help="Write a page with charts, e.g. report.html."),
]
Include = Annotated[
    list[str] | None,
    typer.Option("--include", help="Playlists that are buckets, as a pattern: 'Crates / *'."),
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", help="Playlists that are no buckets.")
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="For the same result again.", rich_help_panel=ADVANCED)
]


def promotion(promote: bool | None) -> Literal["auto", "always", "never"]:
    """The three answers of --promote/--no-promote as the jobs name them."""
    return "auto" if promote is None else "always" if promote else "never"


_KEYWORD = inspect.Parameter.POSITIONAL_OR_KEYWORD
_TAIL: dict[str, tuple[Any, Any]] = {
    "json": (Json, False),
    "workspace": (Workspace, None),
    "wait": (Wait, None),
    "verbose": (Verbose, False),
}


def in_session(*, wait: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Open a `Session` for a command and give it as the first argument.

    The command gets the options --json, --workspace, --wait and --verbose behind its own; without
    `wait`, for one that never holds the workspace, no --wait.
    """
    tail = {name: option for name, option in _TAIL.items() if wait or name != "wait"}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def opened(**given: Any) -> None:
            from ._session import Session

            values = {name: given.pop(name) for name in tail}
            as_json, workspace = values.pop("json"), values.pop("workspace")
            command(Session(workspace, as_json=as_json, **values), **given)

        # Typer reads the options from the signature: the command's own without the session, then
        # these. `Session` is a name for type checkers only, so it stands for anything here.
        kinds = get_type_hints(command, localns={"Session": Any}, include_extras=True)
        _, *own = inspect.signature(command).parameters.values()
        added = [
            inspect.Parameter(name, _KEYWORD, default=default, annotation=kind)
            for name, (kind, default) in tail.items()
        ]
        options = [*(p.replace(annotation=kinds[p.name]) for p in own), *added]
        opened.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
        opened.__annotations__ = {option.name: option.annotation for option in options}
        return opened

    return decorate
