"""What is served: when a new version takes the place of the one in force, and when it goes back.

Every command and job that changes the version served asks `POLICY`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..monitoring.finding import Finding, Seen

PromotionRequest = Literal["auto", "always", "never"]
"""What a person asks for. auto: unless the new version is measurably worse."""

_ANSWERS_FOR = ("acceptance", "calibration")
"""What the served version answers for; what comes in is nobody's fault."""


@dataclass(frozen=True)
class Decision:
    """Whether the challenger is served, whether somebody is told, and why."""

    promote: bool
    alert: bool
    reason: str


@dataclass(frozen=True)
class PromotionPolicy:
    """Promote unless measurably worse; roll back what got worse for days.

    `alert_drop` is the share, from 0 to 1, of what the served version reaches: a challenger that is
    worse by more than this is told to somebody besides.
    """

    alert_drop: float = 0.05

    def decide(
        self,
        comparisons: Mapping[str, Mapping[str, Any]],
        requested: PromotionRequest = "auto",
    ) -> Decision:
        """Decide by paired comparisons with the served version, as plain values: what it is
        compared on -> `before` and `after` (shares), `difference`, `verdict`.

        Where there is nothing to compare with, as for learners that learn each answer at once, the
        challenger is served.

        >>> worse = {"verdict": "worse", "before": 0.8, "after": 0.7, "difference": -0.1}
        >>> POLICY.decide({"songs kept aside": worse}).reason
        'worse on songs kept aside: 80.0 % before, 70.0 % now, a drop of 12.5 %'
        >>> POLICY.decide({}).promote, POLICY.decide({}, "never").promote
        (True, False)
        """
        if requested != "auto":
            return Decision(requested == "always", False, f"{requested} asked for")
        worse = {what: one for what, one in comparisons.items() if one["verdict"] == "worse"}
        if not worse:
            return Decision(True, False, _not_worse(comparisons))
        what, worst = max(worse.items(), key=lambda item: _relative_drop(item[1]))
        drop = _relative_drop(worst)
        return Decision(
            False,
            drop > self.alert_drop,
            f"worse on {what}: {100 * worst['before']:.1f} % before, "
            f"{100 * worst['after']:.1f} % now, a drop of {100 * drop:.1f} %",
        )

    def should_roll_back(self, seen: Iterable[Seen]) -> Finding | None:
        """The finding for which the served version is taken back: confirmed on two of three days,
        for the worse, and of its own making. None where it stays."""
        return next(
            (
                one.finding
                for one in seen
                if one.is_confirmed and one.finding.worse and one.finding.kind in _ANSWERS_FOR
            ),
            None,
        )


POLICY = PromotionPolicy()
"""The policy in force."""


def _relative_drop(comparison: Mapping[str, Any]) -> float:
    """How much of what was reached before is lost, from 0 to 1."""
    # Rounded: a drop from 0.8 by 0.04 is 5 %, not a hair more.
    return round(-float(comparison["difference"]) / max(float(comparison["before"]), 1e-9), 9)


def _not_worse(comparisons: Mapping[str, Mapping[str, Any]]) -> str:
    if not comparisons:
        return "nothing to compare with"
    verdicts = (f"{one['verdict']} on {what}" for what, one in comparisons.items())
    return ", ".join(verdicts).replace("cannot tell", "not measurably different")
