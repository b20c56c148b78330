"""Whether the served version does worse with people than the one before, or is too sure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

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


_MOST_WAYS = 5


@dataclass(frozen=True)
class Eras:
    """The versions since, the served one first, and those before, the newest first; `ways` is of
    how many ways to part them this was chosen."""

    since: tuple[str, ...]
    before: tuple[str, ...] = ()
    ways: int = 1

    @property
    def versions(self) -> list[str]:
        """All of them."""
        return [*self.since, *self.before]


def parted(served: Sequence[str], answered: Iterable[tuple[str, bool]]) -> Eras | None:
    """Part the versions that were `served`, oldest first, by how their answers, (version, whether
    accepted), went; None where none is served.

    >>> nights = [(name, i < hits) for name, hits in zip("abcd", (14, 13, 5, 4)) for i in range(15)]
    >>> parted("abcd", nights)
    Eras(since=('d', 'c'), before=('b', 'a'), ways=1)
    """
    trail = list(dict.fromkeys(reversed(served)))
    if not trail:
        return None
    counts = Counter(answered)
    ways = []
    for n in range(1, len(trail)):
        since, before = tuple(trail[:n]), _enough(trail[n:], counts, _answers(trail[:n], counts))
        if min(_answers(since, counts), _answers(before, counts)) >= FEWEST:
            ways.append(Eras(since, before))
    ways = ways[:_MOST_WAYS]
    if not ways:
        return Eras((trail[0],), tuple(trail[1:2]))
    return replace(min(ways, key=lambda eras: _chance(eras, counts)), ways=len(ways))


def judged(
    eras: Eras,
    answers: Sequence[Answer],
    *,
    taken: str,
    honesty: str,
    told: Sequence[Answer] | None = None,
) -> list[Finding]:
    """Compare how answers of the two eras went and how honest the versions' confidence was, in
    `told` where that says more of it; `taken` and `honesty` name the findings."""
    served, before = eras.since[0], eras.before[0] if eras.before else None
    found = [
        acceptance_change(taken, _pooled(eras, answers), served, before),
        overconfidence(honesty, _pooled(eras, answers if told is None else told), served, before),
    ]
    return [
        replace(
            one,
            p_value=None if one.p_value is None else min(1.0, one.p_value * eras.ways),
            judged=eras.since,
            back_to=before or "",
        )
        for one in found
    ]


def _pooled(eras: Eras, answers: Sequence[Answer]) -> list[Answer]:
    """The answers to either era, as if its newest version had got all of them."""
    names = {version: of[0] for of in (eras.before, eras.since) for version in of}
    return [replace(a, version=names[a.version]) for a in answers if a.version in names]


def _answers(versions: Iterable[str], counts: Mapping[tuple[str, bool], int]) -> int:
    return sum(counts[version, said] for version in versions for said in (True, False))


def _enough(
    earlier: Sequence[str], counts: Mapping[tuple[str, bool], int], n: int
) -> tuple[str, ...]:
    """The newest of the earlier versions, until they have as many answers as those since."""
    kept: list[str] = []
    for version in earlier:
        if kept and _answers(kept, counts) >= max(n, FEWEST):
            break
        kept.append(version)
    return tuple(kept)


def _chance(eras: Eras, counts: Mapping[tuple[str, bool], int]) -> float:
    """How likely chance alone loses as much; 1 where nothing is lost."""
    was, now = (
        share_of(sum(counts[version, True] for version in of), _answers(of, counts))
        for of in (eras.before, eras.since)
    )
    compared = compare_shares(was, now)
    return compared.p_value if compared.difference < 0 else 1.0
