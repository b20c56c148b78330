"""DJ software's XML: read as a stream with nothing to exploit, written as it reads it back."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from os import SEEK_CUR
from pathlib import Path
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from ...errors import FormatError
from ...tables.problems import Problem
from ..collection import Playlist, Progress

Parser = expat.XMLParserType

_CHUNK = 1 << 18
_BLANK = b" \t\r\n"
"""Forbidden before the declaration, and put there by whoever joins files."""
_HEAD = 200
_DECLARED = re.compile(rb"<\?xml[^>]{0,160}?encoding\s{0,20}=\s{0,20}[\"']([^\"']{1,60})")
_FORBIDDEN = [bytes([sign]) for sign in range(32) if sign not in b"\t\n\r"]
_BLANKED = bytes(sign if sign > 31 or sign in b"\t\n\r" else 32 for sign in range(256))
_REFERENCE = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[\da-fA-F]|[fF]{3}[eEfF]));"
)
_LONGEST_REFERENCE = 16
_REPLACED = "\ufffd"
_NO_CHARACTERS = ("\ufffe", "\uffff")
"""Code points that are none, which XML forbids as it does control characters."""
_NEAR_THE_END = b"\xef\xbf"
"""Begins both of them and the replacement sign."""


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
        rows, self.values = self.values, []
        return {
            name: [row[place] or "" for row in rows] for place, name in enumerate(self._columns)
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
) -> list[Problem]:
    """Feed a file to a parser; `after_chunk` is called after every quarter megabyte.

    Gives a problem where forbidden signs were replaced.
    Raises `FormatError` with line, column and `advice` for an empty file, broken XML, an encoding
    the parser does not know, or an entity declaration.
    """
    try:
        with path.open("rb") as file:
            cleaned = _Cleaned(file.read(_HEAD))
            file.seek(0)
            while (blank := file.read(1)) and blank in _BLANK:
                pass
            file.seek(-len(blank), SEEK_CUR)
            while chunk := file.read(_CHUNK):
                parser.Parse(cleaned.of(chunk), False)
                if after_chunk is not None:
                    after_chunk()
        parser.Parse(cleaned.of(b"", at_end=True), True)
    except FormatError as error:
        raise FormatError(f"{path}: {error}; {advice}") from error
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        where = f"line {error.lineno}, column {error.offset + 1}"
        raise FormatError(f"{path}: broken XML at {where}: {what}; {advice}") from error
    except (LookupError, ValueError) as error:
        raise FormatError(f"{path}: {error}; {advice}") from error
    if not cleaned.n_replaced:
        return []
    many = cleaned.n_replaced > 1
    signs = f"{cleaned.n_replaced:,} signs" if many else "1 sign"
    reason = f"{signs} that XML forbids {'were' if many else 'was'} replaced"
    return [Problem(None, "file", path.name, reason, "repaired")]


class _Cleaned:
    """Takes out of a file what XML forbids, piece by piece; what is no UTF-8 stays as it is."""

    def __init__(self, head: bytes) -> None:
        declared = _DECLARED.search(head)
        named = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
        self.is_utf8 = named in ("utf-8", "utf8", "ascii", "us-ascii") and b"\0" not in head[:4]
        self.n_replaced = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = b""

    def of(self, chunk: bytes, *, at_end: bool = False) -> bytes:
        """The next piece; a reference that may go on in the next one is kept back."""
        if not self.is_utf8:
            return chunk
        chunk = self._rest + chunk
        cut = chunk.rfind(b"&", -_LONGEST_REFERENCE)
        if cut < 0 or at_end or b";" in chunk[cut:]:
            cut = len(chunk)
        self._rest, chunk = chunk[cut:], chunk[:cut]
        plain = chunk.translate(_BLANKED)
        if plain != chunk:
            self.n_replaced += sum(map(chunk.count, _FORBIDDEN))
        plain, n_references = _REFERENCE.subn(b" ", plain)
        self.n_replaced += n_references
        half_waits = bool(self._decoder.getstate()[0])
        if not half_waits and (plain.isascii() or _is_whole_text(plain)):
            return plain
        text = self._decoder.decode(plain, at_end)
        for sign in _NO_CHARACTERS:
            text = text.replace(sign, _REPLACED)
        self.n_replaced += text.count(_REPLACED) - plain.count(_REPLACED.encode())
        return text.encode("utf-8")


def _is_whole_text(data: bytes) -> bool:
    """Whether there is nothing to mend: only whole letters, and none of those XML forbids."""
    if _NEAR_THE_END in data:
        return False
    try:
        return codecs.utf_8_decode(data)[1] == len(data)
    except UnicodeDecodeError:
        return False


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
        parser.Parse(head.lstrip(_BLANK), False)
    return found


def has_root(head: bytes, name: str) -> bool:
    """Whether the outermost element of a file that begins with `head` is called `name`."""
    return [found for found, _ in first_elements(head)] == [name]


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTED = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def quoted(text: str) -> str:
    """Text for inside an attribute, without the signs that XML has no way to say.

    >>> quoted('A & "B"\\x00\\n')
    'A &amp; &quot;B&quot;&#10;'
    """
    return escape(_NOT_XML.sub("", text), _QUOTED)


def can_hold(text: str) -> bool:
    """Whether XML can say a text without losing a sign.

    >>> can_hold("Café"), can_hold("a\\x07b")
    (True, False)
    """
    return _NOT_XML.search(text) is None


def lost_signs(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], playlists: Iterable[Playlist]
) -> list[Problem]:
    """A note for every text that is written without some of its signs.

    >>> [note] = lost_signs([{"title": "One\\x07"}, {"title": "Two"}], ["title"], [])
    >>> note.column, note.value, note.outcome
    ('title', 'One\\x07', 'note')
    """
    texts = [(name, row[name]) for row in rows for name in columns if name in row]
    texts += [("playlist", playlist.name) for playlist in playlists]
    reason = "a sign that an XML file cannot hold; written without it"
    return [
        Problem(None, name, str(text), reason, "note")
        for name, text in texts
        if not can_hold(str(text))
    ]


def element(name: str, attributes: Mapping[str, str]) -> str:
    """An element without content.

    >>> element("TRACK", {"Key": "7"})
    '<TRACK Key="7"/>'
    """
    return f"{opening(name, attributes)[:-1]}/>"


def opening(name: str, attributes: Mapping[str, str]) -> str:
    """The opening tag of an element.

    >>> opening("NODE", {"Name": "A<B"})
    '<NODE Name="A&lt;B">'
    """
    written = "".join(f' {key}="{quoted(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>"


@dataclass
class Folder:
    """Folders and playlists of one level; a folder and a playlist may share a name."""

    folders: dict[str, Folder] = field(default_factory=dict)
    playlists: list[Playlist] = field(default_factory=list)


def as_tree(playlists: Iterable[Playlist], folder: str) -> Folder:
    """Everything under one `folder` of the root.

    >>> tree = as_tree([Playlist(("Sets", "Late"), ()), Playlist(("New",), ())], "djlib")
    >>> [p.name for p in tree.folders["djlib"].playlists], list(tree.folders["djlib"].folders)
    (['New'], ['Sets'])
    """
    top = Folder()
    for playlist in playlists:
        place = top
        for name in playlist.path[:-1]:
            place = place.folders.setdefault(name, Folder())
        place.playlists.append(playlist)
    return Folder(folders={folder: top})
