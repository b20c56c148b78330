"""Invented names: artists, labels and titles that belong to nobody, some in other alphabets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Names = npt.NDArray[np.object_]


def _split(words: str) -> Names:
    return np.array(words.split(), dtype=object)


_LATIN = (
    "ba bel bri ca cor da del dra el en fa fel ga gor ha hel in ka kel kra la len lo lum ma mel mi "
    "na nel nor o pa pel qua ra rel ri sa sel sil ta tel tor u va vel vi wa xa ya za zel zor"
)
_ACCENTED = "bjö ça dø é fré gö hå ió jür kö lé mû ñe ø på ré sø şe tü vé žá zoë"
_CYRILLIC = "ва го де за ки ла ме но пе ра се ту фи хо ча ша ю я"
_KANA = "ア イ カ キ サ シ タ ナ ノ ハ ミ メ ユ ラ リ ロ ン"
_SHARES = ((_LATIN, 0.84), (_ACCENTED, 0.10), (_CYRILLIC, 0.03), (_KANA, 0.03))

_FIRST = _split(
    "Ada Akim Alva Bram Celo Dario Edda Emre Fenja Gildo Hanne Idris Jolan Kaia Lenno Mirela Nuno "
    "Odile Pavlo Quim Renske Sanna Tomaz Ulla Veda Wanda Yasin Zofia"
)
_LABEL_ENDINGS = _split("Records Recordings Music Trax Sounds Audio Discs Tapes Works Ltd.")

_ADJECTIVES = _split(
    "Silver Quiet Broken Hollow Electric Second Velvet Paper Endless Northern Slow Golden Lost "
    "Concrete Faded Inner Wild Blue Distant Heavy"
)
_NOUNS = _split(
    "Signal Harbour Machine Garden Motion Mirror River Engine Shadow Window Letter Ladder Planet "
    "Corner Season Island Circuit Ritual Dream Horizon"
)
_PLAIN = ("{a} {n}", "{n}", "The {n}", "{n} & {m}", "{a} {n} {i}", "{w}", "No {n}", "Into the {n}")
_VERSIONS = (
    ("", 0.30),
    (" (Original Mix)", 0.26),
    (" (Extended Mix)", 0.12),
    (" ({r} Remix)", 0.12),
    (" (Radio Edit)", 0.05),
    (" (Dub)", 0.04),
    (" feat. {r}", 0.05),
    (" [FREE DL]", 0.02),
    (" - {r} Edit", 0.04),
)


def artist_names(rng: np.random.Generator, n: int) -> Names:
    """`n` distinct artists: one word, two words, `DJ X`, `X & Y`, a few not in Latin letters.

    >>> artist_names(np.random.default_rng(0), 3).shape
    (3,)
    """
    words, others = invented_words(rng, n), invented_words(rng, n)
    firsts = rng.choice(_FIRST, n)
    kinds = rng.choice(6, n, p=[0.30, 0.36, 0.10, 0.10, 0.08, 0.06])
    patterns = ("{w}", "{f} {w}", "DJ {w}", "{w} & {o}", "The {w} Sound", "{w} {i}")
    made = [
        patterns[kind].format(w=w, f=f, o=o, i=len(w) + 1)
        for kind, w, f, o in zip(kinds, words, firsts, others, strict=True)
    ]
    return _distinct(made)


def label_names(rng: np.random.Generator, n: int) -> Names:
    """`n` distinct record labels."""
    endings = rng.choice(_LABEL_ENDINGS, n)
    words = invented_words(rng, n)
    return _distinct([f"{w} {e}" for w, e in zip(words, endings, strict=True)])


def titles(rng: np.random.Generator, moods: Names, remixers: Names) -> Names:
    """One title a row: some carry the row's mood word, about two in three a version.

    `moods` and `remixers` are aligned; a remixer is used where the version names one.
    """
    n = len(moods)
    patterns = rng.integers(len(_PLAIN), size=n)
    adjectives = rng.choice(_ADJECTIVES, n)
    nouns = rng.choice(_NOUNS, (n, 2))
    nouns[:, 0] = np.where(rng.random(n) < 0.15, moods, nouns[:, 0])
    words = invented_words(rng, min(n, 4000))[rng.integers(min(n, 4000), size=n)]
    numbers = rng.integers(2, 30, n)
    endings = [text for text, _ in _VERSIONS]
    versions = rng.choice(len(endings), n, p=[share for _, share in _VERSIONS])
    return np.array(
        [
            (_PLAIN[p] + endings[v]).format(a=a, n=k[0], m=k[1], w=w, i=i, r=r)
            for p, v, a, k, w, i, r in zip(
                patterns, versions, adjectives, nouns, words, numbers, remixers, strict=True
            )
        ],
        dtype=object,
    )


def invented_words(rng: np.random.Generator, n: int) -> Names:
    """`n` words of two to four syllables; about one in six is not plain ASCII."""
    alphabets = [_split(syllables) for syllables, _ in _SHARES]
    chosen = rng.choice(len(alphabets), n, p=[share for _, share in _SHARES])
    lengths = rng.choice([2, 3, 4], n, p=[0.4, 0.45, 0.15])
    picks = rng.random((n, 4))
    return np.array(
        [_word(alphabets[chosen[row]], picks[row, : lengths[row]]) for row in range(n)],
        dtype=object,
    )


def _word(syllables: Names, picks: npt.NDArray[np.float64]) -> str:
    return "".join(syllables[(picks * len(syllables)).astype(int)]).capitalize()


def _distinct(names: list[str]) -> Names:
    """The names with repeats told apart as people do it: `Kelmo`, `Kelmo 2`, `Kelmo 3`."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[position] = f"{name} ({seen[name]})"
    return np.array(names, dtype=object)
