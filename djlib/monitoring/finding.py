"""What a check found, and whether it stays so: one bad day is no trend."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ..evaluation.trend_tests import without_false_discoveries
from ..tables.plain_json import to_plain

Kind = Literal["input", "score", "embedding", "acceptance", "calibration"]
Verdict = Literal["moved", "hardly", "still", "too few"]

LEVEL = 0.05


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `effect` is how far it moved, in the measure named, and matters from
    `matters` on; `p_value` is None where there is too little to tell. `worse` says that it moved
    to the bad side, where there is one; `judged` which versions it is about, where that is more
    than the served one, and `back_to` the version before them."""

    plain_extra: ClassVar = ("verdict",)

    kind: Kind
    what: str
    n_before: int
    n_since: int
    effect: float | None = None
    measure: str = ""
    matters: float = 0.0
    p_value: float | None = None
    words: str = ""
    worse: bool = False
    judged: tuple[str, ...] = ()
    back_to: str = ""

    @property
    def verdict(self) -> Verdict:
        """Moved: more than chance, and it matters. Hardly: only more than chance."""
        if self.p_value is None or self.effect is None:
            return "too few"
        if self.p_value >= LEVEL:
            return "still"
        return "moved" if self.effect >= self.matters else "hardly"


def together(findings: Sequence[Finding]) -> list[Finding]:
    """The findings with p-values raised for how many were looked at (Benjamini-Hochberg).

    >>> one = Finding("input", "tempo", 50, 50, 0.3, "PSI", 0.1, 0.03)
    >>> [f.p_value for f in together([one, one, one])], together([one, one])[0].verdict
    ([0.03, 0.03, 0.03], 'moved')
    """
    told = [i for i, f in enumerate(findings) if f.p_value is not None]
    raised = without_false_discoveries([findings[i].p_value or 0.0 for i in told])
    by_place = dict(zip(told, raised, strict=True))
    return [replace(f, p_value=by_place[i]) if i in by_place else f for i, f in enumerate(findings)]


LOOKS, NEEDED = 3, 2


@dataclass(frozen=True)
class Seen:
    """A finding, and on how many of the last days it was so."""

    finding: Finding
    times: int
    of: int

    @property
    def is_confirmed(self) -> bool:
        """Whether it moved today and on enough days to act on."""
        return self.finding.verdict == "moved" and self.times >= NEEDED

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **to_plain(self.finding),
            "times": self.times,
            "of": self.of,
            "confirmed": self.is_confirmed,
        }


def remember(
    state: sqlite3.Connection, day: str, learner: str, version: str, findings: Sequence[Finding]
) -> None:
    """Keep the findings of a day; a second look on the same day replaces the first. For use inside
    a transaction."""
    state.executemany(
        "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (day, learner, version, f.kind, f.what, f.verdict, f.effect, f.p_value, f.words)
            for f in findings
        ],
    )


def seen(
    state: sqlite3.Connection, day: str, learner: str, version: str, findings: Sequence[Finding]
) -> list[Seen]:
    """Each finding of today with the days before on which it was so, of the versions it judges."""
    return [_seen(state, day, learner, version, finding) for finding in findings]


def _seen(
    state: sqlite3.Connection, day: str, learner: str, version: str, finding: Finding
) -> Seen:
    about = finding.judged or (version,)
    rows = state.execute(
        f"SELECT verdict FROM findings WHERE version IN ({', '.join('?' * len(about))}) "
        "AND learner = ? AND kind = ? AND what = ? "
        "AND slot < ? AND verdict != 'too few' ORDER BY slot DESC LIMIT ?",
        (*about, learner, finding.kind, finding.what, day, LOOKS - 1),
    ).fetchall()
    verdicts = [finding.verdict, *(row["verdict"] for row in rows)]
    return Seen(finding, sum(verdict == "moved" for verdict in verdicts), len(verdicts))


def earlier(
    state: sqlite3.Connection, learner: str, most: int = 60
) -> dict[tuple[str, str], list[tuple[str, float]]]:
    """How each thing looked at moved over the days: (kind, what) -> (day, effect), oldest first."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = {}
    rows = state.execute(
        "SELECT slot, kind, what, effect FROM findings WHERE learner = ? AND effect IS NOT NULL "
        "AND slot IN (SELECT DISTINCT slot FROM findings WHERE learner = ? "
        "ORDER BY slot DESC LIMIT ?) ORDER BY slot",
        (learner, learner, most),
    )
    for row in rows:
        found.setdefault((row["kind"], row["what"]), []).append((row["slot"], row["effect"]))
    return found
