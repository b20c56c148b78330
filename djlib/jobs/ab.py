"""A/B: two versions answered for incoming tracks, each for its own; which do people let stand?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..evaluation.proportions import Share, SharesCompared, compare_shares, share_of
from ..settings import Workspace
from .acceptance import Look
from .audit import versions_said
from .runs import past_runs


@dataclass(frozen=True)
class AbTest:
    """Two versions, the tracks each answered for, and how many of the predictions looked at
    stand. `compared` is second beside first, None until people looked at some of both."""

    versions: tuple[str, str]
    answered: tuple[int, int]
    accepted: tuple[Share, Share]
    compared: SharesCompared | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "versions": self.versions,
            "answered": self.answered,
            "accepted": [share.as_dict() for share in self.accepted],
            "compared": self.compared.as_dict() if self.compared else None,
        }


def ab_tests(workspace: Workspace, looked: Iterable[Look]) -> list[AbTest]:
    """Every pair of versions that was tried side by side, the latest last."""
    answers = {(look.model_version, look.track_id): look for look in looked}
    found = []
    for pair, tracks in _tried(workspace).items():
        seen = [
            [answers[version, track] for track in tracks[version] if (version, track) in answers]
            for version in pair
        ]
        shares = [share_of(sum(look.accepted for look in side), len(side)) for side in seen]
        compared = compare_shares(shares[0], shares[1]) if all(seen) else None
        n_answered = (len(tracks[pair[0]]), len(tracks[pair[1]]))
        found.append(AbTest(pair, n_answered, (shares[0], shares[1]), compared))
    return found


def _tried(workspace: Workspace) -> dict[tuple[str, str], dict[str, set[str]]]:
    """For each pair the tracks either version answered for, while both were tried."""
    found: dict[tuple[str, str], dict[str, set[str]]] = {}
    for run in past_runs(workspace):
        if not run.get("ab"):
            continue
        pair = (str(run["ab"][0]), str(run["ab"][1]))
        tracks = found.pop(pair, {version: set() for version in pair})
        for version, track_id in versions_said(workspace, run):
            tracks.setdefault(version, set()).add(track_id)
        found[pair] = tracks
    return found
