"""A map of many records as one page: a canvas, a few lines of script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..tables.plain_json import json_text
from .map_script import SCRIPT, STYLE

_STEPS = 10_000
_MOST_COLOURS = 12


def map_page(
    title: str,
    points: np.ndarray,
    names: Sequence[str],
    notes: Sequence[str],
    colourings: Mapping[str, Sequence[str]],
) -> str:
    """Draw (n, 2) points in -1..1: `names` and `notes` show under the pointer, `colourings` are
    ways to colour them, each a word for every point.

    >>> page = map_page("Taste", np.zeros((1, 2)), ["<b>"], [""], {"keeper": ["kept"]})
    >>> "<b>" in page, page.startswith("<!doctype html>")
    (False, True)
    """
    data = {
        "x": np.round(points[:, 0] * _STEPS).astype(int).tolist(),
        "y": np.round(points[:, 1] * _STEPS).astype(int).tolist(),
        "names": list(names),
        "notes": list(notes),
        "by": {name: _coded(words) for name, words in colourings.items()},
    }
    held = json_text(data).replace("<", "\\u003c").replace("\u2028", " ").replace("\u2029", " ")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>"
        f'<header><h1>{escape(title)}</h1><label>Colour <select id="by"></select></label>'
        f'<input id="find" type="search" placeholder="Find" aria-label="Find a record">'
        f'<ul id="legend"></ul></header><canvas id="map" tabindex="0" '
        f'aria-label="{len(names)} records on a plane; near ones are alike"></canvas>'
        f'<div id="tip" role="status"></div>'
        f'<script type="application/json" id="data">{held}</script>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def _coded(words: Sequence[str]) -> dict[str, Any]:
    """Words as numbers, the commonest first; the rarest are one."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    kept = ranked[:_MOST_COLOURS] if len(ranked) > _MOST_COLOURS + 1 else ranked
    place = {word: number for number, word in enumerate(kept)}
    names = [*kept, "others"] if len(kept) < len(ranked) else kept
    return {
        "words": names,
        "counts": [counts.get(w, len(words) - sum(counts[k] for k in kept)) for w in names],
        "codes": [place.get(word, len(kept)) for word in words],
    }
