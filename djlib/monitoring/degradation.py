"""Whether the model that is served does worse with people than the one before, or is too sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from ..evaluation.proportions import compare_shares, share_of
from .finding import Finding

FEWEST = 30
"""Answers on either side without which nothing is said."""
_DROP = 0.05
"""Share of what people accepted before; losing less is no reason for anything."""
_TOO_SURE = 0.1


@dataclass(frozen=True)
class Answer:
    """What became of one proposal: of which version, how sure it was (None where that is not
    known), whether the person let it stand or kept it."""

    version: str
    confidence: float | None
    accepted: bool


def acceptance_change(
    what: str, answers: Sequence[Answer], served: str, before: str | None
) -> Finding:
    """Compare how many proposals of two versions stood; the effect is relative to the one before.

    >>> bad = [Answer("2", None, i < 40) for i in range(100)]
    >>> good = [Answer("1", None, i < 80) for i in range(100)]
    >>> found = acceptance_change("proposals let stand", good + bad, "2", "1")
    >>> found.verdict, found.worse, found.effect
    ('moved', True, 0.5)
    """
    was, now = (
        share_of(sum(a.accepted for a in of), len(of))
        for of in ([a for a in answers if a.version == v] for v in (before, served))
    )
    if min(was.n, now.n) < FEWEST:
        return Finding("acceptance", what, was.n, now.n)
    compared = compare_shares(was, now)
    return Finding(
        "acceptance",
        what,
        was.n,
        now.n,
        effect=round(abs(compared.difference) / max(was.hits / was.n, 1 / was.n), 4),
        measure="relative change",
        matters=_DROP,
        p_value=compared.p_value,
        words=f"{100 * was.hits / was.n:.0f} % with the version before, "
        f"{100 * now.hits / now.n:.0f} % with this one",
        worse=compared.difference < 0,
    )


def overconfidence(
    what: str, answers: Sequence[Answer], served: str, before: str | None = None
) -> Finding:
    """Compare how sure a version was with how often it was let stand. It is `worse` where it is too
    sure and the one before is known to have been less so.

    The test is Spiegelhalter's, of the sum: were each answer right as often as it said, how far
    from that would chance lead (1986).

    >>> found = overconfidence("honesty", [Answer("2", 0.9, i < 60) for i in range(100)], "2")
    >>> found.verdict, found.worse, found.effect
    ('moved', False, 0.3)
    """
    said, stood = _told(answers, served)
    was_said, was_stood = _told(answers, before)
    if len(said) < FEWEST:
        return Finding("calibration", what, len(was_said), len(said))
    gap = float(said.mean() - stood.mean())
    spread = float(np.sqrt((said * (1 - said)).sum())) / len(said)
    gap_before = float(was_said.mean() - was_stood.mean()) if len(was_said) >= FEWEST else None
    return Finding(
        "calibration",
        what,
        len(was_said),
        len(said),
        effect=round(abs(gap), 4),
        measure="gap",
        matters=_TOO_SURE,
        p_value=float(2 * norm.sf(abs(gap) / spread)),
        words=f"said {100 * said.mean():.0f} %, {100 * stood.mean():.0f} % stood",
        worse=gap_before is not None and gap > 0 and gap - abs(gap_before) >= _TOO_SURE / 2,
    )


def _told(answers: Sequence[Answer], version: str | None) -> tuple[np.ndarray, np.ndarray]:
    """How sure a version was of what was answered, and whether that stood, both (n,)."""
    of = [a for a in answers if a.version == version and a.confidence is not None]
    said = np.clip([a.confidence or 0.0 for a in of], 1e-6, 1 - 1e-6)
    return said, np.array([a.accepted for a in of], dtype=float)
