"""The card of a version: what a person wants to know of a model, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
