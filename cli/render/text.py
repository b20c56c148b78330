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
_WIDEST = 48
_GAP = "  "


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


def sparks(values: Sequence[float | None], *, from_zero: bool = True) -> str:
    """Values as a line of little columns, a gap for each None, in signs the output can show."""
    signs = "▁▂▃▄▅▆▇█" if _shows("▁█") else ".:-=+*#@"
    known = [value for value in values if value is not None]
    low = 0.0 if from_zero else min(known, default=0.0)
    span = max(known, default=0.0) - low or 1.0
    steps = len(signs) - 1
    return "".join(" " if v is None else signs[round((v - low) / span * steps)] for v in values)


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
    `widths` are the most a column may take. The last column gets what room is left.
    """
    from rich.text import Text

    out = console()
    cells = [list(headings), *(list(row) for row in rows)]
    limits = [(widths or {}).get(heading, _WIDEST) for heading in headings]
    sizes = [
        min(limit, max(_width(row[place]) for row in cells)) for place, limit in enumerate(limits)
    ]
    sizes[-1] = max(0, min(sizes[-1], out.width - sum(sizes[:-1]) - len(_GAP) * (len(sizes) - 1)))
    at_right = set(filter(None, right.split(",")))
    for number, row in enumerate(cells):
        fitted = (
            _fit(cell, size, at_right=heading in at_right)
            for cell, size, heading in zip(row, sizes, headings, strict=True)
        )
        # Text, because titles hold [brackets] that rich would take for markup
        out.print(Text(_GAP.join(fitted).rstrip(), style="" if number else "dim"), soft_wrap=True)


def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _fit(text: str, size: int, *, at_right: bool) -> str:
    """Text cut or padded to `size` cells of the terminal; wide signs take two."""
    from rich.cells import set_cell_size

    text = " ".join(text.split())
    over = _width(text) > size
    text = set_cell_size(text, max(size - 1, 0)) + "…" * (size > 0) if over else text
    return " " * (size - _width(text)) + text if at_right else set_cell_size(text, size)


def line(text: str = "") -> None:
    """Print a line of text as it is."""
    console().print(text, markup=False, soft_wrap=True)


def heading(text: str) -> None:
    """Print a heading."""
    from rich.text import Text

    console().print(Text(f"\n{text}", style="bold"), soft_wrap=True)


def percent(share: float | None) -> str:
    """A share as a percentage; a dash where there is none, all of it only where it is all."""
    if share is None:
        return "-"
    return "> 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


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
        line(f"and {count(len(counts) - most, 'more bucket')}")


def count(n: int, what: str) -> str:
    """A number of things in words: `1 track`, `2 tracks`."""
    return f"{n:,} {what}{'s'[: n != 1]}"


def quoted(path: str) -> str:
    """A path as it is typed after a command, in any shell."""
    return f'"{path}"' if " " in path else path


def here(path: str) -> str:
    """A file as seen from the current folder, where it lies below it."""
    from pathlib import Path

    found = Path(path).resolve()
    return str(found.relative_to(Path.cwd())) if found.is_relative_to(Path.cwd()) else path


def credit(artist: str, title: str) -> tuple[str, str]:
    """Artist and title as two cells, also where `Artist - Title` stands in the title."""
    from djlib.features.text import split_artist_title

    return (artist, title) if artist else split_artist_title("", title)


def leaves(buckets: str) -> str:
    """Buckets without the folders they stand in: what a narrow column has room for."""
    return "|".join(bucket.rsplit(" / ", 1)[-1] for bucket in buckets.split("|"))


def next_steps(*steps: str) -> None:
    """What to do now."""
    heading("Next")
    for step in steps:
        line(f"  {step}")


def facts(pairs: Mapping[str, Any]) -> None:
    """Names and values in two columns."""
    table(["", ""], [(name, str(value)) for name, value in pairs.items()])
