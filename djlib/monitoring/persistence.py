"""One bad day is no trend: what moved on two of the last three days it was looked at has moved."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .finding import Finding

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
            **self.finding.as_dict(),
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
