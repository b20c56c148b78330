"""`report` of the buckets: versions one after the other, and A/B tests of two of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any

from ...bucketing.corrections import current_names
from ...evaluation.proportions import Share, SharesCompared, compare_shares, share_of
from ...registry import Version
from ...reporting.progress_chart import Point
from ...settings import Workspace
from ...tables.schema import split_buckets
from ..core.runs import past_runs
from .acceptance import TARGET, Acceptance, Look, Opinion, acceptance, looks, opinions
from .audit import versions_said
from .corrections import renames_so_far
from .models import bucket_models, changes_of


@dataclass(frozen=True)
class AbTest:
    """Two versions, the tracks each answered for, and how many of the predictions looked at
    stand. `compared` is second beside first, None until people looked at some of both."""

    versions: tuple[str, str]
    answered: tuple[int, int]
    accepted: tuple[Share, Share]
    compared: SharesCompared | None


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


@dataclass(frozen=True)
class VersionLine:
    """One version: how it was made, how it does on the test songs (`audit`), beside the one
    before (`verdict`), what people did with its predictions and how content they are (mean of
    1 to 5). `served` says whether it was ever in use; `removed` ones are known from logs only."""

    id: str
    update: str
    tracks: int
    corrections: int
    is_current: bool
    served: bool
    removed: bool
    cross_validated: float | None
    audit: Share | None
    verdict: str | None
    looked: Acceptance
    accepted: Share
    satisfaction: float | None
    opinions: int


@dataclass(frozen=True)
class ProgressReport:
    """The versions, oldest first; answers by proposed bucket, most looked at first; what the
    last version that was compared changed; opinions; and versions tried side by side."""

    versions: list[VersionLine]
    buckets: dict[str, Acceptance]
    last_compared: str | None
    changes: dict[str, Any] | None
    opinions: list[Opinion]
    ab: list[AbTest]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**vars(self), "target": TARGET}


def bucket_report(workspace: Workspace) -> ProgressReport:
    """Gather what is known of every version. Raises `NotTrainedError` where there is none."""
    models = bucket_models(workspace)
    models.current()
    versions = {v.id: v for v in models.versions()}
    served = {p.to_version for p in models.history()}
    looked, said = looks(workspace), opinions(workspace)
    by_version: defaultdict[str, list[Look]] = defaultdict(list)
    for look in looked:
        by_version[look.model_version].append(look)
    scores: defaultdict[str, list[int]] = defaultdict(list)
    for opinion in said:
        scores[opinion.model_version].append(opinion.score)
    ids = sorted({*versions, *by_version, *scores})
    last, changes = _last_changes(workspace, sorted(versions, reverse=True))
    return ProgressReport(
        versions=[_line(i, versions.get(i), i in served, by_version[i], scores[i]) for i in ids],
        buckets=_by_bucket(workspace, versions, looked),
        last_compared=last,
        changes=changes,
        opinions=said,
        ab=ab_tests(workspace, looked),
    )


def points_of(found: ProgressReport) -> list[Point]:
    """The versions as a chart shows them."""
    return [
        Point(_when(v.id), v.served, v.audit, v.accepted if v.accepted.n else None, v.satisfaction)
        for v in found.versions
    ]


def _when(version_id: str) -> str:
    """The day and time in a version's id, as a chart has room for: `21 Nov`, below it `04:12`."""
    try:
        return f"{datetime.strptime(version_id[:16], '%Y%m%dT%H%M%SZ'):%d %b\n%H:%M}"
    except ValueError:  # a name somebody wrote into a file of predictions
        return version_id[:12]


def _line(
    version_id: str,
    version: Version | None,
    served: bool,
    looked: Iterable[Look],
    scores: list[int],
) -> VersionLine:
    facts: Mapping[str, Any] = version.metadata if version else {}
    counted = acceptance(looked)
    compared = facts.get("comparison") or {}
    return VersionLine(
        id=version_id,
        update=str(facts.get("update", "")),
        tracks=int(facts.get("tracks", 0)),
        corrections=int(facts.get("corrections", 0)),
        is_current=bool(version and version.is_current),
        served=served,
        removed=version is None,
        cross_validated=facts.get("metrics", {}).get("stratified", {}).get("accuracy"),
        audit=_share(facts.get("audit")),
        verdict=compared.get("verdict"),
        looked=counted,
        accepted=share_of(counted.accepted, counted.shown),
        satisfaction=fmean(scores) if scores else None,
        opinions=len(scores),
    )


def _share(kept: Mapping[str, Any] | None) -> Share | None:
    return Share(kept["hits"], kept["n"], kept["low"], kept["high"]) if kept else None


def _by_bucket(
    workspace: Workspace, versions: Mapping[str, Version], looked: Iterable[Look]
) -> dict[str, Acceptance]:
    """Answers by proposed bucket, as it is called now; several buckets count in each."""
    renames = renames_so_far(workspace)
    found: defaultdict[str, list[Look]] = defaultdict(list)
    for look in looked:
        version = versions.get(look.model_version)
        since = int(version.metadata.get("corrections_logged", 0)) if version else 0
        for bucket in current_names(split_buckets(look.predicted), renames, since=since):
            found[bucket].append(look)
    counted = {bucket: acceptance(answers) for bucket, answers in found.items()}
    return dict(sorted(counted.items(), key=lambda item: (-item[1].shown, item[0])))


def _last_changes(
    workspace: Workspace, newest_first: list[str]
) -> tuple[str | None, dict[str, Any] | None]:
    for version_id in newest_first:
        changes = changes_of(workspace, version_id)
        if changes is not None:
            return version_id, changes
    return None, None
