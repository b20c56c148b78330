"""Reading a large rekordbox XML, against the standard library's bare pass over the same file.

    python benchmarks/reading.py [--tracks 50000] [--repeats 3]

Writes a seeded export of the shape real ones have (about 3 TEMPO and 1 POSITION_MARK a track, 1.5
playlist entries a track) to a temporary folder and prints seconds, ratio and peak memory. Every
measurement runs in a process of its own; the fastest of the repeats counts.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

LIMIT_RATIO, LIMIT_MB = 2.0, 300

_MEASURE = """
import json, resource, sys, time
{setup}
start = time.perf_counter()
{work}
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([seconds, peak / (2**20 if sys.platform == "darwin" else 2**10)]))
"""
_BARE = ("from xml.etree import ElementTree", "for _ in ElementTree.iterparse(sys.argv[1]): pass")
_OURS = (
    "from djlib.formats.library import read_library",
    "assert len(read_library(sys.argv[1]).tracks) == int(sys.argv[2])",
)


def main() -> None:
    """Print the table; end with 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rekordbox.xml"
        with file.open("w", encoding="utf-8") as handle:
            write_export(handle, options.tracks)
        size = file.stat().st_size / 2**20
        print(f"{options.tracks} tracks, {size:.0f} MB of XML")
        pairs = [
            (_measured(_BARE, file, options.tracks), _measured(_OURS, file, options.tracks))
            for _ in range(options.repeats)
        ]
    bare, ours = (min(side) for side in zip(*pairs, strict=True))
    ratio = ours[0] / bare[0]
    print(f"{'':24}{'seconds':>9}{'tracks/s':>10}{'peak MB':>9}{'ratio':>7}")
    for name, (seconds, peak) in (("bare iterparse", bare), ("read_library", ours)):
        rate = options.tracks / seconds
        print(f"{name:24}{seconds:9.2f}{rate:10.0f}{peak:9.0f}{seconds / bare[0]:7.2f}")
    print(f"limits: ratio {LIMIT_RATIO}, {LIMIT_MB} MB")
    sys.exit(int(ratio > LIMIT_RATIO or ours[1] > LIMIT_MB))


def write_export(file: IO[str], n_tracks: int, seed: int = 0) -> None:
    """Write a rekordbox export of `n_tracks` invented tracks in forty playlists."""
    rng = random.Random(seed)
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n\n<DJ_PLAYLISTS Version="1.0.0">\n')
    file.write('  <PRODUCT Name="rekordbox" Version="5.8.4" Company="Pioneer DJ"/>\n')
    file.write(f'  <COLLECTION Entries="{n_tracks}">\n')
    for number in range(1, n_tracks + 1):
        file.write(_track(number, rng))
    file.write('  </COLLECTION>\n  <PLAYLISTS>\n    <NODE Type="0" Name="ROOT" Count="40">\n')
    for playlist in range(40):
        keys = rng.sample(range(1, n_tracks + 1), max(1, int(n_tracks * 1.5 / 40)))
        file.write(
            f'      <NODE Name="Crate {playlist}" Type="1" KeyType="0" Entries="{len(keys)}">\n'
        )
        file.writelines(f'        <TRACK Key="{key + 98_000_000}"/>\n' for key in keys)
        file.write("      </NODE>\n")
    file.write("    </NODE>\n  </PLAYLISTS>\n</DJ_PLAYLISTS>\n")


def _track(number: int, rng: random.Random) -> str:
    artist = f"{rng.choice(_WORDS)} &amp; {rng.choice(_WORDS)} {number % 3000}"
    title = f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} {number} (Extended Mix)"
    bpm = rng.uniform(70, 175)
    name = f"{artist} - {title}".replace(" ", "%20").replace("&amp;", "%26").replace("é", "%c3%a9")
    lines = [
        f'    <TRACK TrackID="{number + 98_000_000}" Name="{title}" Artist="{artist}"',
        f'           Composer="" Album="{title} EP" Grouping="" Genre="{rng.choice(_GENRES)}"',
        f'           Kind="MP3 File" Size="{rng.randint(4_000_000, 20_000_000)}"',
        f'           TotalTime="{rng.randint(120, 600)}" DiscNumber="0" TrackNumber="1"',
        f'           Year="{rng.choice((0, 2005, 2014, 2021))}" AverageBpm="{bpm:.2f}"',
        '           DateAdded="2021-03-04" BitRate="320" SampleRate="44100" Comments="8A - 6"',
        f'           PlayCount="{rng.randint(0, 40)}" Rating="{51 * rng.randint(0, 5)}"',
        f'           Location="file://localhost/D:/Music/{number % 200}/{name}.mp3"',
        f'           Remixer="" Tonality="{rng.choice(_KEYS)}" Label="L {number % 400}" Mix="">',
    ]
    for beat in range(rng.choice((1, 2, 3, 7))):
        lines.append(
            f'      <TEMPO Inizio="{beat * 31.087:.3f}" Bpm="{bpm:.2f}" Metro="4/4" Battito="1"/>'
        )
    if rng.random() < 0.85:
        lines.append('      <POSITION_MARK Name="" Type="0" Start="0.087" Num="-1"/>')
    return "\n".join([*lines, "    </TRACK>\n"])


_WORDS = ["Café", "Night", "Signal", "Deep", "Velvet", "Brass", "Ocean", "Static", "Bloom", "Señor"]
_GENRES = ["House", "Techno", "Drum n Bass", "Disco; Funk", "Hip Hop", ""]
_KEYS = ["4A", "Emin", "Abm", "9B", ""]


def _measured(code: tuple[str, str], file: Path, n_tracks: int) -> tuple[float, float]:
    """Seconds and peak megabytes of one pass, in a fresh interpreter."""
    program = _MEASURE.format(setup=code[0], work=code[1])
    command = [sys.executable, "-c", program, str(file), str(n_tracks)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


if __name__ == "__main__":
    main()
