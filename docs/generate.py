"""Write docs/reference/commands.md from the commands themselves: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "commands.md"

_TOP = """# Commands

Written by `make docs` from the commands themselves; do not edit.

Results go to stdout, what is said on the way goes to stderr. Exit codes: 0 done, 1 the work
failed (one line says why), 2 wrong usage, 75 another run holds the workspace. `--json` prints
everything a command found, for programs. What can be set once for all commands is in
[settings](settings.md); the files are in [files](files.md).

"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command under its full name, `djlib models list`, in the order of the help."""
    sys.path.insert(0, str(ROOT))
    from cli.main import app

    yield from _below("djlib", get_command(app))


def commands_page() -> str:
    """The page as Markdown."""
    named = list(commands())
    lines = [f"- [`{name}`](#{name.replace(' ', '-')}): {_summary(c)}" for name, c in named]
    return _TOP + "\n".join(lines) + "\n" + "".join(_section(name, c) for name, c in named)


def _below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield name, command
        return
    context = typer.Context(command, info_name=name)
    for part in command.list_commands(context):
        yield from _below(f"{name} {part}", command.get_command(context, part))


def _summary(command: Any) -> str:
    return _plain(command.help.partition("\n\n")[0])


def _section(name: str, command: Any) -> str:
    about, _, example = command.help.partition("Example:")
    context = typer.Context(command, info_name=name)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    text = f"\n## {name}\n\n{_plain(about)}\n\n```\n{usage}\n```\n\nExample: `{_plain(example)}`\n"
    for what, parameters in (("argument", arguments), ("option", options)):
        text += _table(what, (p.get_help_record(context) for p in parameters))
    return text


def _table(what: str, records: Iterable[tuple[str, str] | None]) -> str:
    rows = [f"| `{_cell(name)}` | {_cell(about)} |\n" for name, about in filter(None, records)]
    return f"\n| {what} | |\n|---|---|\n{''.join(rows)}" if rows else ""


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
    print(f"Written: {PAGE.relative_to(ROOT)}")
