"""Records as scrapers bring them in, made calls: a deadline read or found, junk left out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from ..features.text import fold
from ..formats.calls.date_shapes import DATE
from ..formats.calls.deadlines import (
    NONE,
    DateOrder,
    Deadline,
    date_order,
    find_deadline,
    read_deadline,
)
from ..formats.calls.web_addresses import split_url
from ..tables.cells import text_of
from ..tables.events import utc_now
from ..tables.problems import Problem
from ..tables.schema import OPPORTUNITIES

_LINKS = re.compile(
    r"(?:read|learn|find out|see|view|show|load|discover|know) (?:more|all)\b.*|more(?: info\w*)?|"
    r"click here|apply(?: now| here)?|submit(?: now)?|next(?: page)?|prev(?:ious)?(?: page)?|"
    r"page \d+|skip to .*|back to .*|go to .*|close|menu|search|share(?: on .*)?|print|"
    r"home(?: ?page)?|contact(?: us)?|about(?: us)?|log ?in|sign (?:in|up|out)|register|my account|"
    r"(?:privacy|cookie) .*|cookies|terms(?: .*)?|imprint|impressum|legal(?: notice)?|site ?map|"
    r"subscribe.*|newsletter.*|donate.*|follow us.*|facebook|instagram|twitter|linkedin|youtube|"
    r"faqs?|help|support|accessibility(?: statement)?|directions|parking|visit(?: us)?|hours.*|"
    r"tickets|shop|"
    r"404.*|page not found|access denied|just a moment.*|untitled|\[?no title\]?|undefined|null|"
    r"(?:weiter|mehr) ?lesen|mehr erfahren|en savoir plus|leer más|saiba mais"
)
_SECTIONS = re.compile(
    r"(?:(?:art|student|current|our|all|open|search|find|find a|more|other|affiliated|adjunct|"
    r"undergraduate|graduate|visiting|emeritus|emeriti|upcoming|past|job|career|faculty|employment|"
    r"exhibition|grant|funding|the|manage your|information about|staff)\s+)*"
    r"(?:careers?|jobs?|employment|faculty|staff|people|lecturers?|directory|alumni|students?|"
    r"opportunit(?:y|ies)|openings?|positions?|listings?|vacancies|internships?|scholarships?|grants?|"
    r"awards?|fellowships?|residenc(?:y|ies)|commissions?|competitions?|prizes|calls?|open calls?|"
    r"eligibility|guidelines|resources|programs?|programmes?|events?|news|exhibitions?|support|"
    r"public art|funding|members?|membership|projects?|archive|overview|calendar|deadlines?)"
    r"(?:\s*(?:&|and|/)\s*(?:staff|internships|awards|careers|employment|jobs|grants|fellowships|events"
    r"|residencies|prizes|opportunities|competitions|scholarships))*"
)
_TESTS = re.compile(
    r"test(?:ing|e)?(?: (?:post|entry|item|record|opportunity))?\s?\d*|lorem ipsum.*|asdf+"
)
_SHORT = 80
"""Signs of a text that says more than a link does."""


def junk_reason(title: str, url: str, description: str, deadline: str) -> str:
    """Why a record is no call; "" for one that may be.

    >>> junk_reason("Read more", "https://example.org/a", "", "")
    'the title is a link of the page, no call'
    >>> junk_reason("Careers", "https://example.org/careers", "", "")
    'the title names a section of the site and there is no deadline'
    >>> junk_reason("Fellowships", "https://example.org/f", "", "2026-03-01")
    ''
    """
    plain = fold(title).strip(" .:;|>»›→-–—!*·•")
    if not any(sign.isalpha() for sign in plain):
        return "no title" if not plain else "the title has no word"
    if _LINKS.fullmatch(plain):
        return "the title is a link of the page, no call"
    if _TESTS.fullmatch(plain):
        return "a test of the scraper"
    if url and split_url(url) is None:
        return "the address is none of a web page"
    if not url and len(description) < _SHORT:
        return "neither an address nor a text"
    if not deadline and len(description) < _SHORT:
        if _SECTIONS.fullmatch(plain):
            return "the title names a section of the site and there is no deadline"
        rest = re.sub("deadline|updated|posted|until|by", "", DATE.sub("", plain))
        if not any(sign.isalpha() for sign in rest):
            return "the title is only a date"
    return ""


CALL_COLUMNS = (
    *OPPORTUNITIES.names, "deadline_said", "first_seen", "sources", "other_ids", "known_at",
)  # fmt: skip
"""Columns of `data/opportunities.parquet`."""


@dataclass(frozen=True)
class Intake:
    """Calls, with the columns `CALL_COLUMNS`, how many of their deadlines were found in the text,
    and what was left out or guessed."""

    calls: pd.DataFrame
    found_in_text: int
    problems: list[Problem]


def take_in(
    records: pd.DataFrame, *, order: DateOrder | None = None, now: str | None = None
) -> Intake:
    """Make calls of records.

    `order` is how day and month are to be read; where it is None, as the other dates of the same
    source are, and as those of all sources where that says nothing.

    >>> records = pd.DataFrame({"title": ["Residency", "Read more"], "url": ["https://e.org/r"] * 2,
    ...                         "description": ["Apply by 5/31/2026.", ""], "source": ["E"] * 2})
    >>> taken = take_in(records, now="2026-04-01T03:00:00Z")
    >>> taken.calls[["title", "deadline"]].values.tolist(), len(taken.problems)
    ([['Residency', '2026-05-31']], 1)
    """
    table = pd.DataFrame({name: text_of(records, name) for name in OPPORTUNITIES.names})
    table = table.reset_index(drop=True)
    now = now or utc_now()
    table["scraped_at"] = [_moment(cell) or now for cell in table["scraped_at"]]
    orders = dict.fromkeys(table["source"].unique(), order) if order else source_orders(table)
    cells = table["deadline"].tolist()
    deadlines, is_found = _deadlines(table, orders)
    table["deadline_said"] = [deadline.said[:200] for deadline in deadlines]
    table["deadline"] = [deadline.cell for deadline in deadlines]
    table["first_seen"], table["sources"] = table["scraped_at"], table["source"]
    table["other_ids"] = table["known_at"] = ""
    reasons = [
        junk_reason(*row)
        for row in zip(
            table["title"], table["url"], table["description"], table["deadline"], strict=True
        )
    ]
    problems = [
        Problem(None, "title", title, f"{source}: {reason}")
        for title, source, reason in zip(table["title"], table["source"], reasons, strict=True)
        if reason
    ]
    kept = [not reason for reason in reasons]
    problems += _unread(cells, deadlines)
    problems += _guesses([d for d, k in zip(deadlines, kept, strict=True) if k], orders)
    calls = table.loc[kept, list(CALL_COLUMNS)].astype("str").reset_index(drop=True)
    n_found = sum(f and k for f, k in zip(is_found, kept, strict=True))
    return Intake(calls, n_found, problems)


def no_calls() -> pd.DataFrame:
    """A table of calls without any."""
    return pd.DataFrame({name: pd.Series(dtype="str") for name in CALL_COLUMNS})


def source_orders(table: pd.DataFrame) -> dict[str, DateOrder | None]:
    """How each source writes day and month, as far as its dates tell; else as most sources do."""
    order_of = {
        str(source): date_order([*rows["deadline"], *rows["description"]])
        for source, rows in table.groupby("source", sort=False)
    }
    usual = Counter(order for order in order_of.values() if order).most_common(1)
    return {source: order or (usual[0][0] if usual else None) for source, order in order_of.items()}


def _deadlines(
    table: pd.DataFrame, orders: Mapping[str, DateOrder | None]
) -> tuple[list[Deadline], list[bool]]:
    """The deadline of each record, and whether it was found in the text."""
    deadlines, found = [], []
    for row in table.to_dict("records"):
        order, read_on = orders[row["source"]], datetime.fromisoformat(row["scraped_at"]).date()
        deadline = read_deadline(row["deadline"], order=order, read_on=read_on)
        in_text = NONE
        if deadline.kind == "none":
            text = f"{row['title']}\n\n{row['description']}"
            in_text = find_deadline(text, order=order, read_on=read_on)
        deadlines.append(deadline if in_text.kind == "none" else in_text)
        found.append(in_text.kind != "none")
    return deadlines, found


def _moment(cell: str) -> str:
    """A time as it is kept, UTC to the second; "" where it is none.

    >>> _moment("2026-05-01 09:00+02:00"), _moment("2026-05-01"), _moment("yesterday")
    ('2026-05-01T07:00:00Z', '2026-05-01T00:00:00Z', '')
    """
    try:
        read = datetime.fromisoformat(cell.strip())
        moment = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return ""
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _unread(cells: list[str], deadlines: list[Deadline]) -> list[Problem]:
    """Each deadline cell that says something and was not understood, once."""
    unread = dict.fromkeys(
        cell.strip()
        for cell, deadline in zip(cells, deadlines, strict=True)
        if deadline.kind == "none" and any(sign.isalnum() for sign in cell)
    )
    reason = "not understood as a day; the call counts as one without a deadline"
    return [Problem(None, "deadline", cell, reason, "value ignored") for cell in unread]


def _guesses(deadlines: list[Deadline], orders: Mapping[str, DateOrder | None]) -> list[Problem]:
    guessed = [deadline for deadline in deadlines if deadline.is_guess]
    if not guessed:
        return []
    reason = (
        f"{len(guessed)} dates can be read two ways and nothing tells which: read day first; "
        "date_order under [opportunities] says otherwise"
    )
    return [Problem(None, "deadline", guessed[0].said, reason, "note")]
