"""What a training did: what it learned from, how good it is, what changed, what is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..bucketing.changes import Changes, Memory
from ..evaluation.abstention import Abstention
from ..evaluation.comparison import Comparison
from ..evaluation.proportions import Share
from ..tables.problems import Problem


@dataclass(frozen=True)
class TrainReport:
    """What was learned, how good it is, and whether it is served now.

    `update` is "fast" where the model went on from its parent; figures and threshold are then of
    the version `measured_by`, since which `changed_labels` changed. Else `full_because` may say
    why not. `left_out` says what the model had to do without, "" for nothing. `audit` is how it
    does on the test songs; `comparison` and `changes` are beside the version before, None where
    there was none or no test songs are left, as `not_compared` says; `recent` is the same on the
    songs added last.
    """

    version: str
    parent: str | None
    promoted: bool
    source: str
    tracks: int
    kept_aside: int
    corrections: int
    buckets: dict[str, int]
    is_multi: bool
    left_out: str
    update: Literal["fast", "full"]
    full_because: str
    measured_by: str | None
    changed_labels: int
    figures: dict[str, Any]
    abstention: Abstention
    too_small: dict[str, int]
    audit: Share | None
    comparison: Comparison | None
    not_compared: str
    changes: Changes | None
    memory: Memory | None
    problems: list[Problem]
    recent: Comparison | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json` and metrics.json."""
        parts = ("abstention", "audit", "comparison", "recent", "changes")
        plain = dict(self.__dict__)
        plain |= {name: part.as_dict() for name in parts if (part := plain[name]) is not None}
        plain["memory"] = self.memory.__dict__ if self.memory else None
        plain["problems"] = [p.as_dict() for p in self.problems]
        return plain
