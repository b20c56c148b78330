"""The tracks of an invented library: crates (scenes), columns, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..tables.schema import BUCKET_SEPARATOR, TRACKS
from .words import Names, artist_names, label_names, titles


@dataclass(frozen=True)
class Scene:
    """What tends to be in one bucket.

    `bpm` and `bpm_spread` are beats a minute, `off_octave` the share stored at half or double
    tempo, `genres` the common ones first, `tonic` a place on the circle of fifths, `minor` the
    share in minor, `years` the earliest and latest, `minutes` the usual length, `moods` title
    words.
    """

    name: str
    bpm: float
    bpm_spread: float
    genres: tuple[str, ...]
    minor: float
    years: tuple[int, int]
    minutes: float
    moods: tuple[str, ...]
    tonic: int = 0
    off_octave: float = 0.02


SCENES = (
    Scene("Warm up", 119, 3, ("Deep House", "House", "Nu Disco", "Organic House"), 0.6,
          (2008, 2026), 6.5, ("Dusk", "Arrival", "Ease")),
    Scene("Peak time", 129, 2.5, ("Techno", "Tech House", "Progressive House"), 0.75,
          (2012, 2026), 6.2, ("Impact", "Strobe", "Pressure"), 3),
    Scene("Sunday morning", 103, 9, ("Downtempo", "Soul", "Jazz", "Ambient", "Organic House"), 0.5,
          (1972, 2024), 4.8, ("Sunrise", "Coffee", "Kitchen"), -2),
    Scene("After hours", 125, 2.5, ("Minimal", "Deep Tech", "Techno", "Deep House"), 0.7,
          (2005, 2026), 7.4, ("Basement", "Fog", "Loop"), 5),
    Scene("Disco & funk", 116, 6, ("Disco", "Funk", "Nu Disco", "Soul", "House"), 0.45,
          (1974, 2022), 5.4, ("Boogie", "Fever", "Groove"), -1),
    Scene("Hip-Hop set", 93, 7, ("Hip Hop", "R&B", "Trap", "Soul"), 0.7,
          (1990, 2025), 3.7, ("Block", "Cypher", "Hustle"), -4, 0.12),
    Scene("Drum & Bass", 174, 1.8, ("Drum & Bass", "Jungle", "Breaks"), 0.8,
          (1994, 2026), 4.9, ("Roller", "Amen", "Pirate"), 2, 0.14),
    Scene("Café terrace", 112, 7, ("Organic House", "Downtempo", "Afro House", "Nu Disco"), 0.55,
          (2010, 2026), 5.9, ("Terrace", "Lemon", "Breeze"), 1),
    Scene("Garage & bass", 132, 3, ("UK Garage", "Bassline", "Breaks", "House"), 0.7,
          (1996, 2025), 4.7, ("Skip", "Sub", "Bounce"), -3),
    Scene("Festival", 128, 1.5, ("Progressive House", "EDM", "Electro House", "Trance"), 0.65,
          (2010, 2024), 4.4, ("Anthem", "Hands", "Fireworks"), 4),
    Scene("Afro & Latin", 118, 8, ("Afro House", "Amapiano", "Reggaeton", "Salsa"), 0.6,
          (1998, 2026), 5.1, ("Fiesta", "Tambor", "Calor"), -5),
    Scene("Melodic", 123, 2, ("Melodic Techno", "Progressive House", "Organic House"), 0.85,
          (2014, 2026), 7.0, ("Aurora", "Orbit", "Memory"), 0),
    Scene("Hard & fast", 147, 6, ("Hard Techno", "Trance", "Techno", "Acid"), 0.8,
          (1993, 2026), 5.8, ("Overdrive", "Siren", "Steel"), 6),
    Scene("Classics", 126, 5, ("House", "Techno", "Trance", "Acid", "UK Garage"), 0.6,
          (1986, 2002), 6.6, ("Warehouse", "Anthem", "Paradise")),
    Scene("Wedding", 118, 12, ("Pop", "Disco", "R&B", "Rock", "Soul"), 0.4,
          (1965, 2024), 3.8, ("Love", "Dance", "Forever"), 0),
    Scene("Zum Schluss", 108, 14, ("Indie Dance", "Synthpop", "Rock", "Disco", "Ambient"), 0.55,
          (1979, 2025), 5.2, ("Goodbye", "Last", "Home"), -1),
)  # fmt: skip

SPELLINGS: dict[str, tuple[str, ...]] = {
    "Drum & Bass": ("Drum & Bass", "Drum and Bass", "DnB", "D&B", "drum n bass"),
    "Hip Hop": ("Hip Hop", "Hip-Hop", "hip hop", "HipHop"),
    "R&B": ("R&B", "RnB", "R'n'B"),
    "Tech House": ("Tech House", "Tech-House", "TECH HOUSE", "Techhouse"),
    "Deep House": ("Deep House", "deep house", "Deep-House"),
    "Nu Disco": ("Nu Disco", "Nu-Disco", "nu disco"),
    "House": ("House", "house", "HOUSE", "Electronic, House"),
    "Techno": ("Techno", "techno", "Electronic; Techno", "Techno (Peak Time / Driving)"),
    "Minimal": ("Minimal", "Minimal / Deep Tech", "minimal"),
    "Downtempo": ("Downtempo", "Chillout", "downtempo"),
}
"""How people and shops write a genre; the first spelling is the most common."""


def scenes(n: int) -> list[Scene]:
    """The first `n` scenes; beyond the hand-made ones, variants of them at other tempi.

    >>> [s.name for s in scenes(18)[-2:]]
    ['Warm up 2', 'Peak time 2']
    """
    return [_variant(SCENES[i % len(SCENES)], i // len(SCENES)) for i in range(n)]


def _variant(scene: Scene, turn: int) -> Scene:
    if not turn:
        return scene
    genres = scene.genres[turn % len(scene.genres) :] + scene.genres[: turn % len(scene.genres)]
    bpm = scene.bpm * (1 + 0.05 * turn)
    return replace(scene, name=f"{scene.name} {turn + 1}", bpm=min(bpm, 190.0), genres=genres)


def nearness(found: list[Scene]) -> npt.NDArray[np.float64]:
    """How easily one bucket is taken for another: rows sum to 1, a bucket is not near itself.

    Shape (buckets, buckets). One bucket alone is near nothing: a row of zeros.
    """
    tempo = np.log2([s.bpm for s in found])
    apart = np.abs(tempo[:, None] - tempo[None, :])
    apart = np.minimum(apart, np.abs(1 - apart))
    shared = np.array([[len(set(a.genres) & set(b.genres)) for b in found] for a in found])
    near = np.exp(-apart / 0.1) * (0.2 + shared)
    np.fill_diagonal(near, 0.0)
    total = near.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(near, total, out=np.zeros_like(near), where=total > 0))


LABEL_NOISE = 0.08
"""Share of bucket labels that are wrong, as in a real library."""

_MISSING = {"genres": 0.35, "bpm": 0.04, "key": 0.18, "year": 0.12, "label": 0.3, "album": 0.6}
_STAYS_IN_SCENE = {"artist": 0.72, "label": 0.6}
_ARTIST_IN_TITLE = 0.03
_SAME_SONG_AGAIN = 0.01
_OFF_SCENE_GENRE = 0.08
_FAVOURITES = 1.4
"""Exponent of a uniform draw over names: at 1 all are equally common."""
_MOST_ARTISTS, _MOST_LABELS = 40_000, 3_000
_FIRST_DAY, _DAYS = np.datetime64("2014-01-06"), 4500

_MINOR = ("Am", "Em", "Bm", "F#m", "Dbm", "Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm")
_MAJOR = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
_KEY_NOTATIONS = (0.46, 0.30, 0.08, 0.06, 0.05, 0.05)
_UNSAFE_IN_FILES = str.maketrans('/\\:*?"<>|', "_________")

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class World:
    """What all rows of a library share: its crates, and who belongs to which."""

    scenes: list[Scene]
    near: Floats
    sizes: Floats
    artists: Names
    artist_scene: Ints
    labels: Names
    label_scene: Ints

    @classmethod
    def invent(cls, rng: np.random.Generator, buckets: int, n: int) -> World:
        found = scenes(buckets)
        sizes = 1 / (np.arange(buckets) + 2.0)
        artists = artist_names(rng, int(np.clip(2 * n // 5, 4 * buckets, _MOST_ARTISTS)))
        labels = label_names(rng, int(np.clip(n // 12, 2 * buckets, _MOST_LABELS)))
        return cls(
            found,
            nearness(found),
            sizes / sizes.sum(),
            artists,
            np.arange(len(artists)) % buckets,
            labels,
            np.arange(len(labels)) % buckets,
        )


class Batch:
    """The rows of one batch; `scene` is the crate each track truly belongs to."""

    def __init__(self, world: World, rng: np.random.Generator, n: int) -> None:
        self.world, self.rng, self.n = world, rng, n
        self.scene = rng.choice(len(world.scenes), n, p=world.sizes)

    def table(self, first: int, labelled: float, multi: float) -> pd.DataFrame:
        """The batch as a `tracks` table whose first row is number `first` of the library."""
        artists = self._members(self.world.artists, self.world.artist_scene, "artist")
        song: Columns = {
            "artist": artists,
            "title": titles(self.rng, self._moods(), self.rng.permutation(artists)),
            "album": self._missing("album", self._albums(artists)),
            "label": self._missing(
                "label", self._members(self.world.labels, self.world.label_scene, "label")
            ),
            "genres": self._missing("genres", self._genres()),
            "bpm": self._bpm(),
            "key": self._missing("key", self._keys()),
            "year": self._year(),
            "duration_s": self._duration(),
        }
        song["bucket"], song["buckets"] = self._buckets(labelled, multi)
        self._move_artist_into_title(song)
        self._repeat_songs(song)
        numbers = np.arange(first + 1, first + self.n + 1)
        song["track_id"] = np.array([f"t{number:06d}" for number in numbers], dtype=object)
        song["date_added"] = self._date_added(song["year"])
        song["path"] = _paths(numbers, song)
        return pd.DataFrame(
            {
                c.name: _typed(song[c.name], c.kind in ("text", "names", "day"))
                for c in TRACKS.columns
            }
        )

    def _moods(self) -> Names:
        return self._by_scene(lambda scene, k: self.rng.choice(_objects(scene.moods), k))

    def _members(self, names: Names, home: Ints, kind: str) -> Names:
        """A name for each row, mostly of its scene, the first of a scene far more often."""
        chosen = names[(self.rng.random(self.n) ** _FAVOURITES * len(names)).astype(int)]
        stays = self.rng.random(self.n) < _STAYS_IN_SCENE[kind]
        for number in range(len(self.world.scenes)):
            rows = np.flatnonzero(stays & (self.scene == number))
            local = names[home == number]
            chosen[rows] = local[
                (self.rng.random(len(rows)) ** _FAVOURITES * len(local)).astype(int)
            ]
        return chosen

    def _albums(self, artists: Names) -> Names:
        return np.asarray(self.rng.permutation(artists) + " EP", dtype=object)

    def _genres(self) -> Names:
        """One or two genres as people write them; some in the words of a neighbouring crate."""
        strays = self.rng.random(self.n) < _OFF_SCENE_GENRE
        home = np.where(strays, self._neighbours(), self.scene)
        first = self._by_scene(self._spelled_genres, home)
        second = self._by_scene(self._spelled_genres, home)
        joins = self.rng.choice(_objects((", ", "; ", " / ", "|")), self.n)
        two = (self.rng.random(self.n) < 0.25) & (first != second)
        return np.asarray(np.where(two, first + joins + second, first))

    def _spelled_genres(self, scene: Scene, k: int) -> Names:
        commonness = 0.55 ** np.arange(len(scene.genres))
        spelled: list[str] = []
        shares: list[float] = []
        for genre, weight in zip(scene.genres, commonness / commonness.sum(), strict=True):
            ways = SPELLINGS.get(genre, (genre, genre.lower()))
            spread = 0.4 ** np.arange(len(ways))
            spelled += ways
            shares += (weight * spread / spread.sum()).tolist()
        return self.rng.choice(_objects(tuple(spelled)), k, p=shares)

    def _bpm(self) -> Floats:
        middle = self._each("bpm")
        bpm = self.rng.normal(middle, self._each("bpm_spread"))
        off = self.rng.random(self.n) < self._each("off_octave")
        bpm = np.where(off, np.where(middle > 120, bpm / 2, bpm * 2), bpm)
        whole = self.rng.random(self.n) < 0.6
        bpm = np.where(whole, np.round(bpm), np.round(bpm, 2))
        return np.where(self._gone("bpm"), np.nan, np.clip(bpm, 40, 250))

    def _keys(self) -> Names:
        position = np.round(self.rng.normal(self._each("tonic"), 2.6, self.n)).astype(int) % 12
        minor = self.rng.random(self.n) < self._each("minor")
        written = np.array([_notations(p, m) for m in (False, True) for p in range(12)], object)
        how = self.rng.choice(len(_KEY_NOTATIONS), self.n, p=_KEY_NOTATIONS)
        return np.asarray(written[position + 12 * minor, how])

    def _year(self) -> Floats:
        spans = np.array([s.years for s in self.world.scenes], dtype=float)[self.scene]
        recent = self.rng.beta(2.2, 1.2, self.n)
        year = np.floor(spans[:, 0] + recent * (spans[:, 1] - spans[:, 0] + 1))
        return np.where(self._gone("year"), np.nan, np.minimum(year, spans[:, 1]))

    def _duration(self) -> Floats:
        seconds = 60 * self._each("minutes") * self.rng.lognormal(0, 0.18, self.n)
        return np.asarray(np.round(seconds))

    def _date_added(self, year: Floats) -> Names:
        """Days on which tracks came in, more of them lately, none before the year of release."""
        days = _FIRST_DAY + (self.rng.random(self.n) ** 0.6 * _DAYS).astype(int)
        released = np.nan_to_num(year, nan=1970).astype(int) - 1970
        earliest = released.astype("datetime64[Y]").astype("datetime64[D]")
        earliest = earliest + self.rng.integers(0, 200, self.n)
        return np.asarray(np.maximum(days, earliest).astype(str).astype(object))

    def _buckets(self, labelled: float, multi: float) -> tuple[Names, Names]:
        """Each row's one bucket and all its buckets, some wrong, "" for an unsorted track."""
        names = _objects(tuple(s.name for s in self.world.scenes))
        wrong = self.rng.random(self.n) < LABEL_NOISE
        label = np.where(wrong, self._neighbours(), self.scene)
        second, third = self._neighbours(), self._neighbours()
        one = names[label]
        two = (self.rng.random(self.n) < multi) & (second != label)
        three = two & (self.rng.random(self.n) < 0.3) & (third != label) & (third != second)
        every = np.where(two, one + BUCKET_SEPARATOR + names[second], one)
        every = np.where(three, every + BUCKET_SEPARATOR + names[third], every)
        sorted_ = self.rng.random(self.n) < labelled
        return np.where(sorted_, one, ""), np.where(sorted_, every, "")

    def _neighbours(self) -> Ints:
        """A crate each row could be taken for; its own where there is only one crate."""
        if len(self.world.scenes) == 1:
            return self.scene
        bounds = self.world.near.cumsum(axis=1)[self.scene]
        below = self.rng.random(self.n)[:, None] * bounds[:, -1:] >= bounds
        return np.asarray(below.sum(axis=1))

    def _move_artist_into_title(self, song: Columns) -> None:
        moved = self.rng.random(self.n) < _ARTIST_IN_TITLE
        song["title"] = np.where(moved, song["artist"] + " - " + song["title"], song["title"])
        song["artist"] = np.where(moved, "", song["artist"])

    def _repeat_songs(self, song: Columns) -> None:
        """Some rows become another file of the song before them."""
        again = 1 + np.flatnonzero(self.rng.random(self.n - 1) < _SAME_SONG_AGAIN)
        for values in song.values():
            values[again] = values[again - 1]

    def _by_scene(self, draw: Callable[[Scene, int], Names], home: Ints | None = None) -> Names:
        """`draw(scene, k)` for the rows of each scene."""
        home = self.scene if home is None else home
        drawn = np.empty(self.n, dtype=object)
        for number, scene in enumerate(self.world.scenes):
            rows = np.flatnonzero(home == number)
            drawn[rows] = draw(scene, len(rows))
        return drawn

    def _each(self, attribute: str) -> Floats:
        return np.array([getattr(s, attribute) for s in self.world.scenes], float)[self.scene]

    def _gone(self, column: str) -> npt.NDArray[np.bool_]:
        return self.rng.random(self.n) < _MISSING[column]

    def _missing(self, column: str, values: Names) -> Names:
        return np.asarray(np.where(self._gone(column), "", values), dtype=object)


def _objects(words: tuple[str, ...]) -> Names:
    return np.array(words, dtype=object)


def _notations(position: int, minor: bool) -> list[str]:
    """One key as programs and people write it; as many ways as `_KEY_NOTATIONS` has shares."""
    name = (_MINOR if minor else _MAJOR)[position]
    camelot = f"{(position + 7) % 12 + 1}{'A' if minor else 'B'}"
    spelled = name.removesuffix("m") + ("min" if minor else "maj")
    open_key = f"{position + 1}{'m' if minor else 'd'}"
    accidental = name.replace("#", "♯").replace("b", "♭")
    return [camelot, name, spelled, open_key, camelot.zfill(3), accidental]


def _paths(numbers: Ints, song: Columns) -> Names:
    """Where each file lies: two in three on a Mac, the others on a Windows drive."""
    folders = ("/Users/dj/Music/{day}/{name}.mp3", "D:\\Music\\{day}\\{name}.mp3")
    return np.array(
        [
            folders[int(number % 3 == 2)].format(
                day=added[:7],
                name=f"{number} {artist}{' - ' if artist else ''}{title}".translate(
                    _UNSAFE_IN_FILES
                ),
            )
            for number, added, artist, title in zip(
                numbers, song["date_added"], song["artist"], song["title"], strict=True
            )
        ],
        dtype=object,
    )


def _typed(values: npt.NDArray[Any], is_text: bool) -> pd.Series:
    return pd.Series(values, dtype="str" if is_text else "float64")
