"""One spelling for every address of a web page, so that two ways to write it are seen as one."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

_SCHEMES = ("http", "https")
_OF_CAMPAIGNS = re.compile(
    r"(?:utm_\w+|mc_[ce]id|fbclid|gclid|dclid|msclkid|igshid|yclid|ref_src|_hs\w+|mkt_tok)", re.I
)
_USUAL_PORTS = {"http": 80, "https": 443}
_START_PAGES = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.I)
_LONGEST = 2000


@lru_cache(maxsize=65536)
def canonical_url(url: str) -> str:
    """The address without what does not change the page; "" where it is no web address.

    Case of the host, `www.`, `http` or `https`, the usual port, marks of campaigns, the part behind
    `#`, the order of parameters and a last slash do not count.

    >>> canonical_url("HTTP://www.Example.org:80/calls/?utm_source=x&b=2&a=1#top")
    'https://example.org/calls?a=1&b=2'
    >>> canonical_url("javascript:alert(1)")
    ''
    """
    parts = split_url(url)
    if parts is None:
        return ""
    asked = parse_qsl(parts.query, keep_blank_values=True)
    kept = sorted((name, value) for name, value in asked if not _OF_CAMPAIGNS.fullmatch(name))
    path = _START_PAGES.sub("/", re.sub(r"/{2,}", "/", parts.path)).rstrip("/")
    query = f"?{urlencode(kept)}" if kept else ""
    routed = f"#{parts.fragment}" if parts.fragment.startswith(("!", "/")) else ""
    return f"https://{_host(parts)}{path}{query}{routed}"


def split_url(url: str) -> SplitResult | None:
    """The parts of a web address; None for anything else, with a host or without."""
    text = url.strip()
    if len(text) > _LONGEST or any(ord(sign) < 32 for sign in text):
        return None
    try:
        parts = urlsplit(text)
        if parts.scheme.lower() not in _SCHEMES or not parts.hostname or parts.port == 0:
            return None
    except ValueError:  # a port that is none, half an IPv6 address
        return None
    return parts


_MASK = "***"
_LONGEST_SHOWN_PART = 15
_WORDY = re.compile(r"[a-z]+(?:[-_.][a-z]+)*(?:\.[a-z]{2,4})?", re.I)
"""A part of a path that is made of words: however long, it is no key."""


def shown_address(source: str) -> str:
    """An address as it may be shown, logged and mailed: who logs in, the values asked for, what
    stands behind `#` and long parts of the path, which may be keys, are masked. Anything that is
    no web address, a path of a file, stays as it is.

    The only function that writes addresses for people.

    >>> shown_address("https://ann:pw@example.org:8443/feed/4f9a1c07d2b84e6fb1aa/calls.xml?key=A1#x")
    'https://***@example.org:8443/feed/***/calls.xml?key=***'
    >>> shown_address("https://example.org/open-calls-for-artists?page"), shown_address("calls.csv")
    ('https://example.org/open-calls-for-artists?page', 'calls.csv')
    >>> shown_address("http://[::1"), shown_address("http://u:pw@bad host/x?k=1")
    ('http://***', 'http://***')
    """
    text = source.strip()
    scheme, separator, _ = text.partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        return source
    parts = split_url(text)
    if parts is None or " " in parts.netloc:
        return f"{scheme}://{_MASK}"
    login = f"{_MASK}@" if "@" in parts.netloc else ""
    path = "/".join(map(_shown_part, parts.path.split("/")))
    pairs = [pair.partition("=") for pair in parts.query.split("&") if pair]
    asked = "&".join(f"{_shown_part(name)}={_MASK}" if eq else _shown_part(name)
                     for name, eq, _ in pairs)  # fmt: skip
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{login}{host}{path}{'?' if asked else ''}{asked}"


def _shown_part(part: str) -> str:
    if len(part) > _LONGEST_SHOWN_PART and not _WORDY.fullmatch(part):
        return _MASK
    return quote(part, safe="%:+,;=@!$'()*~")


def host_of(url: str) -> str:
    """The host of a web address without `www.`; "" where it is none.

    >>> host_of("https://www.example.org/calls"), host_of("mailto:a@b.c")
    ('example.org', '')
    """
    parts = split_url(url)
    return (parts.hostname or "").lower().removeprefix("www.") if parts else ""


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower().rstrip(".").removeprefix("www.")
    usual = _USUAL_PORTS[parts.scheme.lower()]
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"
