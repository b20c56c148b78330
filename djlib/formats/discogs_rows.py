"""One record of a Discogs table as a row of listings: collection, wantlist, search, marketplace."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

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
    text = str(value).strip()
    if text[:1] in ("[", "{"):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def _joined(value: Any) -> str:
    """Several values as one cell."""
    if isinstance(value, list):
        return "; ".join(dict.fromkeys(str(v).strip() for v in value if str(v).strip()))
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
