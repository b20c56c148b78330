"""How reports look in a terminal: bars, short tables, problems, what to do next."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from djlib.tables.problems import Problem

_SHOWN_PROBLEMS = 8
_BAR_WIDTH = 10
_LONGEST_KEPT = 40


def console() -> Console:
    """The console for results: stdout, no highlighting of numbers; wide where it is a file."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 110
    return Console(highlight=False, width=width)


def bar(share: float, width: int = _BAR_WIDTH) -> str:
    """A share of 1 as a bar, in signs the output can show."""
    full, empty = ("█", "·") if _shows("█·") else ("#", ".")
    filled = round(max(0.0, min(1.0, share)) * width)
    return full * filled + empty * (width - filled)


def _shows(signs: str) -> bool:
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: str = "",
    widths: Mapping[str, int] | None = None,
) -> None:
    """Print a plain table; `right` names the headings that stand right-aligned, by comma;
    `widths` are the most a column may take where another needs the room more."""
    from rich.table import Table
    from rich.text import Text

    shown, narrow = list(rows), widths or {}
    drawn = Table(box=None, pad_edge=False, header_style="dim")
    for place, heading in enumerate(headings):
        longest = max([len(heading), *(len(row[place]) for row in shown)])
        kept = min(longest, narrow.get(heading, _LONGEST_KEPT))
        gives_way = place == len(headings) - 1
        drawn.add_column(
            heading,
            justify="right" if heading in right.split(",") else "left",
            overflow="ellipsis",
            no_wrap=True,
            min_width=None if gives_way else kept,
            max_width=narrow.get(heading),
        )
    for row in shown:
        drawn.add_row(*(Text(cell) for cell in row))  # Text: titles hold [brackets]
    console().print(drawn)


def line(text: str = "") -> None:
    """Print a line of text as it is."""
    console().print(text, markup=False, soft_wrap=True)


def heading(text: str) -> None:
    """Print a heading."""
    from rich.text import Text

    console().print(Text(f"\n{text}", style="bold"), soft_wrap=True)


def percent(share: float | None) -> str:
    """A share as a percentage; a dash where there is none."""
    return "-" if share is None else f"{100 * share:.0f} %"


def problems(found: Sequence[Problem], *, title: str = "Problems in the input") -> None:
    """List the first problems and say how many more there are."""
    if not found:
        return
    heading(f"{title} ({len(found)})")
    for problem in found[:_SHOWN_PROBLEMS]:
        line(f"  {problem}")
    if len(found) > _SHOWN_PROBLEMS:
        line(f"  and {len(found) - _SHOWN_PROBLEMS} more; --json lists all")


def sizes(counts: Mapping[str, int], *, most: int = 15, unit: str = "tracks") -> None:
    """Buckets and how many tracks they hold, as bars."""
    largest = max(counts.values(), default=1)
    shown = list(counts.items())[:most]
    table(["bucket", unit, ""], [(b, f"{n:,}", bar(n / largest, 20)) for b, n in shown], right=unit)
    if len(counts) > most:
        line(f"and {len(counts) - most} more buckets")


def next_steps(*steps: str) -> None:
    """What to do now."""
    heading("Next")
    for step in steps:
        line(f"  {step}")


def facts(pairs: Mapping[str, Any]) -> None:
    """Names and values in two columns."""
    table(["", ""], [(name, str(value)) for name, value in pairs.items()])
