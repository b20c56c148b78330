"""The search for a short rule: alternatives of conditions that say most in the fewest words.

What a rule is worth is counted in bits (Rissanen 1978, "Modeling by shortest data description";
Quinlan 1990, "Learning logical definitions from relations"): naming a crate's tracks one by one
costs so many, naming a rule and its exceptions costs fewer, if the rule is any good. Every
condition costs what it takes to pick it out among all that could have been said, so that an
artist who happens to stand in a crate twice is not worth naming.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .rule_fields import Field, Found, Goal, exception_bits

MOST_ALTERNATIVES = 3
MOST_CONDITIONS = 3

_BEAM = 4
_FEWEST_ADDED = 3
"""Tracks of the crate that an alternative adds: fewer are named sooner than described."""

Clause = tuple[Found, ...]


def search(fields: list[Field], member: np.ndarray, learned: np.ndarray) -> list[Clause]:
    """The alternatives of a rule for the tracks that are `member` (n,), judged by those that are
    `learned` (n,) only; none where no rule pays for itself."""
    goal = Goal(member & learned, learned)
    narrowed = [field.for_crate(goal) for field in fields]
    clauses: list[Clause] = []
    least = float(exception_bits(goal.member.sum(), learned.sum()))
    while len(clauses) < MOST_ALTERNATIVES:
        grown, bits = _settled(narrowed, goal, clauses)
        if bits >= least:
            break
        clauses, least = grown, bits
    return clauses


def _settled(fields: list[Field], goal: Goal, clauses: list[Clause]) -> tuple[list[Clause], float]:
    """One clause more, then each of the older ones searched again beside it, or dropped where it
    is no longer worth its words."""
    clause, bits = _best_clause(fields, goal, clauses)
    if clause is None:
        return clauses, np.inf
    grown = [*clauses, clause]
    for place in reversed(range(len(clauses))):
        before, after = grown[:place], grown[place + 1 :]
        again, fewer = _best_clause(fields, goal, before + after)
        if again is not None and fewer < bits:
            grown, bits = [*before, again, *after], fewer
        without = _bits(goal, before + after)
        if without < bits:
            grown, bits = before + after, without
    return grown, bits


def _bits(goal: Goal, clauses: list[Clause]) -> float:
    """What it takes to say a rule and its exceptions."""
    met = met_by(clauses, len(goal.learned))
    exceptions = goal.bits((goal.member & met).sum(), (goal.learned & met).sum())
    return float(exceptions) + _said(clauses)


def _said(clauses: list[Clause]) -> float:
    return sum(found.bits for clause in clauses for found in clause)


def _best_clause(
    fields: list[Field], goal: Goal, others: list[Clause]
) -> tuple[Clause | None, float]:
    """The conditions that, beside the `others`, make the rule shortest, and its bits."""
    outside = ~met_by(others, len(goal.learned))
    goal = replace(
        goal,
        found=float((goal.member & ~outside).sum()),
        covered=float((goal.learned & ~outside).sum()),
    )
    said = _said(others)
    beam: list[tuple[float, Clause, np.ndarray]] = [(np.inf, (), outside)]
    best: tuple[Clause | None, float] = (None, np.inf)
    for _ in range(MOST_CONDITIONS):
        beam = _longer(fields, goal, beam, said)
        for bits, clause, inside in beam:
            if bits < best[1] and (goal.member & inside).sum() >= _FEWEST_ADDED:
                best = (clause, bits)
    return best


def _longer(
    fields: list[Field],
    goal: Goal,
    beam: list[tuple[float, Clause, np.ndarray]],
    said: float,
) -> list[tuple[float, Clause, np.ndarray]]:
    """Every clause of the beam with one condition more, the best few of them."""
    grown: dict[bytes, tuple[float, Clause, np.ndarray]] = {}
    for _, clause, inside in beam:
        named = {found.condition.field for found in clause}
        for field in fields:
            if field.field in named:
                continue
            for found in field.best(inside, goal):
                longer = (*clause, found)
                left = inside & found.met
                counts = (goal.member & left).sum(), (goal.learned & left).sum()
                bits = float(goal.bits(*counts)) + said + sum(f.bits for f in longer)
                kept = grown.get(left.tobytes())
                if kept is None or bits < kept[0]:
                    grown[left.tobytes()] = (bits, longer, left)
    return sorted(grown.values(), key=lambda entry: entry[0])[:_BEAM]


def met_by(clauses: list[Clause], n: int) -> np.ndarray:
    """Which of the `n` tracks meet any of the clauses, (n,)."""
    met = np.zeros(n, dtype=bool)
    for clause in clauses:
        met |= np.logical_and.reduce([found.met for found in clause])
    return met
