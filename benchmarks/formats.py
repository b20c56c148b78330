"""Reading DJ libraries, against the libraries that others read them with.

    python benchmarks/formats.py --peers PYTHON [--tracks 20000] [--repeats 3] [FILE ...]

PYTHON is an interpreter that has pyrekordbox and traktor-nml-utils; both stay out of djlib's own
environment, the second for its licence. Without FILEs a rekordbox XML and a Traktor NML are
invented, in two sizes, so that the growth of the memory shows. Every pass runs in a process of
its own, sides in turn; the fastest counts. The peers are asked for the fields that djlib reads of
every track and for the members of every playlist; their rows are tuples, djlib's a checked table.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.reading import write_export

LIMIT_RATIO = 2.0

_MEASURE = """
import json, resource, sys, time
{setup}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
n_tracks = work(sys.argv[1])
seconds = time.perf_counter() - start
unit = 2**20 if sys.platform == "darwin" else 2**10
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([seconds, peak / unit, (peak - before) / unit, n_tracks]))
"""
_OURS = """
from djlib.formats.library import read_library
import djlib.formats.format as f
f.all_formats()
def work(path):
    return len(read_library(path).tracks)
"""
_REKORDBOX = """
from pyrekordbox.rbxml import RekordboxXml
def work(path):
    xml = RekordboxXml(path)
    names = (
        "Artist", "Name", "Album", "Label", "Genre", "AverageBpm", "Tonality", "Year",
        "TotalTime", "DateAdded", "Location", "TrackID", "Comments", "Rating", "PlayCount",
    )
    rows = [[track[name] for name in names] for track in xml.get_tracks()]
    def members(node):
        if node.is_folder:
            return [members(child) for child in node.get_playlists()]
        return node.get_tracks()
    members(xml.get_playlist())
    return len(rows)
"""
_TRAKTOR = """
from pathlib import Path
from traktor_nml_utils import TraktorCollection
def work(path):
    nml = TraktorCollection(Path(path)).nml
    rows = [
        (e.artist, e.title, e.album and e.album.title, e.tempo and e.tempo.bpm,
         e.musical_key and e.musical_key.value, e.info and (e.info.genre, e.info.label,
         e.info.playtime, e.info.import_date, e.info.comment, e.info.ranking, e.info.playcount),
         e.location and (e.location.volume, e.location.dir, e.location.file))
        for e in nml.collection.entry
    ]
    return len(rows)
"""


def main() -> None:
    """Print the table; end with 1 where djlib is not twice as fast as a peer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--peers", required=True, help="an interpreter with the peers")
    parser.add_argument("--tracks", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"{'file':28}{'read by':20}{'seconds':>9}{'peak MB':>9}{'grown MB':>9}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        files = options.files or _invented(Path(folder), options.tracks)
        ratios = [_compared(file, options.peers, options.repeats) for file in files]
    print(f"limit: {LIMIT_RATIO} times as fast")
    sys.exit(int(min(ratios) < LIMIT_RATIO))


def _invented(folder: Path, n_tracks: int) -> list[Path]:
    files = []
    for size in (n_tracks // 4, n_tracks):
        rekordbox, traktor = folder / f"rekordbox_{size}.xml", folder / f"traktor_{size}.nml"
        with rekordbox.open("w", encoding="utf-8") as handle:
            write_export(handle, size)
        traktor.write_text(_nml(size), encoding="utf-8")
        files += [rekordbox, traktor]
    return sorted(files)


def _nml(n_tracks: int, seed: int = 0) -> str:
    """A Traktor collection with cues and a few playlists, of the shape real ones have."""
    rng = random.Random(seed)
    entries, keys = [], []
    for number in range(n_tracks):
        file = f"Ana {number % 3000} - Café & Signal {number}.mp3"
        keys.append(f"Macintosh HD/:Users/:dj/:Music/:{file}")
        cues = "".join(
            f'<CUE_V2 NAME="n.n." DISPL_ORDER="0" TYPE="4" START="{start}.5" LEN="0.0" '
            'REPEATS="-1" HOTCUE="0"></CUE_V2>'
            for start in range(rng.randint(1, 4))
        )
        entries.append(
            f'<ENTRY MODIFIED_DATE="2021/3/4" TITLE="Signal {number}" ARTIST="Ana {number % 3000}">'
            f'<LOCATION DIR="/:Users/:dj/:Music/:" FILE={quoteattr(file)} VOLUME="Macintosh HD" '
            'VOLUMEID="Macintosh HD"></LOCATION><ALBUM TITLE="EP"></ALBUM>'
            '<INFO BITRATE="320000" GENRE="House" LABEL="L" COMMENT="8A" PLAYCOUNT="3" '
            'PLAYTIME="300" IMPORT_DATE="2021/3/4" RANKING="255" KEY="8A"></INFO>'
            f'<TEMPO BPM="{rng.uniform(70, 175):.6f}" BPM_QUALITY="100.0"></TEMPO>'
            f'<MUSICAL_KEY VALUE="{rng.randrange(24)}"></MUSICAL_KEY>{cues}</ENTRY>\n'
        )
    lists = []
    for number in range(40):
        members = "".join(
            f'<ENTRY><PRIMARYKEY TYPE="TRACK" KEY={quoteattr(key)}></PRIMARYKEY></ENTRY>\n'
            for key in rng.sample(keys, max(1, n_tracks // 27))
        )
        lists.append(
            f'<NODE TYPE="PLAYLIST" NAME="Crate {number}"><PLAYLIST ENTRIES="1" TYPE="LIST" '
            f'UUID="{number:032x}">{members}</PLAYLIST></NODE>\n'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n<NML VERSION="19"><HEAD '
        'COMPANY="www.native-instruments.com" PROGRAM="Traktor"></HEAD>\n<MUSICFOLDERS>'
        f'</MUSICFOLDERS>\n<COLLECTION ENTRIES="{n_tracks}">{"".join(entries)}</COLLECTION>\n'
        '<SETS ENTRIES="0"></SETS>\n<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES '
        f'COUNT="40">{"".join(lists)}</SUBNODES></NODE></PLAYLISTS></NML>\n'
    )


def _compared(file: Path, peers: str, repeats: int) -> float:
    """How many times as fast djlib is; both sides are printed."""
    peer, code = ("pyrekordbox", _REKORDBOX)
    if file.suffix == ".nml":
        peer, code = ("traktor-nml-utils", _TRAKTOR)
    passes = [
        (_measured(sys.executable, _OURS, file), _measured(peers, code, file))
        for _ in range(repeats)
    ]
    ours, theirs = (min(side) for side in zip(*passes, strict=True))
    assert theirs[3] >= ours[3] > 0, "both must have read the tracks"
    for name, side in (("djlib", ours), (peer, theirs)):
        seconds, peak, grown, _ = side
        ratio = seconds / ours[0]
        print(f"{file.name:28}{name:20}{seconds:9.3f}{peak:9.0f}{grown:9.0f}{ratio:7.1f}")
    return theirs[0] / ours[0]


def _measured(python: str, setup: str, file: Path) -> tuple[float, float, float, int]:
    """Seconds, peak and growth of memory, and tracks of one pass in a fresh interpreter."""
    program = _MEASURE.format(setup=setup)
    command = [python, "-c", program, str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, peak, grown, n_tracks = json.loads(done.stdout)
    return seconds, peak, grown, n_tracks


if __name__ == "__main__":
    main()
