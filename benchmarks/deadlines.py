"""How many deadlines are read rightly: djlib beside `dateparser.search` alone.

    python benchmarks/deadlines.py

The sentences are invented (tests/formats/deadline_sentences.tsv), all read on 15 September 2026.
`wrong` is a day or kind that was not meant, `missed` nothing found where something was meant.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from djlib.formats.calls.deadlines import find_deadline, read_deadline

READ_ON = date(2026, 9, 15)
SENTENCES = Path(__file__).parents[1] / "tests" / "formats" / "deadline_sentences.tsv"


def sentences() -> list[list[str]]:
    """Language, place, meaning and words of each sentence."""
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def ours(place: str, words: str) -> str:
    """What djlib reads, as a table holds it."""
    if place == "cell":
        return read_deadline(words, read_on=READ_ON).cell or "none"
    return find_deadline(words, read_on=READ_ON).cell or "none"


def of_dateparser(place: str, words: str) -> str:
    """The first date that dateparser finds, as a day."""
    from dateparser.search import search_dates

    settings = {
        "RELATIVE_BASE": datetime(2026, 9, 15, 12),
        "PREFER_DATES_FROM": "future",
        "DATE_ORDER": "DMY",
    }
    found = search_dates(words, settings=settings)
    return found[0][1].date().isoformat() if found else "none"


def outcome(read: str, meant: str) -> str:
    """`right`, `wrong` or `missed`; for a moment the day is enough from who gives days only."""
    if read == meant or (len(read) == 10 and "T" in meant and read == meant[:10]):
        return "right"
    return "missed" if read == "none" else "wrong"


def main() -> None:
    """Print a table by language and what djlib got wrong."""
    warnings.simplefilter("ignore")
    readers: dict[str, Callable[[str, str], str]] = {"djlib": ours, "dateparser": of_dateparser}
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    failures = []
    for language, place, meant, words in sentences():
        for name, reader in readers.items():
            read = reader(place, words)
            result = outcome(read, meant)
            counts[name, language][result] += 1
            counts[name, "all"][result] += 1
            if name == "djlib" and result != "right":
                failures.append((place, meant, read, words))
    languages = [*dict.fromkeys(row[0] for row in sentences()), "all"]
    print(f"{'':10}{'djlib':>28}{'dateparser.search':>28}")
    print(f"{'':10}" + f"{'right':>12}{'wrong':>8}{'missed':>8}" * 2)
    for language in languages:
        cells = ""
        for name in readers:
            count = counts[name, language]
            share = count["right"] / sum(count.values())
            cells += f"{count['right']:>5} {share:>6.1%}{count['wrong']:>8}{count['missed']:>8}"
        print(f"{language:10}{cells}")
    for place, meant, read, words in failures:
        print(f"  {place} meant {meant}, read {read}: {words}")


if __name__ == "__main__":
    main()
