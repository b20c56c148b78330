"""Listings of one record: pressings and offers, asked about once and answered together."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ...tables.cells import text_of

_MASTERS = ("master_id", "Master Id", "masterid", "master")
_NOISE = re.compile(r"[(\[][^()\[\]]*[)\]]|(?<!\s)\s{1,5}-$")
"""What sellers put behind a title: (LP, Album, RE), [2xLP]."""
_SIGNS = re.compile(r"[^\w]+")
_COPY = re.compile(r"\(\d{1,4}\)$|\*$")
"""How Discogs tells artists of one name apart."""


def record_keys(listings: pd.DataFrame) -> pd.Series:
    """What names the record of each listing, (n,): its master release where that is known, else
    artist and title without what stands in brackets; the listing alone where it has no title.

    >>> offers = pd.DataFrame({"listing_id": ["1", "2", "3"], "artist": ["Loft", "Loft (2)", ""],
    ...                        "title": ["Kiln (LP, RE)", "kiln", ""]})
    >>> keys = record_keys(offers)
    >>> bool(keys[0] == keys[1]), bool(keys[1] == keys[2])
    (True, False)
    """
    artist = text_of(listings, "artist").str.casefold().str.replace(_COPY, "", regex=True)
    title = text_of(listings, "title").str.casefold()
    bare = title.str.replace(_NOISE, " ", regex=True).str.strip()
    bare = bare.where(bare != "", title)
    name = artist.str.replace(_SIGNS, " ", regex=True).str.strip()
    song = bare.str.replace(_SIGNS, " ", regex=True).str.strip()
    alone = "listing\x1f" + text_of(listings, "listing_id")
    keys = (name + "\x1f" + song).where((name != "") & (song != ""), alone)
    for column in _MASTERS:
        if column in listings:
            master = text_of(listings, column).str.strip()
            known = ~master.isin(["", "0", "nan"])
            return ("master\x1f" + master).where(known, keys).reset_index(drop=True)
    return keys.reset_index(drop=True)


def cheapest_first(listings: pd.DataFrame) -> np.ndarray:
    """The places of listings, (n,), by price; those without one at the end, else as they stand."""
    if "price" not in listings:
        return np.arange(len(listings))
    price = pd.to_numeric(listings["price"], errors="coerce").to_numpy(dtype=float)
    return np.argsort(np.where(price > 0, price, np.inf), kind="stable")


def one_a_record(listings: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The cheapest listing of each record, in the order they stand, and how many there are of it.

    >>> offers = pd.DataFrame({"listing_id": ["1", "2", "3"], "artist": ["A"] * 3,
    ...                        "title": ["B", "B (RE)", "C"], "price": [9.0, 5.0, 7.0]})
    >>> one_a_record(offers)
    (array([1, 2]), array([2, 1]))
    """
    codes, _ = pd.factorize(record_keys(listings))
    order = cheapest_first(listings)
    _, first = np.unique(codes[order], return_index=True)
    rows = np.sort(order[first])
    return rows, np.bincount(codes, minlength=1)[codes[rows]] if len(rows) else rows
