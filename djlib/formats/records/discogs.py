"""Discogs exports and API objects as rows of listings."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from ...errors import FormatError

Row = dict[str, Any]

_HEADINGS = {
    "artist": ("artist",),
    "title": ("title",),
    "label": ("label",),
    "genres": ("genre", "genres"),
    "styles": ("style", "styles", "subgenre"),
    "year": ("released", "year", "releasedate"),
    "country": ("country",),
    "format": ("format", "releaseformat"),
    "price": ("price",),
    "condition": ("collectionmediacondition", "mediacondition"),
    "sleeve_condition": ("collectionsleevecondition", "sleevecondition"),
    "have": ("have",),
    "want": ("want",),
    "url": ("releasepage", "uri"),
    "image_url": ("coverimage", "thumb"),
    "rating": ("rating",),
    "date_added": ("dateadded",),
    "cost": ("collectioncost",),
    "price_min": ("min",),
    "price_median": ("median",),
    "price_max": ("max",),
}
_RELEASE_IN_URL = re.compile(r"/release/(\d+)")
_DATES = ("%Y-%m-%d %H:%M:%S", "%m/%d/%y %H:%M", "%m/%d/%y", "%m/%d/%Y %H:%M", "%Y-%m-%d")
_SITE = "https://www.discogs.com"


def plain(heading: str) -> str:
    """A heading without case, spaces and signs: ` Min ` is `min`."""
    return re.sub(r"[^0-9a-z]+", "", heading.lower())


def source_of(headings: list[str]) -> str | None:
    """What headings say a table is: owned, wanted, search or market; None for none of these.

    >>> source_of(["Catalog#", "Artist", "Title", "release_id", "CollectionFolder"])
    'owned'
    >>> source_of(["track_id", "artist", "title"]) is None
    True
    """
    found = {plain(heading) for heading in headings}
    if "releaseid" in found and {"artist", "title"} <= found:
        is_owned = any(name.startswith("collection") for name in found)
        return "owned" if is_owned else "wanted"
    if {"id", "title", "resourceurl", "style"} <= found:
        return "search"
    return "market" if {"title", "releasepage"} <= found else None


def row_of(record: Mapping[str, Any], source: str) -> Row:
    """Read one record of a table.

    >>> row = row_of({"release_id": "7116823.0", "Artist": "Yes", "Released": "0"}, "owned")
    >>> row["listing_id"], row["owned"], row["year"]
    ('r7116823', '1', '')
    """
    given = {plain(name): _cell(value) for name, value in record.items()}
    row: Row = {}
    for column, names in _HEADINGS.items():
        row[column] = next((given[n] for n in names if given.get(n)), "")
    community = given.get("community")
    if isinstance(community, dict):
        row["have"], row["want"] = community.get("have", ""), community.get("want", "")
    row = {column: _joined(value) for column, value in row.items()}
    _mend(row, source, str(given.get("type", "")))
    row["listing_id"] = _id(given, row)
    if not row["url"] and row["listing_id"].startswith("r"):
        row["url"] = f"{_SITE}/release/{row['listing_id'][1:]}"
    row["owned"] = "1" if source == "owned" else ""
    row["wanted"] = "1" if source == "wanted" else ""
    return row


def _cell(value: Any) -> Any:
    """The value of a cell; lists and objects that stand in it as JSON are read."""
    if isinstance(value, list | dict):
        return value
    text = str(value).strip()
    if text[:1] in ("[", "{"):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
        with suppress(ValueError, RecursionError, SyntaxError, MemoryError):
            return ast.literal_eval(text)  # as Python prints a list; reads no code
    return text


def _joined(value: Any) -> str:
    """Several values as one cell."""
    if isinstance(value, list):
        parts = (v.get("name", "") if isinstance(v, dict) else v for v in value)
        return "; ".join(dict.fromkeys(str(v).strip() for v in parts if str(v).strip()))
    return "" if isinstance(value, dict) else str(value).strip()


def _mend(row: Row, source: str, kind: str) -> None:
    """What Discogs writes in its own manner as djlib writes it."""
    if row["year"] in ("0", "0.0"):
        row["year"] = ""
    if source == "search" and not row["artist"] and " - " in row["title"]:
        row["artist"], row["title"] = (part.strip() for part in row["title"].split(" - ", 1))
    if source == "market":  # the label's own number stands behind its name
        row["label"] = re.split(r"\s*\u200e?[–]\s", row["label"])[0].strip()
    row["artist"] = re.sub(
        r"\s+\(\d+\)$|\*$", "", row["artist"]
    )  # how Discogs tells namesakes apart
    row["date_added"] = iso_date(row["date_added"])
    if row["url"].startswith("/"):
        row["url"] = _SITE + row["url"]
    if source == "market":
        row["kind"] = "fixed"


def iso_date(text: str) -> str:
    """A date as Discogs or a spreadsheet writes it, year first; as it is where it is none.

    >>> iso_date("7/21/19 20:21"), iso_date("2014-12-05 20:23:02"), iso_date("long ago")
    ('2019-07-21T20:21:00', '2014-12-05T20:23:02', 'long ago')
    """
    for pattern in _DATES:
        with suppress(ValueError):
            return datetime.strptime(text, pattern).isoformat()
    return text


def _id(given: Mapping[str, Any], row: Row) -> str:
    """`r` and the number of the release: it survives a spreadsheet; "" where there is none."""
    number = str(given.get("releaseid") or "")
    if not number and (found := _RELEASE_IN_URL.search(row["url"])):
        number = found[1]
    if not number and "resourceurl" in given:
        number = str(given.get("id") or "")
    digits = re.fullmatch(r"(\d+)(?:\.0+)?", number.strip())
    master = str(given.get("type", "")) == "master"
    return f"{'m' if master else 'r'}{digits[1]}" if digits else ""


_LISTS = ("wants", "releases", "results", "listings")


def read_objects(path: Path) -> list[Row]:
    """Read a JSON file of one object, a list of them, or a page of an answer of the API.

    Raises `FormatError` for a file that is no JSON or holds no releases.
    """
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not valid JSON: {error}") from error
    rows = [row_of_object(thing) for thing in _objects(read) if _is_release(thing)]
    if not rows:
        raise FormatError(
            f"{path}: holds no releases; expected are objects of the Discogs API with id and title"
        )
    return rows


def _objects(read: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(read, dict):
        pages = [read[name] for name in _LISTS if isinstance(read.get(name), list)]
        read = pages[0] if pages else [read]
    if isinstance(read, list):
        yield from (thing for thing in read if isinstance(thing, dict))


def _is_offer(thing: Mapping[str, Any]) -> bool:
    """Whether an object is a seller's listing, which holds its release."""
    release = thing.get("release")
    return isinstance(release, dict) and "id" in release and "condition" in thing


def _is_release(thing: Mapping[str, Any]) -> bool:
    if _is_offer(thing):
        return True
    basic = thing.get("basic_information", thing)
    return isinstance(basic, dict) and "id" in basic and "title" in basic


def row_of_object(thing: Mapping[str, Any]) -> Row:
    """Read one object.

    >>> row = row_of_object({"id": 7, "title": "Be Mine", "artists": [{"name": "Robyn (2)"}],
    ...                      "labels": [{"name": "Konichiwa"}], "genres": ["Pop"], "year": 2005})
    >>> row["listing_id"], row["artist"], row["label"], row["genres"]
    ('r7', 'Robyn', 'Konichiwa', 'Pop')
    """
    if _is_offer(thing):
        return _row_of_offer(thing)
    basic = thing.get("basic_information", thing)
    if "artists" not in basic and "style" in basic:
        return row_of(basic, "search")
    community = basic.get("community") or {}
    record = {
        "release_id": basic["id"],
        "title": basic["title"],
        "artist": _names(basic.get("artists")),
        "label": _names(basic.get("labels"), "; "),
        "format": "; ".join(map(_format, _things(basic.get("formats")))),
        "genres": basic.get("genres") or "",
        "styles": basic.get("styles") or "",
        "year": basic.get("year") or "",
        "country": basic.get("country") or "",
        "have": community.get("have", ""),
        "want": community.get("want", ""),
        "price": basic.get("lowest_price") or "",
        "uri": basic.get("uri") or "",
        "cover_image": basic.get("cover_image") or basic.get("thumb") or "",
        "rating": thing.get("rating") or "",
        "date_added": thing.get("date_added", "") if basic is not thing else "",
    }
    written = {k: json.dumps(v) if isinstance(v, list) else v for k, v in record.items()}
    return row_of(written, _source(thing))


def _row_of_offer(thing: Mapping[str, Any]) -> Row:
    """A listing of a seller's inventory or a search of the market: the release, and for how much.
    The seller is left out: nobody's name is needed to choose a record."""
    release = thing["release"]
    price = thing.get("price")
    price = price if isinstance(price, Mapping) else {"value": price or ""}
    titles = str(release.get("title") or release.get("description") or "")
    artist = str(release.get("artist") or "")
    if not artist and " - " in titles:
        artist, titles = (part.strip() for part in titles.split(" - ", 1))
    record = {
        "release_id": release["id"],
        "title": titles,
        "artist": artist,
        "label": release.get("label") or "",
        "format": release.get("format") or "",
        "year": release.get("year") or "",
        "price": price.get("value", ""),
        "mediacondition": _grade(thing.get("condition")),
        "sleevecondition": _grade(thing.get("sleeve_condition")),
        "uri": thing.get("uri") or "",
        "cover_image": release.get("thumbnail") or "",
    }
    row = row_of(record, "search")
    row["currency"] = str(price.get("currency", ""))
    row["kind"] = "fixed"
    if thing.get("id"):
        row["listing_id"] = f"o{thing['id']}"  # the same record may be offered many times
    return row


def _grade(written: Any) -> str:
    """A grade as it is written shortly: `Very Good Plus (VG+)` is VG+."""
    text = str(written or "").strip()
    short = re.search(r"\(([^()]{1,12})\)$", text)
    return short[1].split(" or ")[0] if short else text


def _source(thing: Mapping[str, Any]) -> str:
    if "basic_information" not in thing:
        return "market" if "lowest_price" in thing else "search"
    return "owned" if "instance_id" in thing or "folder_id" in thing else "wanted"


def _things(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _names(value: Any, between: str = ", ") -> str:
    names = (str(one.get("name", "")).strip() for one in _things(value))
    return between.join(dict.fromkeys(name for name in names if name))


def _format(one: Mapping[str, Any]) -> str:
    described = [str(word) for word in one.get("descriptions") or []]
    return ", ".join([str(one.get("name", "")), *described])
