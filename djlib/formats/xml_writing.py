"""Attributes in XML that DJ software reads back as they were."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

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
