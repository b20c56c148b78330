"""`simulate`: policies simulated on a labelled pool, as a table, JSON or a page."""

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
from ...bandit.simulation.episode import PolicyFactory, SimulationOptions, check_pool
from ...bandit.simulation.policies import POLICIES
from ...bandit.simulation.policies import line as plain_line
from ...bandit.simulation.simulate import (
    DEFAULT,
    SimulationRun,
    Simulator,
    check_names,
    run_all,
    summaries,
)
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
    factories: Mapping[str, PolicyFactory] = POLICIES,
    talk: ProgressReporter,
) -> SimulateReport:
    """Simulate policies on a labelled pool. With `resume` each run is kept there as it ends, and
    runs kept before, of the same pool and rules, are not simulated again."""
    began = time.monotonic()
    names = tuple(dict.fromkeys(names or DEFAULT))
    check_names(names, factories)
    problems: list[Problem] = []
    with talk.step(f"Reading {pool.name}"):
        table = read_table(pool, schema="listings", problems=problems)
    keeper = check_pool(table, pool.name, rules)
    simulator = Simulator(table, keeper, rules, factories)
    if genre is not None:
        parted(simulator, genre)  # refused before the runs, not after them
    if artists:
        of_artists(simulator)
    kept = _Kept(resume, _mark(table, rules))
    _read_first(simulator, names, talk)
    with (
        _once_each(talk),
        talk.step(f"Playing {len(names)} policies", len(names) * seeds) as progress,
    ):
        runs = run_all(simulator, names, seeds, kept.runs, progress=progress, keep=kept.write)
    learners = [name for name in names if name not in NO_TASTE and not _is_twin(name, names)]
    with _once_each(talk):
        moved = _moved(simulator, learners, genre, seeds, talk)
        shots = _shots(simulator, learners if artists else (), seeds, talk)
    return SimulateReport(
        source=str(pool),
        made_at=utc_now(),
        seconds=round(time.monotonic() - began, 1),
        rows=len(keeper),
        keepers=int(keeper.sum()),
        rules=rules,
        seeds=seeds,
        standings=summaries(runs),
        honesty=_reliability(runs),
        transfers=moved,
        few_shots=shots,
        problems=problems,
    )


def _read_first(simulator: Simulator, names: Sequence[str], talk: ProgressReporter) -> None:
    """Embed the pool before the runs: what takes long is then seen to go on."""
    texts: list[str] = []
    if any(name.startswith("strong") for name in names):
        texts += listing_sentences(simulator.listings)
    if {"greedy_sbert", "linucb", "lints"} & set(names):
        texts += plain_line(simulator.listings)
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
    log, counting = logging.getLogger("djlib.bandit"), _Counting()
    log.addHandler(counting)
    log.propagate, before = False, log.propagate
    try:
        yield
    finally:
        log.removeHandler(counting)
        log.propagate = before
    for line, times in counting.counts.items():
        talk.say(f"{line} ({times} times)" if times > 1 else line)


class _Counting(logging.Handler):
    """Counts warnings that differ in their numbers only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.counts[re.sub(r" \([\d.]+\)$", "", record.getMessage())] += 1


def _moved(
    simulator: Simulator,
    names: Sequence[str],
    genre: str | None,
    seeds: int,
    talk: ProgressReporter,
) -> list[Transfer]:
    if genre is None:
        return []
    with talk.step(f"From {genre} to the others", len(names)) as progress:
        found = []
        for name in names:
            found.append(transfer(simulator, name, genre, seeds))
            progress(1)
    return found


def _shots(
    simulator: Simulator, names: Sequence[str], seeds: int, talk: ProgressReporter
) -> list[FewShot]:
    if not names:
        return []
    with talk.step("Meeting new artists", len(names)) as progress:
        found = []
        for name in names:
            found += few_shot(simulator, name, seeds)
            progress(1)
    return found


class _Kept:
    """Games in a file, one line each, the file written whole each time."""

    def __init__(self, file: Path | None, mark: str) -> None:
        self.file, self.mark = file, mark
        self.others: list[str] = []
        self.runs: list[SimulationRun] = []
        if file is not None and file.exists():
            self._read(file)

    def write(self, runs: Sequence[SimulationRun]) -> None:
        """Keep all runs so far; lines of other pools and rules stay."""
        if self.file is None:
            return
        lines = [json_text({"mark": self.mark, "game": run.as_dict()}) for run in runs]
        with replace_file(self.file, "w", newline="\n") as handle:
            handle.write("\n".join([*self.others, *lines]) + "\n")

    def _read(self, file: Path) -> None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
            read = [json.loads(line) for line in lines]
            marks = [one["mark"] for one in read]
            self.runs = [
                SimulationRun.from_dict(one["game"]) for one in read if one["mark"] == self.mark
            ]
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(
                f"{file}: not a file of 'djlib simulate --resume'; name another, or delete it"
            ) from error
        self.others = [line for line, mark in zip(lines, marks, strict=True) if mark != self.mark]


def _mark(table: pd.DataFrame, rules: SimulationOptions) -> str:
    """What must be the same for a kept run to count: the pool, the rules, this version."""
    digest = hashlib.sha256(json_text([__version__, asdict(rules)]).encode())
    digest.update(pd.util.hash_pandas_object(table.astype(str), index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def _reliability(runs: Sequence[SimulationRun]) -> dict[str, list[tuple[float, float, int]]]:
    """Reliability over all seeds: bins of all runs, joined by predicted probability."""
    found: dict[str, list[tuple[float, float, int]]] = {}
    for name in dict.fromkeys(run.policy for run in runs):
        bins = sorted(b for run in runs if run.policy == name for b in run.reliability_bins)
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
