"""Calls out of any file that holds some: RSS and Atom, JSON and JSON lines, tables."""

from __future__ import annotations

import html
import io
import json
import re
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pandas as pd

from ...errors import FormatError, InputError, NotFoundError
from ...tables.cells import text_of
from ...tables.csv.sources import open_source
from ...tables.problems import Problem
from ...tables.schema import LISTINGS, OPPORTUNITIES, TRACKS, recognise
from ..locations import files_under
from .web_addresses import host_of

_UNSEEN = {"script", "style", "template", "noscript", "svg"}
_BREAKS = {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table"}
_MARKED = re.compile(r"<[a-zA-Z/!?]")
_LONGEST_TAG = 200_000


def plain_text(text: str, *, keep_lines: bool = False) -> str:
    """The text without markup and with single spaces; with `keep_lines` paragraphs stay apart.

    >>> plain_text("<p>Open&nbsp;call &amp; <b>grant</b></p><script>x()</script>")
    'Open call & grant'
    >>> plain_text("for artists < 35 years")
    'for artists < 35 years'
    """
    text = text[:_LONGEST_TAG]
    if _MARKED.search(text):
        reader = _Reader()
        reader.feed(text)
        reader.close()
        text = "".join(reader.parts)
    text = html.unescape(text) if "&" in text else text
    text = "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)
    if not keep_lines:
        return " ".join(text.split())
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


FEEDS = (".xml", ".rss", ".atom", ".rdf")
_JSON = (".json", ".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv", ".txt", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz")
_MARKS = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf)[\s>]", re.I)
_HTML = re.compile(rb"<(?:!doctype\s{1,20}html|html)[\s>]", re.I)
_LISTS = ("opportunities", "items", "results", "data", "entries", "records", "calls")
_SAYS_A_CALL = {"deadline", "tags", "description", "source"}
_NEVER_IN_A_CALL = {"artist", "artists", "price", "styles", "basic_information", "bpm"}
_ALL_ROWS = 1 << 60
_LONGEST = {"title": 300, "description": 20_000, "tags": 1_000}
_HEAD = 8192
_SECONDS = 20.0
"""How long one feed may be parsed: a megabyte of sound RSS takes a second or two."""


def holds_opportunities(path: Path) -> bool:
    """Whether a file holds calls: a feed, or records with a title, an address and what a call has.

    What cannot be read holds none.
    """
    name = path.name.lower()
    try:
        if not path.is_file():
            return False
        if name.endswith(FEEDS):
            with path.open("rb") as file:
                return bool(_MARKS.search(file.read(_HEAD)))
        if name.endswith(_JSON):
            records, _ = _records_of_json(path.read_bytes(), str(path))
            return bool(records) and _is_of_a_call(list(records[0]))
        if name.endswith(_TABLES):
            with open_source(path, 1) as source:
                return _is_of_a_call(list(source.headings))
    except (OSError, InputError):
        return False
    return False


def files_of_calls(path: Path) -> list[Path]:
    """The file itself where it holds calls; those under a folder, in the order of their names,
    where every one of a kind that could holds some; else nothing."""
    if not path.is_dir():
        return [path] if holds_opportunities(path) else []
    found = []
    for file in files_under(path):
        if file.name.lower().endswith((*FEEDS, *_JSON, *_TABLES)):
            if not holds_opportunities(file):
                return []
            found.append(file)
    return found


def read_opportunities(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read the calls of a file; columns as the schema names them, all text, "" for missing.

    Raises `NotFoundError`, and `FormatError` for a file that is none of the formats.
    """
    if path.name.lower().endswith(_TABLES):
        return _read_rows(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(f"{path} is not there; name a feed, JSON or table of calls") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return read_content(content, str(path))


def read_content(content: bytes, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    """Read calls out of bytes, which came from the file or address `name`.

    >>> feed = b'<rss version="2.0"><channel><title>Calls</title><item><title>Residency</title>' \\
    ...        b'<link>https://example.org/r</link></item></channel></rss>'
    >>> read_content(feed, "calls.xml")[0][["title", "url", "source"]].values.tolist()
    [['Residency', 'https://example.org/r', 'Calls']]
    >>> read_content(b"<html><body>Sorry</body></html>", "calls.xml")
    Traceback (most recent call last):
        ...
    djlib.errors.FormatError: calls.xml: a web page, no feed; ...
    """
    start = content[:_HEAD]
    if _HTML.match(_without_comments(start)):
        raise FormatError(f"{name}: a web page, no feed; look in it for the address of its RSS")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        records, problems = _records_of_json(content, name)
        table, more = _typed(records, name)
        return table, problems + more
    if _MARKS.search(start):
        return _typed(_records_of_feed(content, name), name)
    raise FormatError(f"{name}: neither RSS, Atom nor JSON; a table needs the suffix .csv")


def _without_comments(start: bytes) -> bytes:
    """The beginning of a file without the blanks and comments before its first element. Each
    byte is looked at once: a pattern that does this can take for ever."""
    place = 3 if start.startswith(b"\xef\xbb\xbf") else 0
    while True:
        rest = start[place:].lstrip()
        place = len(start) - len(rest)
        if not rest.startswith(b"<!--"):
            return rest
        end = start.find(b"-->", place + 4)
        if end < 0:
            return b""
        place = end + 3


def _read_rows(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    with open_source(path, _ALL_ROWS) as source:
        rows = [row for frame, _ in source.batches for row in frame.to_dict("records")]
        problems = list(source.problems)
    if not _is_of_a_call(source.headings):
        shown = ", ".join(map(repr, source.headings[:8]))
        raise InputError(f"{path}: no calls; found {shown}; needed are title and url at least")
    table, more = _typed(rows, str(path))
    return table, problems + more


def _is_of_a_call(names: Iterable[str]) -> bool:
    names = list(names)
    plain = {str(n).strip().lower() for n in names}
    if "opportunity_id" in plain:
        return "title" in plain
    if plain & _NEVER_IN_A_CALL or plain & {TRACKS.key, LISTINGS.key}:
        return False
    known = {_meant(str(n)) for n in names}
    found = recognise(map(str, names))
    has_more = known & _SAYS_A_CALL or {"guid", "content_text", "content_html"} & plain
    return {"title", "url"} <= known and bool(has_more) and found in (None, TRACKS, OPPORTUNITIES)


def _typed(records: Iterable[Mapping[str, Any]], name: str) -> tuple[pd.DataFrame, list[Problem]]:
    rows = [_row(record) for record in records]
    if not rows:
        return _empty(), [Problem(None, "", "", f"{name}: no call in it", "note")]
    table = pd.DataFrame(rows)
    for column in OPPORTUNITIES.names:
        table[column] = text_of(table, column)
    hosts = table["url"].map(host_of)
    table["source"] = table["source"].where(table["source"].ne(""), hosts).astype("str")
    return table[OPPORTUNITIES.names], []


def _empty() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in OPPORTUNITIES.names})


def _row(record: Mapping[str, Any]) -> dict[str, str]:
    """A record under the schema's names; of several that mean one column the exact name wins, then
    the first that holds something."""
    row: dict[str, str] = {}
    for heading, value in sorted(
        record.items(), key=lambda item: item[0] not in OPPORTUNITIES.names
    ):
        column = _meant(str(heading))
        text = _cell(column or "", value)
        if column and text and not row.get(column):
            row[column] = text
    address = str(record.get("id") or "")
    if not row.get("url") and host_of(address):  # a JSON Feed may name the page only so
        row["url"] = address
    place = [text for text in (row.get("location"), _cell("", record.get("country"))) if text]
    return row | ({"location": ", ".join(dict.fromkeys(place))} if place else {})


@lru_cache(maxsize=4096)
def _meant(heading: str) -> str | None:
    plain = heading.strip().lower()
    if plain in ("content_text", "content_html"):
        return "description"
    if plain == "external_url":  # of a JSON Feed: the page that an item is about
        return "url"
    if plain in ("date_published", "published", "pub_date"):
        return None
    return OPPORTUNITIES.known_as(heading)


def _cell(column: str, value: Any) -> str:
    """A value as text: lists joined, markup taken out, no longer than a call can need."""
    if value is None or value != value:
        return ""
    if isinstance(value, list | tuple):
        parts = [
            _cell("", v.get("name", v.get("term", "")) if isinstance(v, dict) else v) for v in value
        ]
        return "; ".join(dict.fromkeys(p for p in parts if p))[: _LONGEST["tags"]]
    if isinstance(value, dict):
        return _cell(column, value.get("name") or value.get("title") or value.get("text") or "")
    text = str(value)
    if column == "tags":
        return "; ".join(_tags(text))[: _LONGEST["tags"]]
    if column in ("title", "description", ""):
        text = plain_text(text, keep_lines=column == "description")
    return text.strip()[: _LONGEST.get(column, 2_000)]


def _tags(cell: str) -> list[str]:
    """The tags of a cell, however they are joined.

    >>> _tags("['open call', 'residency']"), _tags("a;b;a"), _tags("MUSEUMS, ART")
    (['open call', 'residency'], ['a', 'b'], ['MUSEUMS', 'ART'])
    >>> _tags("grant; []"), _tags("grant; ['film', 'sound']")
    (['grant'], ['grant', 'film', 'sound'])
    """
    parts = re.split(r"[;|]", cell)
    lists = [part.strip()[1:-1] for part in parts if _is_list(part)]
    words = [part for part in parts if not _is_list(part)]
    if lists or len(words) == 1:  # one cell of words, or what a program prints of a list
        words = [piece for part in [*words, *lists] for piece in part.split(",")]
    bare = (plain_text(word).strip(" '\"") for word in words)
    return list(dict.fromkeys(word for word in bare if word))


def _is_list(part: str) -> bool:
    return part.strip().startswith("[") and part.strip().endswith("]")


def _records_of_json(content: bytes, name: str) -> tuple[list[Mapping[str, Any]], list[Problem]]:
    """The records of JSON or JSON lines. Of the latter a broken line is left out and named."""
    problems: list[Problem] = []
    try:
        read = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        read, problems = _read_lines(content)
        if not read:
            raise FormatError(f"{name}: not valid JSON: {error}") from error
    feed = read if isinstance(read, dict) else {}
    for key in _LISTS:
        if isinstance(feed.get(key), list):
            read = feed[key]
            break
    records = read if isinstance(read, list) else [read]
    title = str(feed.get("title") or "")
    return [
        record | ({"source": title} if title and not record.get("source") else {})
        for record in records
        if isinstance(record, dict)
    ], problems


def _read_lines(content: bytes) -> tuple[list[dict[str, Any]], list[Problem]]:
    """The objects of JSON lines, and the lines that hold none."""
    read, problems = [], []
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            read.append(value)
        else:
            problems.append(Problem(number, "", line.strip()[:60], "not valid JSON"))
    return read, problems


@contextmanager
def _time_limit(name: str, seconds: float) -> Iterator[None]:
    """End what takes longer, a search for a pattern included. Only the main thread of a system
    with timers can do that; elsewhere what is read is bounded by its size alone."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def end(number: int, frame: object) -> None:
        raise FormatError(f"{name}: not read after {seconds:g} seconds; it may be made to hang")

    handler = signal.signal(signal.SIGALRM, end)
    started = time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:  # somebody else's clock goes on
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 0.01))


def _records_of_feed(content: bytes, name: str) -> Iterator[Mapping[str, Any]]:
    import feedparser

    # As a file: feedparser would fetch or open what looks like an address or a path.
    with _time_limit(name, _SECONDS):
        parsed = feedparser.parse(
            io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False
        )
    if not parsed.entries and not parsed.version:
        raise FormatError(
            f"{name}: no feed can be read from it: {parsed.get('bozo_exception', '')}"
        )
    base = parsed.feed.get("link") or (name if host_of(name) else "")
    for entry in parsed.entries:
        full = " ".join(str(part.get("value", "")) for part in entry.get("content", ()))
        yield {
            "title": entry.get("title", ""),
            "url": urljoin(base, entry.get("link", "")),
            "description": max(entry.get("summary", ""), full, key=len),
            "tags": [tag.get("term") or "" for tag in entry.get("tags", ())],
            "source": parsed.feed.get("title", ""),
            "deadline": entry.get("deadline", ""),
            "location": entry.get("location", ""),
        }
