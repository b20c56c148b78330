"""The crates of invented DJs: what tends to be in each, and how much they overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

OCTAVE_RANGE = (80.0, 160.0)
"""Tempi are compared within one octave, as dancers hear them."""


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
