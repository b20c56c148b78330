"""Words of a track made comparable: genre tokens, promo text, artist and title, song identity."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

from .music import parse_key
from .title_facts import title_facts

_SEPARATORS = re.compile(r"[;,/|\\\x00]+|(?<!\s)\s+(?:-\s++)+")
_SPACES = re.compile(r"\s+")
_PROMO = re.compile(
    r"""(?:[\[(]\s*+|(?<![\s\[(])\s++)?(?:https?://|www\.)\S*  # addresses
      | [\[(]?(?<![\w-])(?<![\w-]\.)[\w-]++(?:\.[\w-]++)*\.(?:com|net|org|ru|info|me|to
        |cc|hu|br|fm)\b(?:/\S*)?[\])]?
      | [\[(]\s*(?:free\s+(?:download|dl)|out\s+now|buy\s*=\s*free)[^\])]*[\])]?
    """,
    re.I | re.X,
)
_ALIASES = {
    "dnb": "drum & bass",
    "d&b": "drum & bass",
    "d'n'b": "drum & bass",
    "drum n bass": "drum & bass",
    "drum'n'bass": "drum & bass",
    "drum and bass": "drum & bass",
    "hiphop": "hip hop",
    "hip-hop": "hip hop",
    "rnb": "r&b",
    "r'n'b": "r&b",
    "r n b": "r&b",
    "r & b": "r&b",
    "rhythm and blues": "r&b",
    "techhouse": "tech house",
    "tech-house": "tech house",
    "deephouse": "deep house",
    "deep-house": "deep house",
    "nu-disco": "nu disco",
    "synth-pop": "synthpop",
    "alt rock": "alternative rock",
    "electronica": "electronic",
}
_FEATURING = re.compile(
    r"(?:(?<!\s)\s+)?[\[(]?\b(?:feat\.?|ft\.?|featuring|vs\.?|versus|pres\.?|presents|with)\b"
    r"(?s:.*)$"
    r"|(?:(?<!\s)\s+)?(?:,|;|/|\s&\s|\s\+\s|\s[x×]\s|\sand\s)(?s:.*)$",
    re.I,
)
_DASH = re.compile(r"(?<!\s)\s+[-–—]\s+|(?<=\w)-(?=[A-ZÀ-Ý])|(?<!\s)\s+[-–—](?=\S)|(?<=\S)[-–—]\s+")
_TRACK_NUMBER = re.compile(r"^\s*\d{1,3}\s*[.)_-]\s*(?=\D)")
_LONGEST = 1000
"""Signs of a cell that are read: no name is longer, and a damaged cell may hold megabytes."""


def fold(text: str) -> str:
    """Text for comparing: compatibility-composed, case-folded, single spaces.

    >>> fold("  Björk\\tGUÐMUNDSDÓTTIR ")
    'björk guðmundsdóttir'
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def strip_promo(text: str) -> str:
    """Take out addresses and download notes that sites write into tags.

    >>> strip_promo("Tired www.my-free-mp3.net "), strip_promo("Diamonds [vk.com/speedy]")
    ('Tired', 'Diamonds')
    """
    return _SPACES.sub(" ", _PROMO.sub(" ", html.unescape(text[:_LONGEST]))).strip()


@lru_cache(maxsize=65536)
def genre_tokens(cell: str) -> tuple[str, ...]:
    """The genres of one cell: split, folded, aliases joined, each once.

    >>> genre_tokens("Deep-House; DnB/ House")
    ('deep house', 'drum & bass', 'house')
    """
    tokens = (fold(part) for part in _SEPARATORS.split(strip_promo(cell)))
    return tuple(dict.fromkeys(_ALIASES.get(token, token) for token in tokens if token))


def split_artist_title(artist: str, title: str) -> tuple[str, str]:
    """Artist and title without promo text; an empty artist is read from `Artist - Title`.

    >>> split_artist_title("", "Alan Walker-Tired www.free.net")
    ('Alan Walker', 'Tired')
    >>> split_artist_title("Moodymann", "I Can't Kick - Live")
    ('Moodymann', "I Can't Kick - Live")
    """
    artist, title = strip_promo(artist), strip_promo(title)
    if artist:
        return artist, title
    bare = _TRACK_NUMBER.sub("", title_facts(title).title)
    parts = _DASH.split(bare, maxsplit=1)
    named = len(parts) == 2 and parts[0].strip() and parts[1].strip()
    if named and not parse_key(parts[1]):  # `Title - 8A`: a key written behind, not an artist
        return parts[0].strip(), parts[1].strip()
    return "", title


def lead_artist(artist: str, title: str) -> str:
    """The first-named artist, folded: what artist-disjoint folds group by; "" where unknown.

    >>> lead_artist("Afrojack & Jay Karama", "Diamonds"), lead_artist("", "Robyn feat. X - Y")
    ('afrojack', 'robyn')
    """
    first = split_artist_title(artist, title)[0]
    return fold(_FEATURING.sub("", first) or first)


def song_key(artist: str, title: str) -> str:
    """One name for a song wherever its file lies; "" where neither artist nor title is known.

    >>> song_key("", "Robyn - Be Mine") == song_key("ROBYN", "Be  Mine")
    True
    """
    artist, title = split_artist_title(artist, title)
    return f"{fold(artist)}\x1f{fold(title)}" if artist or title else ""
