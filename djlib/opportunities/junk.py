"""What scrapers bring in that is no call: links of a page's own navigation, tests, bare dates."""

from __future__ import annotations

import re

from ..features.text import fold
from ..formats.date_shapes import DATE
from ..formats.web_addresses import split_url

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
