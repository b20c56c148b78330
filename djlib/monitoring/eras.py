"""Which versions to hold against which, where each is served for a night or two.

A version that learns what is new each night is gone before enough people have answered it. So
answers are put together: those to the newest versions, the served one among them, against those to
the versions before. Of the ways to part them the one is taken where most was lost, and the p-value
is raised for how many were looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..evaluation.proportions import compare_shares, share_of
from .degradation import FEWEST, Answer, acceptance_change, overconfidence
from .finding import Finding

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
