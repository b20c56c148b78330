"""Attributes in XML that DJ software reads back as they were."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from ..tables.problems import Problem
from .collection import Playlist

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTED = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def quoted(text: str) -> str:
    """Text for inside an attribute, without the signs that XML has no way to say.

    >>> quoted('A & "B"\\x00\\n')
    'A &amp; &quot;B&quot;&#10;'
    """
    return escape(_NOT_XML.sub("", text), _QUOTED)


def can_hold(text: str) -> bool:
    """Whether XML can say a text without losing a sign.

    >>> can_hold("Café"), can_hold("a\\x07b")
    (True, False)
    """
    return _NOT_XML.search(text) is None


def lost_signs(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], playlists: Iterable[Playlist]
) -> list[Problem]:
    """A note for every text that is written without some of its signs.

    >>> [note] = lost_signs([{"title": "One\\x07"}, {"title": "Two"}], ["title"], [])
    >>> note.column, note.value, note.outcome
    ('title', 'One\\x07', 'note')
    """
    texts = [(name, row[name]) for row in rows for name in columns if name in row]
    texts += [("playlist", playlist.name) for playlist in playlists]
    reason = "a sign that an XML file cannot hold; written without it"
    return [
        Problem(None, name, str(text), reason, "note")
        for name, text in texts
        if not can_hold(str(text))
    ]


def element(name: str, attributes: Mapping[str, str]) -> str:
    """An element without content.

    >>> element("TRACK", {"Key": "7"})
    '<TRACK Key="7"/>'
    """
    return f"{opening(name, attributes)[:-1]}/>"


def opening(name: str, attributes: Mapping[str, str]) -> str:
    """The opening tag of an element.

    >>> opening("NODE", {"Name": "A<B"})
    '<NODE Name="A&lt;B">'
    """
    written = "".join(f' {key}="{quoted(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>"
