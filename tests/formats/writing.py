"""Hostile names and paths, for what is written and read again."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from djlib.formats.collection import UNNAMED
from djlib.tables.cells import plain_name

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
NAMES = st.one_of(
    ANY_TEXT,
    st.sampled_from(
        [
            "A / B", "a|b", "#1 + 100%", "%%", "a%%b", "%", '"q" & <r>', "it's", "🎧 שלום",
            "e\u0301" * 150, "x" * 300, "\u202eright to left", "a\nb\tc\r", "\x00\x07\x7f", "..",
            "CON", "trailing. .", "a\\b", "//", "/:", "//:",
            "%" * 300, "a%%%%b", "%…" * 80 + "%", "\ufffe", "Sets", "sets",
        ]
    ),
)  # fmt: skip
INSIDE = NAMES.map(lambda text: text.replace("\\", "").replace("/", ""))
"""Names a file may have on some system."""

PATHS = st.one_of(
    INSIDE.map(lambda name: f"/Users/dj/{name}.mp3"),
    INSIDE.map(lambda name: f"/home/dj/{name}/{name}.mp3"),
    INSIDE.map(lambda name: f"/Volumes/USB #1/{name}.flac"),
    INSIDE.map(lambda name: f"/Volumes/Backup/Users/dj/{name}.flac"),
    INSIDE.map(lambda name: f"/Volumes/Macintosh HD 2/{name}.wav"),
    INSIDE.map(lambda name: f"D:/Music/{name}.mp3"),
    INSIDE.map(lambda name: f"//nas/music/{name}.mp3"),
)

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def in_xml(text: str) -> str:
    """Text without the signs that XML has no way to say."""
    return _NOT_XML.sub("", text)


def as_read(name: str) -> str:
    """A playlist's name as it comes back from XML."""
    return plain_name(in_xml(name).replace("|", "¦")) or UNNAMED
