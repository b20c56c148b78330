"""Text out of marked-up text: what a person would read of a piece of HTML."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_UNSEEN = {"script", "style", "template", "noscript", "svg"}
_BREAKS = {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table"}
_MARKED = re.compile(r"<[a-zA-Z/!?]")
_LONGEST = 200_000


def plain_text(text: str, *, keep_lines: bool = False) -> str:
    """The text without markup and with single spaces; with `keep_lines` paragraphs stay apart.

    >>> plain_text("<p>Open&nbsp;call &amp; <b>grant</b></p><script>x()</script>")
    'Open call & grant'
    >>> plain_text("for artists < 35 years")
    'for artists < 35 years'
    """
    text = text[:_LONGEST]
    if _MARKED.search(text):
        reader = _Reader()
        reader.feed(text)
        reader.close()
        text = "".join(reader.parts)
    text = html.unescape(text) if "&" in text else text
    text = "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)
    if not keep_lines:
        return " ".join(text.split())
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
