"""Writing a version into a folder nobody looks at yet: all of it is there before it gets a name."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import pickle
import platform
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from ..errors import DjlibError, ModelError, UsageError
from ..tables.atomic import write_json
from ..tables.events import utc_now
from ..tables.plain_json import json_text
from .ledger import Model, new_id
from .manifest import describe, write_manifest

_TABLES = {"metrics": "Figures", "parameters": "Parameters", "libraries": "Made with"}
_LEVELS = 2
"""Tables go this deep; what lies deeper is in metadata.json."""


def card(metadata: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """Tell of a version: facts, figures, parameters, files and how to go back.

    `files` are names and what they are.

    >>> made = card({"id": "2026", "learner": "bucket", "metrics": {"accuracy": 0.71}}, {})
    >>> "| accuracy | 0.710 |" in made
    True
    """
    learner, version_id = metadata["learner"], metadata["id"]
    lines = [f"# {learner} model {version_id}", "", *_facts(metadata)]
    for key, heading in _TABLES.items():
        rows = list(_flat(metadata.get(key) or {}))
        if rows:
            lines += ["", f"## {heading}", "", *_table(rows)]
    lines += ["", "## Files", ""] + [f"- `{name}`: {about}" for name, about in files.items()]
    lines += ["", "## Going back", "", *_going_back(version_id, metadata.get("parent"))]
    return "\n".join(lines) + "\n"


def _facts(metadata: Mapping[str, Any]) -> Iterator[str]:
    for key, value in metadata.items():
        if key in _TABLES or key in ("id", "learner", "format") or value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            value = [f"{name} ({_shown(count)})" for name, count in value.items()]
        yield f"- {_words(key)}: {_shown(value)}"


def _flat(values: Mapping[str, Any], above: str = "", level: int = 1) -> Iterator[tuple[str, str]]:
    """Plain values of nested mappings, named by the way to them."""
    for key, value in values.items():
        name = f"{above}{_words(str(key))}"
        if isinstance(value, Mapping):
            if level < _LEVELS:
                yield from _flat(value, f"{name}: ", level + 1)
        elif not isinstance(value, list | tuple):
            yield name, _shown(value)


def _table(rows: list[tuple[str, str]]) -> list[str]:
    return [
        "| what | value |",
        "|---|---|",
        *(f"| {_cell(name)} | {_cell(value)} |" for name, value in rows),
    ]


def _going_back(version_id: str, parent: str | None) -> list[str]:
    lines = [
        "- `djlib models rollback` returns to the version that was current before.",
        f"- `djlib models promote {version_id}` makes this one current again.",
    ]
    if parent:
        lines.append(f"- `djlib models promote {parent}` makes its parent current.")
    return lines


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list | tuple | set):
        return ", ".join(map(_shown, value))
    return " ".join(str(value).split())


def _words(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


MODEL, ATTACHMENTS, METADATA, CARD = "model", "attachments", "metadata.json", "card.md"
_PREFIX = ".draft-"
_STRAY_AFTER_S = 3600.0
_LIBRARIES = ("djlib", "numpy", "pandas", "scikit-learn", "skops")
_OURS = ("format", "id", "created_at", "learner", "parent", "libraries")
FORMAT = 2
"""Of a version. Raise it when a class that a model holds moves, is renamed or keeps its state in
other attributes: pickles of versions of an older format are written anew before they are served."""

logger = logging.getLogger(__name__)


@contextmanager
def draft_folder(versions: Path) -> Iterator[Path]:
    """Give an empty folder beside the versions; what is left of it afterwards is removed."""
    folder = versions / f"{_PREFIX}{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise DjlibError(
            f"{versions} cannot take a new version: {error.strerror or error}"
        ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove(versions: Path, ids: list[str]) -> None:
    """Remove version folders; each loses its name first, so that a kill leaves no half version."""
    for version_id in ids:
        if (versions / version_id).is_dir():
            nameless = versions / f"{_PREFIX}{secrets.token_hex(8)}"
            os.replace(versions / version_id, nameless)
            shutil.rmtree(nameless, ignore_errors=True)


def sweep_drafts(versions: Path) -> None:
    """Remove drafts that killed runs left; younger ones may still be written to."""
    for stray in versions.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):  # its run may be removing it itself
            if time.time() - stray.stat().st_mtime > _STRAY_AFTER_S:
                logger.info("removing %s, left by a run that was cut off", stray)
                shutil.rmtree(stray, ignore_errors=True)


def write_model(folder: Path, model: Model, learner: str) -> None:
    """Write the parts of the model and its pickle. Raises `ModelError` where it cannot be stored.

    The pickle is for other programs; djlib writes it and never opens it.
    """
    model.save(folder / MODEL)
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    if links:
        raise ModelError(f"the {learner} model saved a link ({links[0].name}); save files only")
    write_pickle(folder, model, learner)


def write_pickle(folder: Path, model: Model, learner: str) -> None:
    """Write the pickle of the model. Raises `ModelError` where it has none."""
    try:
        with (folder / pickle_name(learner)).open("wb") as handle:
            pickle.dump(model, handle, protocol=5)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ModelError(f"the {learner} model cannot be pickled: {error}") from error


def write_attachments(folder: Path, attachments: Mapping[str, bytes]) -> None:
    """Write what the caller keeps beside the model; names are plain file names."""
    for name, content in attachments.items():
        if PurePath(name).name != name or name in ("", ".", "..") or "\\" in name:
            raise UsageError(f"an attachment needs a plain file name, not {name!r}")
        (folder / ATTACHMENTS).mkdir(exist_ok=True)
        (folder / ATTACHMENTS / name).write_bytes(content)


def finish(
    folder: Path, learner: str, metadata: Mapping[str, Any], parent: str | None
) -> tuple[dict[str, Any], str]:
    """Write metadata, card and manifest: with them a version is complete.

    Gives the metadata, in which the version has its id, and the SHA-256 of the manifest.
    """
    taken = sorted(set(metadata) & set(_OURS))
    if taken:
        raise UsageError(f"metadata {taken[0]!r} is written by the registry; leave it out")
    written = {
        "format": FORMAT,
        "id": new_id(folder.parent, json_text(describe(folder))),
        "created_at": utc_now(),
        "learner": learner,
        "parent": parent,
        "libraries": library_versions(),
        **json.loads(json_text(metadata)),
    }
    write_json(folder / METADATA, written)
    (folder / CARD).write_text(card(written, _files(folder, learner)), encoding="utf-8")
    return written, write_manifest(folder)


def pickle_name(learner: str) -> str:
    """The pickle of a learner's model, in a version and beside the versions."""
    return f"{learner}_model.pkl"


def library_versions() -> dict[str, str]:
    """Versions of Python and the libraries a stored model depends on."""
    return {"python": platform.python_version()} | {n: library_version(n) for n in _LIBRARIES}


@lru_cache
def library_version(name: str) -> str:
    """The version of a library that is installed here."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:  # djlib itself, run from a checkout
        return "not installed"


def _files(folder: Path, learner: str) -> dict[str, str]:
    files = {
        f"{MODEL}/": "the parts djlib reads",
        pickle_name(learner): "the model for other programs; opening a pickle runs what is in it",
        METADATA: "all of this and more, for programs",
        "manifest.json": "size and SHA-256 of every file",
    }
    if (folder / ATTACHMENTS).is_dir():
        names = ", ".join(sorted(p.name for p in (folder / ATTACHMENTS).iterdir()))
        files[f"{ATTACHMENTS}/"] = names
    return files
