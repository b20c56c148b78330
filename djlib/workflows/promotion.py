"""Whether a challenger takes the place of the model that is served."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LARGE_DROP = 0.05
"""A drop of more than this share of what the served model reaches is told to somebody."""


@dataclass(frozen=True)
class Decision:
    """Whether the challenger is served, whether somebody is told, and why."""

    promote: bool
    alert: bool
    reason: str


def judge(comparisons: Mapping[str, Mapping[str, Any]]) -> Decision:
    """Decide by comparisons as plain values: what on -> `before`, `after`, `difference`, `verdict`.

    A challenger that is measurably worse on any of them is not served. A drop of more than 5 %,
    relative to what the served one reaches, is told besides.

    >>> found = {"verdict": "worse", "before": 0.8, "after": 0.7, "difference": -0.1}
    >>> judge({"songs kept aside": found}).reason
    'worse on songs kept aside: 80.0 % before, 70.0 % now, a drop of 12.5 %'
    >>> judge({}).promote
    True
    """
    worse = {what: found for what, found in comparisons.items() if found["verdict"] == "worse"}
    if not worse:
        return Decision(True, False, _not_worse(comparisons))
    what, found = max(worse.items(), key=lambda item: relative_drop(item[1]))
    drop = relative_drop(found)
    return Decision(
        False,
        drop > LARGE_DROP,
        f"worse on {what}: {100 * found['before']:.1f} % before, {100 * found['after']:.1f} % now, "
        f"a drop of {100 * drop:.1f} %",
    )


def relative_drop(found: Mapping[str, Any]) -> float:
    """How much of what was reached before is lost.

    >>> round(relative_drop({"before": 0.8, "difference": -0.04}), 4)
    0.05
    """
    return round(-float(found["difference"]) / max(float(found["before"]), 1e-9), 9)


def _not_worse(comparisons: Mapping[str, Mapping[str, Any]]) -> str:
    if not comparisons:
        return "nothing to compare with"
    said = (f"{found['verdict']} on {what}" for what, found in comparisons.items())
    return ", ".join(said).replace("cannot tell", "not measurably different")
