"""Invented calls for artists and DJs, as scrapers of uneven quality bring them in."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..tables.schema import OPPORTUNITIES
from .words import Names, invented_words

_TOPICS = {
    "sound art": ("sound", "listening", "field recording", "installation"),
    "club music": ("dj", "electronic", "club night", "live set"),
    "photography": ("photo", "portrait", "analogue", "documentary"),
    "sculpture": ("public art", "clay", "metal", "outdoor"),
    "film": ("short film", "video", "screening", "documentary"),
    "painting": ("canvas", "mural", "drawing", "abstract"),
    "writing": ("essay", "poetry", "criticism", "translation"),
    "community": ("workshop", "education", "neighbourhood", "youth"),
}
_KINDS = ("residency", "grant", "commission", "festival slot", "exhibition", "fellowship")
_TITLES = ("Open call: {topic} {kind}", "{topic} {kind} in {place}", "{place} {kind} 2027",
           "Call for proposals – {topic}", "{kind}: {topic}")  # fmt: skip
_ABOUT = (
    "The {place} foundation invites {topic} artists to apply for a {kind}.",
    "We look for new work in {topic}: {word}, {other} and everything between.",
    "A {kind} for people who work with {word}. Travel and housing are paid.",
)
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August",
           "September", "October", "November", "December")  # fmt: skip
_DEADLINE_AS = {"column": 0.55, "text": 0.27, "both": 0.06, "nowhere": 0.12}
_IN_TEXT = (
    "Deadline: {d} {month} {y}.",
    "Apply by {month} {d}, {y}.",
    "Closes {d:02d}.{m:02d}.{y}",
    "Applications are open until {y}-{m:02d}-{d:02d}",
)
_SCRAPED_FROM = np.datetime64("2026-08-03T03:00:00")


def synthetic_opportunities(n: int = 400, seed: int = 0) -> pd.DataFrame:
    """Invent `n` calls: the `opportunities` table; a quarter say the deadline only in the text.

    >>> calls = synthetic_opportunities(50, seed=1)
    >>> calls["description"].str.contains("2026|2027").any()
    np.True_
    """
    rng = np.random.default_rng([seed, 7002])
    topics = np.array(list(_TOPICS), dtype=object)[rng.integers(len(_TOPICS), size=n)]
    places = invented_words(rng, 40)[rng.integers(40, size=n)]
    deadlines, scraped = _days(rng, n)
    said = rng.choice(np.array(list(_DEADLINE_AS), dtype=object), n, p=list(_DEADLINE_AS.values()))
    rows = [
        _call(np.random.default_rng([seed, 7002, row]), topics[row], places[row])
        for row in range(n)
    ]
    table = pd.DataFrame(rows)
    told = [_told(row, day) for row, day in enumerate(deadlines)]
    in_text = np.isin(said, ["text", "both"])
    table["description"] += np.where(in_text, np.array([" " + t for t in told], dtype=object), "")
    table["deadline"] = np.where(np.isin(said, ["column", "both"]), deadlines.astype(str), "")
    table["opportunity_id"] = [f"o{number:06d}" for number in range(1, n + 1)]
    table["source"] = _sources(rng, n)
    table["url"] = "https://example.org/call/" + table["opportunity_id"]
    table["location"] = np.where(rng.random(n) < 0.2, "Online", places)
    table["scraped_at"] = scraped.astype(str).astype(object) + "Z"
    return table.reindex(columns=OPPORTUNITIES.names, fill_value="").astype("str")


def _days(
    rng: np.random.Generator, n: int
) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
    """When each call closes (a day) and was found (a second), sometimes after it had closed."""
    scraped = _SCRAPED_FROM + rng.integers(0, 60, n) * np.timedelta64(86_400, "s")
    left = np.round(rng.normal(35, 30, n)).astype("timedelta64[D]")
    return scraped.astype("datetime64[D]") + left, scraped


def _call(rng: np.random.Generator, topic: str, place: str) -> dict[str, str]:
    word, other = rng.choice(np.array(_TOPICS[topic], dtype=object), 2, replace=False)
    kind = _KINDS[rng.integers(len(_KINDS))]
    filled = {"topic": topic, "place": place, "kind": kind, "word": word, "other": other}
    sentences = [text.format(**filled) for text in _ABOUT if rng.random() < 0.7]
    tags = [tag for tag in (topic, kind, word) if rng.random() < 0.6]
    title = _TITLES[rng.integers(len(_TITLES))].format(**filled)
    return {
        "title": title[0].upper() + title[1:],
        "description": " ".join(sentences),
        "tags": "; ".join(tags),
    }


def _told(row: int, day: np.datetime64) -> str:
    """The deadline as a sentence, in one of the ways people write dates."""
    y, m, d = (int(part) for part in str(day).split("-"))
    return _IN_TEXT[row % len(_IN_TEXT)].format(y=y, m=m, d=d, month=_MONTHS[m - 1])


def _sources(rng: np.random.Generator, n: int) -> Names:
    names = np.array([f"{word} Calls" for word in invented_words(rng, 25)], dtype=object)
    return np.asarray(names[(rng.random(n) ** 2 * len(names)).astype(int)])
