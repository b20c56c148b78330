"""What a check found: how far something moved, whether that is more than chance, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..evaluation.trend_tests import without_false_discoveries

Kind = Literal["input", "score", "embedding", "acceptance", "calibration"]
Verdict = Literal["moved", "hardly", "still", "too few"]

LEVEL = 0.05


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `effect` is how far it moved, in the measure named, and matters from
    `matters` on; `p_value` is None where there is too little to tell. `worse` says that it moved
    to the bad side, where there is one; `judged` which versions it is about, where that is more
    than the served one, and `back_to` the version before them."""

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

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**asdict(self), "verdict": self.verdict}


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
