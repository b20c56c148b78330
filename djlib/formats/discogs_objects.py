"""Objects of the Discogs API as rows of listings: releases, wants, items of a collection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import FormatError
from .discogs_rows import Row, row_of

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


def _is_release(thing: Mapping[str, Any]) -> bool:
    basic = thing.get("basic_information", thing)
    return isinstance(basic, dict) and "id" in basic and "title" in basic


def row_of_object(thing: Mapping[str, Any]) -> Row:
    """Read one object.

    >>> row = row_of_object({"id": 7, "title": "Be Mine", "artists": [{"name": "Robyn (2)"}],
    ...                      "labels": [{"name": "Konichiwa"}], "genres": ["Pop"], "year": 2005})
    >>> row["listing_id"], row["artist"], row["label"], row["genres"]
    ('r7', 'Robyn', 'Konichiwa', 'Pop')
    """
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
