"""Tiny audio files that every program takes for real, made without any tag library."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

_MPEG = bytes.fromhex("fffb9000") + bytes(413)
"""One frame of silence: MPEG 1, layer III, 128 kbit/s, 44.1 kHz."""


def id3_frame(name: str, data: bytes) -> bytes:
    """A frame of an ID3v2.3 tag."""
    return name.encode() + struct.pack(">IH", len(data), 0) + data


def mp3(path: Path, *frames: bytes, old_tag: bool = False, padding: int = 0) -> Path:
    """An MP3 with these frames in an ID3v2.3 tag, and an ID3v1 tag at the end where asked."""
    tag = b""
    if frames:
        body = b"".join(frames) + bytes(padding)
        size = bytes((len(body) >> shift) & 127 for shift in (21, 14, 7, 0))
        tag = b"ID3\x03\x00\x00" + size + body
    end = b"TAG" + b"Old title".ljust(125, b"\0") if old_tag else b""
    path.write_bytes(tag + _MPEG * 20 + end)
    return path


def wav(path: Path) -> Path:
    """A WAV without tags."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(800))
    return path


def flac(path: Path, *comments: str) -> Path:
    """A FLAC with these comments, and nothing to hear."""
    info = struct.pack(">HH", 4096, 4096) + bytes(6)
    info += ((44100 << 44) | (1 << 41) | (15 << 36) | 44100).to_bytes(8, "big") + bytes(16)
    texts = [comment.encode() for comment in comments]
    block = struct.pack("<I", 4) + b"test" + struct.pack("<I", len(texts))
    block += b"".join(struct.pack("<I", len(text)) + text for text in texts)
    blocks = ((0x00, info), (0x84, block))
    path.write_bytes(
        b"fLaC" + b"".join(bytes([kind]) + len(b).to_bytes(3, "big") + b for kind, b in blocks)
    )
    return path
