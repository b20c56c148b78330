"""`simulate`: policies played on a labelled pool, as a table, JSON or a page."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from ... import __version__
from ...bandit.gaussian_process.kernel import listing_sentences
from ...bandit.simulation.episode import Maker, SimulationOptions, check_pool
from ...bandit.simulation.policies import PLAYERS
from ...bandit.simulation.policies import line as plain_line
from ...bandit.simulation.simulate import DEFAULT, Arena, Played, check_names, play_all, standings
from ...bandit.simulation.transfer import FewShot, Transfer, few_shot, of_artists, parted, transfer
from ...errors import InputError, UsageError
from ...features.embedding.encoder import SentenceEmbedder
from ...features.embedding.engines import embeddings_available
from ...tables.atomic import replace_file
from ...tables.events import utc_now
from ...tables.io import read_table
from ...tables.plain_json import json_text
from ...tables.problems import Problem
from ..core.progress import ProgressReporter, reading
from .simulate_report import NO_TASTE, SimulateReport


def simulate_policies(
    pool: Path,
    names: Sequence[str] = (),
    *,
    rules: SimulationOptions,
    seeds: int,
    genre: str | None = None,
    artists: bool = False,
    resume: Path | None = None,
    makers: Mapping[str, Maker] = PLAYERS,
    talk: ProgressReporter,
) -> SimulateReport:
    """Play policies on a labelled pool. With `resume` each game is kept there as it ends, and
    games kept before, of the same pool and rules, are not played again."""
    began = time.monotonic()
    names = tuple(dict.fromkeys(names or DEFAULT))
    check_names(names, makers)
    problems: list[Problem] = []
    with talk.step(f"Reading {pool.name}"):
        table = read_table(pool, schema="listings", problems=problems)
    keeper = check_pool(table, pool.name, rules)
    arena = Arena(table, keeper, rules, makers)
    if genre is not None:
        parted(arena, genre)  # refused before the games, not after them
    if artists:
        of_artists(arena)
    kept = _Kept(resume, _mark(table, rules))
    _read_first(arena, names, talk)
    with (
        _once_each(talk),
        talk.step(f"Playing {len(names)} policies", len(names) * seeds) as progress,
    ):
        games = play_all(arena, names, seeds, kept.games, progress=progress, keep=kept.write)
    learners = [name for name in names if name not in NO_TASTE and not _is_twin(name, names)]
    with _once_each(talk):
        moved = _moved(arena, learners, genre, seeds, talk)
        shots = _shots(arena, learners if artists else (), seeds, talk)
    return SimulateReport(
        source=str(pool),
        made_at=utc_now(),
        seconds=round(time.monotonic() - began, 1),
        rows=len(keeper),
        keepers=int(keeper.sum()),
        rules=rules,
        seeds=seeds,
        standings=standings(games),
        honesty=_honesty(games),
        transfers=moved,
        few_shots=shots,
        problems=problems,
    )


def _read_first(arena: Arena, names: Sequence[str], talk: ProgressReporter) -> None:
    """Embed the pool before the games: what takes long is then seen to go on."""
    texts: list[str] = []
    if any(name.startswith("strong") for name in names):
        texts += listing_sentences(arena.listings)
    if {"greedy_sbert", "linucb", "lints"} & set(names):
        texts += plain_line(arena.listings)
    if texts and embeddings_available() is None:
        with reading(talk, "Reading the listings"):
            SentenceEmbedder().embed(texts)


def _is_twin(name: str, names: Sequence[str]) -> bool:
    """Whether a policy learns exactly what another one does."""
    return name.endswith("_greedy") and name.removesuffix("_greedy") in names


def write_page(report: SimulateReport, path: Path) -> Path:
    """Write a report as an HTML page."""
    from .simulate_report import simulate_page

    with replace_file(path, "w", newline="\n") as handle:
        handle.write(simulate_page(report))
    return path


@contextmanager
def _once_each(talk: ProgressReporter) -> Iterator[None]:
    """Say what the bandit warns of once, with how often, instead of in every batch."""
    log, met = logging.getLogger("djlib.bandit"), _Counting()
    log.addHandler(met)
    log.propagate, before = False, log.propagate
    try:
        yield
    finally:
        log.removeHandler(met)
        log.propagate = before
    for line, times in met.said.items():
        talk.say(f"{line} ({times} times)" if times > 1 else line)


class _Counting(logging.Handler):
    """Counts warnings that differ in their numbers only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.said[re.sub(r" \([\d.]+\)$", "", record.getMessage())] += 1


def _moved(
    arena: Arena, names: Sequence[str], genre: str | None, seeds: int, talk: ProgressReporter
) -> list[Transfer]:
    if genre is None:
        return []
    with talk.step(f"From {genre} to the others", len(names)) as progress:
        found = []
        for name in names:
            found.append(transfer(arena, name, genre, seeds))
            progress(1)
    return found


def _shots(arena: Arena, names: Sequence[str], seeds: int, talk: ProgressReporter) -> list[FewShot]:
    if not names:
        return []
    with talk.step("Meeting new artists", len(names)) as progress:
        found = []
        for name in names:
            found += few_shot(arena, name, seeds)
            progress(1)
    return found


class _Kept:
    """Games in a file, one line each, the file written whole each time."""

    def __init__(self, file: Path | None, mark: str) -> None:
        self.file, self.mark = file, mark
        self.others: list[str] = []
        self.games: list[Played] = []
        if file is not None and file.exists():
            self._read(file)

    def write(self, games: Sequence[Played]) -> None:
        """Keep all games so far; lines of other pools and rules stay."""
        if self.file is None:
            return
        lines = [json_text({"mark": self.mark, "game": game.as_dict()}) for game in games]
        with replace_file(self.file, "w", newline="\n") as handle:
            handle.write("\n".join([*self.others, *lines]) + "\n")

    def _read(self, file: Path) -> None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
            read = [json.loads(line) for line in lines]
            marks = [one["mark"] for one in read]
            self.games = [Played.from_dict(one["game"]) for one in read if one["mark"] == self.mark]
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"{file}: not a file of 'djlib simulate --resume'; name another, or delete it"
            ) from error
        self.others = [line for line, mark in zip(lines, marks, strict=True) if mark != self.mark]


def _mark(table: pd.DataFrame, rules: SimulationOptions) -> str:
    """What must be the same for a kept game to count: the pool, the rules, this version."""
    digest = hashlib.sha256(json_text([__version__, asdict(rules)]).encode())
    digest.update(pd.util.hash_pandas_object(table.astype(str), index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def _honesty(games: Sequence[Played]) -> dict[str, list[tuple[float, float, int]]]:
    """Reliability over all seeds: bins of all games, joined by what was said."""
    found: dict[str, list[tuple[float, float, int]]] = {}
    for name in dict.fromkeys(game.policy for game in games):
        bins = sorted(b for game in games if game.policy == name for b in game.honesty)
        if bins:
            parts = np.array_split(np.array(bins), min(10, len(bins)))
            found[name] = [
                (*np.average(p[:, :2], axis=0, weights=p[:, 2]).tolist(), int(p[:, 2].sum()))
                for p in parts
            ]
    return found


def candidates_of(word: str) -> int | None:
    """`--candidates` as a number, None for "all"; raises `UsageError` for anything else.

    >>> candidates_of("all"), candidates_of("500")
    (None, 500)
    """
    if word == "all":
        return None
    if word.isdecimal() and int(word) > 0:
        return int(word)
    raise UsageError(f"--candidates {word!r}: a number above 0, or 'all'")
