"""Files an engine builds once on a machine: whole, or built again."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from ..errors import DjlibError
from ..tables.atomic import replace_file

logger = logging.getLogger(__name__)

_SUM = 32


def load_or_build(path: Path, build: Callable[[], bytes]) -> bytes:
    """Give what `build` makes, from `path` where it was kept there and is undamaged.

    The file begins with a checksum of the rest. Where it cannot be written, the next run builds
    anew.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "built"
    >>> load_or_build(path, lambda: b"slow work"), load_or_build(path, lambda: b"not called")
    (b'slow work', b'slow work')
    """
    kept = _kept(path)
    if kept is not None:
        return kept
    content = build()
    try:
        with replace_file(path) as handle:
            handle.write(_checksum(content) + content)
    except DjlibError as error:
        logger.warning("%s; it will be built again by the next run", error)
    return content


def _kept(path: Path) -> bytes | None:
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    checksum, content = whole[:_SUM], whole[_SUM:]
    if checksum == _checksum(content):
        return content
    logger.warning("%s is damaged: building it again", path)
    return None


def _checksum(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_SUM).digest()
