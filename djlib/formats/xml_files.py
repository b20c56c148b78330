"""Reading DJ software's XML as a stream: fast, in little memory, and with nothing to exploit.

Both programs write one element a track, so handlers called by the expat parser fill column lists
without a tree. A document type that declares entities is refused; external ones are never opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from xml.parsers import expat

from ..errors import FormatError
from .collection import Progress

Parser = expat.XMLParserType

_CHUNK = 1 << 18


class Rows:
    """Rows of a file while it is read, with the line of each; tells `progress` of new ones."""

    def __init__(self, columns: Sequence[str], progress: Progress | None) -> None:
        self.values: list[tuple[str | None, ...]] = []
        self.lines: list[int] = []
        self._columns = columns
        self._progress = progress
        self._reported = 0

    def by_column(self) -> dict[str, list[str]]:
        """Hand the values over, "" for missing; afterwards no rows are left here."""
        turned = zip(*self.values, strict=True) if self.values else ([] for _ in self._columns)
        self.values = []
        return {
            name: [value or "" for value in values]
            for name, values in zip(self._columns, turned, strict=True)
        }

    def report(self) -> None:
        if self._progress is not None and len(self.values) > self._reported:
            self._progress(len(self.values) - self._reported)
            self._reported = len(self.values)


class _Found(Exception):
    """Stops a parser once what was looked for is known."""


def safe_parser() -> Parser:
    """An expat parser that refuses entity declarations."""
    parser = expat.ParserCreate()
    parser.EntityDeclHandler = _refuse_entity
    return parser


def _refuse_entity(name: str, *_: object) -> None:
    raise FormatError(f"it declares the XML entity {name!r}, which no DJ software writes")


def parse_file(
    parser: Parser, path: Path, advice: str, after_chunk: Callable[[], None] | None = None
) -> None:
    """Feed a file to a parser; `after_chunk` is called after every quarter megabyte.

    Raises `FormatError` with line, column and `advice` for an empty file, broken XML, an encoding
    the parser does not know, or an entity declaration.
    """
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                parser.Parse(chunk, False)
                if after_chunk is not None:
                    after_chunk()
        parser.Parse(b"", True)
    except FormatError as error:
        raise FormatError(f"{path}: {error}; {advice}") from error
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        where = f"line {error.lineno}, column {error.offset + 1}"
        raise FormatError(f"{path}: broken XML at {where}: {what}; {advice}") from error
    except (LookupError, ValueError) as error:
        raise FormatError(f"{path}: {error}; {advice}") from error


def first_elements(head: bytes, n_elements: int = 1) -> list[tuple[str, dict[str, str]]]:
    """Name and attributes of the first elements of XML; [] where it does not begin so."""
    found: list[tuple[str, dict[str, str]]] = []

    def note(name: str, attributes: dict[str, str]) -> None:
        found.append((name, attributes))
        if len(found) == n_elements:
            raise _Found

    parser = safe_parser()
    parser.StartElementHandler = note
    with suppress(_Found, expat.ExpatError, FormatError, LookupError, ValueError):
        parser.Parse(head, False)
    return found


def has_root(head: bytes, name: str) -> bool:
    """Whether the outermost element of a file that begins with `head` is called `name`."""
    return [found for found, _ in first_elements(head)] == [name]
