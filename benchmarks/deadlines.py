"""Deadlines out of sentences in many languages, beside `dateparser.search` alone.

    python benchmarks/deadlines.py [--failures]

Reads `tests/formats/deadline_sentences.tsv`: the sentences the patterns were written with, those
held out, and two sets written apart. Prints for each how many are right, missed, made up or wrong
by a day or more, then the share right by language. `--failures` lists what is not right.
`dateparser.search` is told the language and is judged by the day alone. Ends with 1 where fewer
than 97 % are right.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from djlib.formats.calls.deadlines import find_deadline, read_deadline

CORPUS = Path(__file__).parents[1] / "tests" / "formats" / "deadline_sentences.tsv"
READ_ON = date(2026, 9, 15)
KINDS = ("right", "missed", "made up", "wrong time", "wrong day")
LEAST_RIGHT = 0.97


@dataclass(frozen=True)
class Sentence:
    """A sentence or cell of a part of the corpus, and the deadline that is right for it."""

    part: str
    language: str
    place: str
    right: str
    words: str


def sentences(path: Path = CORPUS) -> list[Sentence]:
    """The corpus, in its order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Sentence(*line.split("\t")) for line in lines if not line.startswith("#")]


def by_djlib(sentence: Sentence) -> str:
    """What djlib reads: the deadline's cell, `unread` for a cell not understood, or `none`."""
    if sentence.place == "text":
        return find_deadline(sentence.words, read_on=READ_ON).cell or "none"
    found = read_deadline(sentence.words, read_on=READ_ON)
    return found.cell or ("unread" if found.said else "none")


def by_search(sentence: Sentence) -> str:
    """The first day `dateparser.search` finds, told the language and the day it is read on."""
    from dateparser.search import search_dates

    base = datetime(READ_ON.year, READ_ON.month, READ_ON.day)
    language = {"no": "nb"}.get(sentence.language, sentence.language)
    settings = {"RELATIVE_BASE": base, "PREFER_DATES_FROM": "future"}
    try:
        found = search_dates(sentence.words, languages=[language], settings=settings)
    except Exception:
        found = None
    return found[0][1].date().isoformat() if found else "none"


def judged(right: str, read: str, *, by_day: bool = False) -> str:
    """How an answer compares, as one of `KINDS`; `by_day` compares days only."""
    no_day = ("none", "unread", "rolling", "tba")
    if by_day:
        right, read = ("none" if right in no_day else right[:10]), read[:10]
    if right == read:
        return "right"
    if read in no_day:
        return "missed" if right not in no_day else "wrong day"
    if right in no_day:
        return "made up"
    apart = abs((date.fromisoformat(right[:10]) - date.fromisoformat(read[:10])).days)
    return "wrong day" if apart else "wrong time"


def main() -> None:
    """Print the tables; end with 1 below the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--failures", action="store_true")
    options = parser.parse_args()
    corpus = sentences()
    parts = {
        name: [s for s in corpus if s.part == name]
        for name in dict.fromkeys(s.part for s in corpus)
    }
    parts["all"] = corpus
    print(f"{'':34}{'n':>5}" + "".join(f"{kind:>12}" for kind in KINDS))
    share = {}
    for name, part in parts.items():
        counts = Counter(judged(s.right, by_djlib(s)) for s in part)
        share[name] = counts["right"] / len(part)
        _row(f"djlib, {name}", counts, len(part))
    for name, part in parts.items():
        counts = Counter(judged(s.right, by_search(s), by_day=True) for s in part)
        _row(f"dateparser.search, {name}", counts, len(part))
    _by_language(corpus)
    if options.failures:
        for s in corpus:
            if (read := by_djlib(s)) != s.right:
                print(f"{s.part}, {s.language} {s.place} {s.words!r}: right {s.right}, read {read}")
    print(f"limit: at least {LEAST_RIGHT:.0%} of all right")
    sys.exit(int(share["all"] < LEAST_RIGHT))


def _row(name: str, counts: Counter[str], n: int) -> None:
    print(f"{name:34}{n:5}" + "".join(f"{counts[kind] / n:12.1%}" for kind in KINDS))


def _by_language(corpus: Iterable[Sentence]) -> None:
    ways: tuple[Callable[[Sentence], str], ...] = (by_djlib, by_search)
    right: dict[str, list[int]] = {}
    for s in corpus:
        row = right.setdefault(s.language, [0, 0, 0])
        row[0] += 1
        for place, way in enumerate(ways, start=1):
            row[place] += judged(s.right, way(s), by_day=way is by_search) == "right"
    print(f"\n{'language':10}{'n':>5}{'djlib':>10}{'search':>10}")
    for language, (n, ours, theirs) in right.items():
        print(f"{language:10}{n:5}{ours / n:10.0%}{theirs / n:10.0%}")


if __name__ == "__main__":
    main()
