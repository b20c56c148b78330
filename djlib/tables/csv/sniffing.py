"""What kind of file this is: table or Parquet, packed or not, which encoding, which delimiter."""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, cast

from ...errors import FormatError, InputError, NotFoundError, UsageError
from ..problems import Problem
from ..schema import SCHEMAS

DELIMITERS = ",;\t|"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_DELIMITED = (".csv", ".tsv", ".txt")
_SHEETS = (".xlsx", ".xls", ".ods", ".numbers")
_BLOCK = 1 << 20
_SAMPLE = 1 << 16

_FOREIGN = {
    b"PK\x03\x04": "a zip or Excel file; save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save it as CSV",
    b"PAR1": "a Parquet file; give it the suffix .parquet",
    b"\x1f\x8b": "packed by gzip; give it the suffix .gz",
    b"SQLite format 3": "a SQLite database; export the table as CSV",
    b"%PDF": "a PDF; a table is needed",
}
_MARKS = {  # the longer first: a UTF-32 mark begins like a UTF-16 one
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Layout:
    """How a delimited file is written. `stray` says how bytes its encoding lacks are read."""

    delimiter: str
    encoding: str = "utf-8"
    stray: str = "strict"
    packed: bool = False


def table_kind(path: str | Path) -> Literal["delimited", "parquet"]:
    """Whether the suffix promises delimited text or Parquet; raises `UsageError` for others.

    >>> table_kind("tracks.csv.gz"), table_kind("tracks.parquet")
    ('delimited', 'parquet')
    """
    name = Path(path).name.lower()
    if name.endswith(".parquet"):
        return "parquet"
    if name.removesuffix(".gz").endswith(_DELIMITED):
        return "delimited"
    advice = "save it as CSV" if name.endswith(_SHEETS) else "rename it"
    raise UsageError(
        f"{path}: a table ends in {', '.join(_DELIMITED)} (also with .gz) or .parquet; {advice}"
    )


def existing_file(path: str | Path) -> Path:
    """`path` itself; raises `NotFoundError`, naming files called alike, or `InputError`."""
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{path} is a folder; name a file in it")
    if not file.exists():
        beside = [p.name for p in file.parent.glob("*")] if file.parent.is_dir() else []
        alike = difflib.get_close_matches(file.name, beside, n=3)
        hint = f"; did you mean {' or '.join(alike)}?" if alike else "; check the name"
        raise NotFoundError(f"{path} does not exist{hint}")
    return file


def foreign_content(start: bytes) -> str:
    """What a file is that begins so, and what to do with it; "" for none of the known kinds.

    >>> foreign_content(b"PK\x03\x04...")
    'a zip or Excel file; save it as CSV'
    """
    return next((what for mark, what in _FOREIGN.items() if start.startswith(mark)), "")


def sniff(
    path: Path, *, delimiter: str | None = None, encoding: str | None = None
) -> tuple[Layout, list[Problem]]:
    """The layout of a delimited file, and a note for each thing a person may want to mend.

    What is given is believed. Else a byte order mark decides the encoding, then zero bytes in
    every second place (UTF-16), then whether the whole file is UTF-8; what is not is taken as
    Windows-1252. The delimiter is the one under which the header holds most known columns.
    Raises `FormatError` for a damaged or foreign file and `InputError` for an empty one.
    """
    packed = path.name.lower().endswith(".gz")
    with _open_bytes(path, packed) as file:
        start = file.read(_SAMPLE)
    foreign = foreign_content(start)
    if foreign:
        raise FormatError(f"{path} is {foreign}")
    if not start.strip(b"\xef\xbb\xbf\xff\xfe\0 \r\n\t"):
        raise InputError(f"{path} is empty; a table begins with a line of column names")
    if encoding is None:
        encoding, stray, notes = _find_encoding(path, packed, start)
    else:
        encoding, stray, notes = _checked_encoding(path, packed, encoding), "strict", []
    if delimiter is None:
        text = codecs.getincrementaldecoder(encoding)("replace").decode(start)
        delimiter = find_delimiter(text, preferred="\t" if ".tsv" in path.name.lower() else ",")
    elif len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError(f"a delimiter is one sign such as ',' or ';', not {delimiter!r}")
    return Layout(delimiter, encoding, stray, packed), notes


@contextmanager
def open_text(path: Path, layout: Layout) -> Iterator[TextIO]:
    """The file as text with its line ends untouched; raises `FormatError` where it is damaged."""
    with (
        _open_bytes(path, layout.packed) as file,
        io.TextIOWrapper(file, layout.encoding, layout.stray, newline="") as text,
    ):
        yield text


def find_delimiter(text: str, preferred: str = ",") -> str:
    """The delimiter under which the first line holds most known columns, then most columns.

    >>> find_delimiter("track_id;artist;bpm\\n1;AC,DC;128,0\\n")
    ';'
    """
    hint = separator_line(text)
    if hint:
        return hint
    ranked = sorted(DELIMITERS, key=lambda d: d != preferred)
    return max(ranked, key=lambda d: _columns_found(text, d))


def separator_line(text: str) -> str | None:
    """The delimiter named by a first line `sep=;`, which Excel writes and reads."""
    first = text.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r").strip('"')
    return first[4] if first.lower().startswith("sep=") and len(first) == 5 else None


def _columns_found(text: str, delimiter: str) -> tuple[int, int]:
    lines = (line for line in io.StringIO(text, newline="") if line.strip())
    try:
        headings = next(csv.reader(lines, delimiter=delimiter))
    except (csv.Error, StopIteration):
        return 0, 0
    known = sum(any(s.known_as(h) for s in SCHEMAS.values()) for h in headings)
    return known, len(headings)


def _find_encoding(path: Path, packed: bool, start: bytes) -> tuple[str, str, list[Problem]]:
    encoding = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    encoding = encoding or _utf16_without_mark(start) or "utf-8"
    bad_line = _first_undecodable(path, packed, encoding)
    if bad_line is None:
        return encoding, "strict", []
    if not encoding.startswith("utf-8"):
        note = f"damaged {encoding}; what cannot be read is shown as \ufffd"
        return encoding, "replace", [Problem(bad_line, "", "", note, "note")]
    if encoding == "utf-8-sig" or _mostly_utf8(path, packed):
        note = "bytes here and maybe later are not UTF-8; read as Windows-1252"
        return encoding, STRAY_BYTES, [Problem(bad_line, "", "", note, "note")]
    note = "the file is not UTF-8; read as Windows-1252: check accented letters"
    # ASCII with every other byte stray is Windows-1252 with Latin-1 where that has no letter.
    return "ascii", STRAY_BYTES, [Problem(bad_line, "", "", note, "note")]


def _utf16_without_mark(start: bytes) -> str | None:
    """A header is ASCII, so in UTF-16 every second byte of it is zero."""
    head = start[:256]
    odd, even = head[1::2], head[::2]
    if odd and odd.count(0) > 0.6 * len(odd) and even.count(0) <= 0.1 * len(even):
        return "utf-16-le"
    if even and even.count(0) > 0.6 * len(even) and odd.count(0) <= 0.1 * len(odd):
        return "utf-16-be"
    return None


def _first_undecodable(path: Path, packed: bool, encoding: str) -> int | None:
    """The first line `encoding` cannot read, or None; reads the file once, in blocks."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with _open_bytes(path, packed) as file:
        while True:
            block = file.read(_BLOCK)
            try:
                line += decoder.decode(block, final=not block).count("\n")
            except UnicodeDecodeError as error:
                whole = error.object[: error.start].decode(encoding, "replace")
                return line + whole.count("\n")
            if not block:
                return None


def _mostly_utf8(path: Path, packed: bool) -> bool:
    """Whether more letters beyond ASCII are proper UTF-8 than are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    proper = stray = 0
    with _open_bytes(path, packed) as file:
        while block := file.read(_BLOCK):
            text = decoder.decode(block)
            bad = text.count("\ufffd")
            stray += bad
            proper += len(text) - len(text.encode("ascii", "ignore")) - bad
    return proper > stray


def _checked_encoding(path: Path, packed: bool, encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise UsageError(f"unknown encoding {encoding!r}; try utf-8, utf-16 or cp1252") from None
    name = "utf-8-sig" if name == "utf-8" else name
    line = _first_undecodable(path, packed, name)
    if line is not None:
        raise FormatError(
            f"{path} is not {encoding}: line {line} cannot be read; leave the encoding away "
            "to have it detected"
        )
    return name


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes an encoding has no letter for as Windows-1252, else as Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    letters = (bytes([b]).decode("cp1252", "ignore") or chr(b) for b in stray)
    return "".join(letters), error.end


STRAY_BYTES = "djlib-windows-1252"
codecs.register_error(STRAY_BYTES, _as_windows_1252)


@contextmanager
def _open_bytes(path: Path, packed: bool) -> Iterator[BinaryIO]:
    opener = gzip.open if packed else open
    try:
        with opener(path, "rb") as file:
            yield cast(BinaryIO, file)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(f"{path}: cut off or damaged gzip ({error}); copy it again") from error
    except PermissionError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
