"""Scanning a folder of tagged files, against a bare loop of the tag reader over the same files.

    python benchmarks/scanning.py [--files 2000] [--repeats 5]

Makes seeded MP3 (ID3 2.3 and 2.4) and FLAC files as shops and DJ software leave them (a score of
tags, a cover, an old tag at the end) in a temporary folder. Prints seconds and ratios: one
process, two, and a second scan of the unchanged folder. The fastest of the repeats counts; all
figures are of one run.
"""

from __future__ import annotations

import argparse
import random
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tinytag import TinyTag

from djlib.formats.audio.folder import find_audio_files, scan
from djlib.formats.library import read_library

LIMITS = {"1 process": 1 / 0.9, "2 processes": 1.0, "second scan": 1 / 20}


def main() -> None:
    """Print the table; end with 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        music = Path(folder) / "music"
        make_files(music, options.files)
        seconds = _measure(music, Path(folder) / "cache.sqlite", options.repeats)
    bare = seconds["bare loop"]
    first = seconds["first scan, with cache"]
    print(f"{options.files} files")
    print(f"{'':28}{'seconds':>9}{'files/s':>10}{'to bare':>9}{'to first':>9}")
    for name, spent in seconds.items():
        rate = options.files / spent
        print(f"{name:28}{spent:9.3f}{rate:10.0f}{spent / bare:9.2f}{spent / first:9.3f}")
    broken = [
        name
        for name, limit in LIMITS.items()
        if seconds[name] > limit * (first if name == "second scan" else bare)
    ]
    print("limits: 1 process 1.11 to bare, 2 processes 1.00 to bare, second scan 0.050 to first")
    sys.exit(int(bool(broken)))


def _measure(music: Path, cache: Path, repeats: int) -> dict[str, float]:
    root = str(music)
    files = find_audio_files(root)[0]
    ways: dict[str, Callable[[], object]] = {
        "bare loop": lambda: [TinyTag.get(path) for path, *_ in files],
        "1 process": lambda: scan(root, find_audio_files(root)[0]),
        "2 processes": lambda: scan(root, find_audio_files(root)[0], jobs=2),
        "first scan, with cache": lambda: scan(root, find_audio_files(root)[0], cache=cache),
        "second scan": lambda: scan(root, find_audio_files(root)[0], cache=cache),
        "second read_library": lambda: read_library(music, cache=cache),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(repeats):
        cache.unlink(missing_ok=True)
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def make_files(folder: Path, n_files: int, seed: int = 0) -> None:
    """Write `n_files` tagged files into twenty folders: one in three FLAC, the others MP3."""
    rng = random.Random(seed)
    cover = rng.randbytes(20_000)
    for number in range(n_files):
        place = folder / f"Crate {number % 20}"
        place.mkdir(parents=True, exist_ok=True)
        tags = {
            "artist": f"Artist {number % 500}",
            "title": f"Título {number}",
            "album": f"Album {number % 700}",
            "genre": rng.choice(["House", "Techno", "Disco"]),
            "bpm": f"{rng.uniform(90, 140):.2f}",
            "key": rng.choice(["Am", "8A", "F#m"]),
            "year": str(rng.randint(1980, 2024)),
            "publisher": f"Label {number % 100}",
            "albumartist": f"Artist {number % 500}",
            "remixer": f"Remixer {number % 50}",
            "composer": f"Writer {number % 90}",
            "isrc": f"GB{number:010}",
            "copyright": f"{2000 + number % 24} Label {number % 100}",
            "encodedby": "a download shop",
            "track": f"{number % 12 + 1}/12",
            "length": "180000",
            "comment": "8A - Energy 6",
        }
        if number % 3 == 0:
            (place / f"{number:05}.flac").write_bytes(flac(tags, cover))
        else:
            (place / f"{number:05}.mp3").write_bytes(mp3(tags, cover, version=3 + number % 2))


_FRAMES = {
    "artist": b"TPE1",
    "title": b"TIT2",
    "album": b"TALB",
    "genre": b"TCON",
    "bpm": b"TBPM",
    "key": b"TKEY",
    "publisher": b"TPUB",
    "albumartist": b"TPE2",
    "remixer": b"TPE4",
    "composer": b"TCOM",
    "isrc": b"TSRC",
    "copyright": b"TCOP",
    "encodedby": b"TENC",
    "track": b"TRCK",
    "length": b"TLEN",
}
_NOTES = {
    "energylevel": "6",
    "catalognumber": "CAT 001",
    "replaygain_track_gain": "-8.21 dB",
    "replaygain_track_peak": "0.988",
}


def mp3(tags: dict[str, str], cover: bytes = b"", *, version: int = 4, n_frames: int = 60) -> bytes:
    """An MP3 of silence (128 kbit/s, 44.1 kHz) with ID3 tags of version 2.3 or 2.4."""
    frames = {**_FRAMES, "year": b"TDRC" if version == 4 else b"TYER"}
    body = b"".join(
        _id3_frame(frames[name], _id3_text(text, version), version)
        for name, text in tags.items()
        if name in frames
    )
    if "comment" in tags:
        body += _id3_frame(b"COMM", b"\x00eng\x00" + tags["comment"].encode("latin-1"), version)
    for name, text in _NOTES.items():
        described = b"\x00" + name.encode() + b"\x00" + text.encode()
        body += _id3_frame(b"TXXX", described, version)
    if cover:
        body += _id3_frame(b"APIC", b"\x00image/jpeg\x00\x03\x00" + cover, version)
    header = b"ID3" + bytes((version, 0, 0)) + _syncsafe(len(body))
    return header + body + (b"\xff\xfb\x90\x64" + bytes(413)) * n_frames + _id3v1(tags)


def _id3v1(tags: dict[str, str]) -> bytes:
    """The old tag at the end of a file, which most programs write along; nothing for no tags."""
    if not tags:
        return b""
    sizes = {"title": 30, "artist": 30, "album": 30, "year": 4, "comment": 30}
    texts = (
        tags.get(name, "").encode("latin-1", "replace")[:size].ljust(size, b"\x00")
        for name, size in sizes.items()
    )
    return b"TAG" + b"".join(texts) + b"\xff"


def _id3_text(text: str, version: int) -> bytes:
    return b"\x03" + text.encode() if version == 4 else b"\x01" + text.encode("utf-16")


def _id3_frame(name: bytes, content: bytes, version: int) -> bytes:
    length = len(content)
    size = _syncsafe(length) if version == 4 else struct.pack(">I", length)
    return name + size + b"\x00\x00" + content


def _syncsafe(number: int) -> bytes:
    return bytes((number >> shift) & 0x7F for shift in (21, 14, 7, 0))


def flac(tags: dict[str, str], cover: bytes = b"") -> bytes:
    """A FLAC file's head: stream info (44.1 kHz, 3 minutes), Vorbis comments, cover."""
    rate, channels, bits, samples = 44_100, 2, 16, 44_100 * 180
    packed = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | samples
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + struct.pack(">Q", packed) + bytes(16)
    names = {"year": "DATE", "key": "INITIALKEY"}
    all_tags = {**_NOTES, **tags}
    comments = [
        f"{names.get(name, name.upper())}={text}".encode() for name, text in all_tags.items()
    ]
    vorbis = struct.pack("<I", 5) + b"djlib" + struct.pack("<I", len(comments))
    vorbis += b"".join(struct.pack("<I", len(comment)) + comment for comment in comments)
    blocks = [(0, info), (4, vorbis)]
    if cover:
        picture = struct.pack(">II", 3, 10) + b"image/jpeg" + bytes(20)
        blocks.append((6, picture + struct.pack(">I", len(cover)) + cover))
    head = b"fLaC"
    for number, (kind, content) in enumerate(blocks, start=1):
        last = 0x80 if number == len(blocks) else 0
        head += struct.pack(">I", (kind | last) << 24 | len(content)) + content
    return head + bytes(4000)


if __name__ == "__main__":
    main()
