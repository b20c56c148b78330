"""No pattern of the package takes more than linear time, whatever text it meets.

Every pattern is found, those at the top of a module by its names, those inside functions by the
calls of `re` and of the `.str` methods of pandas; a new one cannot be forgotten.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1] / "djlib"
MODULES = sorted(
    ".".join(file.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
    for file in ROOT.rglob("*.py")
)
METHODS = ("search", "match", "fullmatch", "sub", "findall", "finditer", "split")
OF_PANDAS = (
    "contains",
    "extract",
    "extractall",
    "match",
    "fullmatch",
    "replace",
    "count",
    "findall",
)
BUILT_INSIDE = {
    "djlib.tables.csv.delimited": "built from the delimiter of a file: tried in FROM_PARTS",
    "djlib.bucketing.corrections": "built from a bucket's own name, escaped: tried in FROM_PARTS",
    "djlib.bandit.listing_numbers": "one of the table _CONDITIONS, walked as a name of the module",
    "djlib.opportunities.call_facts": "built from a table of words and a person's own, escaped",
    "djlib.features.text": "replaces words of a table",
}
"""Modules with a pattern whose words only its function knows, and where it is tried instead."""
FROM_PARTS = {
    "a cell between commas": r'"((?:[^"]|"(?!,|\Z))*)"(?=,|\Z)|[^,]*',
    "a cell between tabs": r'"((?:[^"]|"(?!\t|\Z))*)"(?=\t|\Z)|[^\t]*',
}
SEVERAL = 4
SMALL, CHEAP_S = 400, 0.002
"""Signs of the first string; a string four times as long that takes less is linear: squared it
would take two and a half million steps."""


@dataclass(frozen=True)
class Used:
    """A pattern, where it stands, and the methods it is used with."""

    where: str
    pattern: re.Pattern[Any]
    methods: tuple[str, ...]


def _patterns_in(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 3 and isinstance(value, dict):
        for part in (*value.keys(), *value.values()):
            yield from _patterns_in(part, depth + 1)
    elif depth < 3 and isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _patterns_in(part, depth + 1)


def _methods_of(name: str, sources: str) -> tuple[str, ...]:
    found = set(re.findall(rf"\b{re.escape(name)}\.({'|'.join(METHODS)})\b", sources))
    return tuple(sorted(found)) or ("search",)


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr in METHODS:
            yield node.func.attr, node
        elif isinstance(owner, ast.Attribute) and owner.attr == "str":
            is_plain = any(
                word.arg == "regex" and ast.unparse(word.value) == "False" for word in node.keywords
            )
            if node.func.attr in OF_PANDAS and not is_plain:
                yield "search", node


def _collect() -> tuple[list[Used], list[str]]:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.rglob("*.py"))
    found: dict[tuple[object, int], Used] = {}
    unknown: list[str] = []
    for name in MODULES:
        module = importlib.import_module(name)
        own = Path(str(module.__file__)).read_text(encoding="utf-8")
        for attribute, value in vars(module).items():
            for pattern in _patterns_in(value):
                key = (pattern.pattern, pattern.flags)
                found.setdefault(key, Used(f"{name}.{attribute}", pattern,
                                           _methods_of(attribute, own if attribute[0] == "_" else sources)))  # fmt: skip  # noqa: E501
        tree = ast.parse(own)
        for method, call in _calls(tree):
            words = ast.Expression(call.args[0])
            try:
                said = eval(compile(words, name, "eval"), dict(vars(module)))
            except NameError:
                if name not in BUILT_INSIDE:
                    unknown.append(f"{name}:{call.lineno}: {ast.unparse(call.args[0])}")
                continue
            flags = re.I if "re.I" in ast.unparse(call) else 0
            pattern = said if isinstance(said, re.Pattern) else re.compile(said, flags)
            found.setdefault((pattern.pattern, pattern.flags, method),
                             Used(f"{name}:{call.lineno}", pattern, (method,)))  # fmt: skip
    for name, said in FROM_PARTS.items():
        found[said, 0] = Used(name, re.compile(said), ("match",))
    return list(found.values()), unknown


USED, UNKNOWN = _collect()


def _atoms(pattern: re.Pattern[Any]) -> list[str]:
    """Pieces of text that lead a pattern on: its literals, and a sign of each of its classes."""
    from re import _parser  # type: ignore[attr-defined]

    samples = {"digit": "1", "space": " ", "word": "a", "not_digit": "x", "not_space": "x",
               "not_word": "-"}  # fmt: skip
    runs: list[str] = []
    run = ""

    def walk(node: Any) -> None:
        nonlocal run
        if isinstance(node, _parser.SubPattern | list):
            for part in node:
                walk(part)
            if run:
                runs.append(run)
                run = ""
        elif isinstance(node, tuple):
            kind = str(node[0]) if node else ""
            if kind == "LITERAL":
                run += chr(node[1])
                return
            if kind == "RANGE":
                runs.append(chr(node[1][0]))
                return
            if kind == "CATEGORY":
                word = str(node[1]).lower().removeprefix("category_")
                runs.append(samples.get(word, "a"))
                return
            if kind in ("NOT_LITERAL", "ANY", "NEGATE"):
                runs.append("x")
                return
            for part in node[1:] if kind else node:
                walk(part)

    source = pattern.pattern
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    walk(_parser.parse(text, pattern.flags & ~re.UNICODE if isinstance(source, bytes) else 0))
    distinct = list(dict.fromkeys(r for r in runs if r))
    step = max(1, len(distinct) // 10)
    return distinct[::step][:10]


GENERAL = (" ", "\t ", "\n", "0", "a", "A", "-", "(", ")(", "<", "<!--", "<!-- -->", "1 ", "a ", "a,",  # noqa: E501
           ". ", "'", '"', "/", "1-", "1.", "a-", " - ", "é", "&", "#", "=", "%")  # fmt: skip


def _hostile(pattern: re.Pattern[Any]) -> Iterator[Callable[[int], str]]:
    """Strings to a length: repeats of what the pattern looks for, with an end it does not."""
    atoms = _atoms(pattern)
    pairs = [a + b for a in atoms[:5] for b in atoms[:5] if a != b]
    for repeated in dict.fromkeys((*atoms, *pairs[:12], *GENERAL)):
        yield lambda n, r=repeated: r * (n // len(r)) + "\x00"
        yield lambda n, r=repeated: r * (n // len(r)) + "\n\n"
    for first in atoms[:4]:
        for repeated in (" ", "0", "a", "x", "-"):
            yield lambda n, f=first, r=repeated: f + r * n + "\x00"


def _seconds(used: Used, method: str, text: str, repeats: int = 1) -> float:
    given: Any = (
        text.encode("latin-1", "replace") if isinstance(used.pattern.pattern, bytes) else text
    )
    empty: Any = given[:0]
    run = getattr(used.pattern, method)
    best = float("inf")
    for _ in range(repeats):
        started = time.thread_time()
        if method == "sub":
            run(empty, given)
        elif method == "finditer":
            list(run(given))
        else:
            run(given)
        best = min(best, time.thread_time() - started)
    return best


def _too_slow(used: Used) -> str:
    for make in _hostile(used.pattern):
        for method in used.methods:
            n = 16
            while n < SMALL * SEVERAL:  # what doubles with every sign shows before it hangs
                n = min(n + 3 if n < 40 else n * SEVERAL, SMALL * SEVERAL)
                spent = _seconds(used, method, make(n))
                if spent > 0.2:
                    return f"{method} took {spent:.1f} s for {n} signs of {make(20)!r}"
            if spent < CHEAP_S:
                continue
            for _ in range(3):  # a machine that is busy slows down one of the two
                small, large = (
                    _seconds(used, method, make(n), 3) for n in (SMALL, SMALL * SEVERAL)
                )
                if large <= 2.5 * SEVERAL * small:
                    break
            else:
                return (
                    f"{method} took {large / small:.1f} times as long for {SEVERAL} times as many "
                    f"signs of {make(20)!r}"
                )
    return ""


def test_every_pattern_of_the_package_is_found() -> None:
    assert not UNKNOWN, "patterns that only a function knows: build them at the top of the module"
    assert len(USED) > 100
    assert {u.where.rpartition(".")[0] for u in USED} >= {
        "djlib.formats.calls.deadlines", "djlib.formats.dj.m3u", "djlib.features.same_song"
    }  # fmt: skip


def test_a_pattern_that_is_not_linear_is_noticed() -> None:
    for said in (r"(a+)+$", r"\s+x", r"^(?:\s*(?:<!--.*?-->\s*)*)*<html", r"\d+\d+x"):
        assert _too_slow(Used("here", re.compile(said, re.S), ("search",))), said
    assert not _too_slow(Used("here", re.compile(r"[a-z]{1,20}\d"), ("search",)))


@pytest.mark.parametrize("room", sorted({u.where.split(".")[1] for u in USED if "." in u.where}))
def test_patterns_are_linear(room: str) -> None:
    slow = {
        f"{used.where} {used.pattern.pattern[:60]!r}": said
        for used in USED
        if used.where.split(".")[1:2] == [room] and (said := _too_slow(used))
    }
    assert not slow, "\n".join(f"{where}: {said}" for where, said in slow.items())


def test_patterns_built_from_parts_are_linear() -> None:
    slow = {u.where: said for u in USED if u.where in FROM_PARTS and (said := _too_slow(u))}
    assert not slow
