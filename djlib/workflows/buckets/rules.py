"""`rules`: what the tracks of a crate have in common, in a few words, and how far that goes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...bucketing.crate_rules.rules import Fit, Rule, RuleFinder
from ...bucketing.labels import encode
from ...bucketing.training import assemble
from ...errors import NotFoundError
from ...evaluation.splits import folds
from ...features.text import fold
from ...settings import Settings, Workspace
from ...tables.problems import Problem
from ...tables.schema import TRACKS
from ..core.progress import ProgressReporter
from ..core.song_identity import disambiguate_track_ids
from ..library.tracks import read_tracks
from .corrections import corrections_so_far
from .train import training_source

_SHOWN = ("track_id", "artist", "title", "genres", "bpm", "key", "year", "label", "duration_s")


@dataclass(frozen=True)
class CrateRule:
    """The rule of one crate: how it fits the tracks it was found on, each alternative alone, and
    how rules found on other tracks fit these (cross-validated; None where it cannot be)."""

    bucket: str
    rule: Rule
    fit: Fit
    alternatives: tuple[Fit, ...]
    cross_validated: Fit | None

    @property
    def holds(self) -> bool:
        """Whether there is a rule, and rules found so are better than chance on new tracks."""
        found = self.cross_validated
        return bool(self.rule.alternatives) and found is not None and found.beats_chance

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "bucket": self.bucket,
            "rule": self.rule,
            "holds": self.holds,
            "fit": self.fit,
            "alternatives": self.alternatives,
            "cross_validated": self.cross_validated,
        }


@dataclass(frozen=True)
class RuleTracks:
    """The tracks behind the figures of one rule, as rows: not in the crate though they fit it, in
    the crate though they do not, and unsorted ones that fit."""

    extra: list[dict[str, Any]]
    missed: list[dict[str, Any]]
    unsorted: list[dict[str, Any]]


@dataclass(frozen=True)
class RulesReport:
    """Rules of the crates asked for, the largest crate first; `listed` where it was one crate."""

    source: str
    tracks: int
    unsorted: int
    rules: list[CrateRule]
    listed: RuleTracks | None
    problems: list[Problem]


def crate_rules(
    workspace: Workspace,
    settings: Settings,
    bucket: str | None = None,
    source: Path | None = None,
    *,
    without: Iterable[str] = (),
    talk: ProgressReporter,
) -> RulesReport:
    """Describe one crate, or each, by a short rule over what was scanned (or `source`), with the
    corrections so far; nothing is written. `without` are fields to leave out of the rules.

    Raises `NotFoundError` for a crate that is not there, with the nearest name, and `InputError`
    where fewer than two crates hold tracks.
    """
    source = source or training_source(workspace)
    tracks, _, problems = read_tracks(workspace, source, talk, remember=False)
    corrections = disambiguate_track_ids(corrections_so_far(workspace), tracks)
    known = assemble(tracks, corrections, test_share=0.0, several=True)
    labels = encode(known.labels)
    names = [b for b, _ in known.sizes.most_common()]
    asked = names if bucket is None else [named(bucket, names)]
    finder = RuleFinder(known.tracks, tuple(without))
    n_folds = settings.buckets.folds
    splits = list(
        folds(known.tracks, labels.first, kind="stratified", n_folds=n_folds, seed=settings.seed)
    )
    members = dict(zip(labels.classes, labels.truth.T > 0, strict=True))
    found = []
    with talk.step("Looking for rules", len(asked)) as progress:
        for name in asked:
            found.append(_crate_rule(name, finder, known.tracks, members[name], splits))
            progress(1)
    unsorted = tracks[~tracks["track_id"].isin(known.tracks["track_id"])]
    listed = None
    if bucket is not None:
        listed = _tracks_behind(found[0].rule, known.tracks, members[asked[0]], unsorted)
    return RulesReport(str(source), len(known.tracks), len(unsorted), found, listed, problems)


def named(bucket: str, names: list[str]) -> str:
    """The crate a person means: spelled exactly, or in other letters only.

    >>> named("peak TIME", ["Peak time", "Warm up"])
    'Peak time'
    >>> named("Peek time", ["Peak time", "Warm up"])
    Traceback (most recent call last):
        ...
    djlib.errors.NotFoundError: no bucket 'Peek time'; did you mean 'Peak time'? 'djlib rules' ...
    """
    if bucket in names:
        return bucket
    alike = [name for name in names if fold(name) == fold(bucket)]
    if len(alike) == 1:
        return alike[0]
    near = alike or _near(bucket, names)
    advice = f"did you mean {near[0]!r}? " if near else ""
    raise NotFoundError(f"no bucket {bucket!r}; {advice}'djlib rules' lists them all")


def _near(bucket: str, names: list[str]) -> list[str]:
    """Crates whose name, or the end of it after their folders, looks like this."""
    ends = {fold(name.rsplit(" / ", 1)[-1]): name for name in reversed(names)}
    whole = {fold(name): name for name in reversed(names)}
    ways = {**ends, **whole}
    return [ways[way] for way in difflib.get_close_matches(fold(bucket), ways, n=1)]


def _crate_rule(
    name: str,
    finder: RuleFinder,
    tracks: pd.DataFrame,
    member: np.ndarray,
    splits: list[tuple[np.ndarray, np.ndarray]],
) -> CrateRule:
    rule = finder.describe(member)
    alone = (Rule((conditions,)).applies_to(tracks) for conditions in rule.alternatives)
    return CrateRule(
        name,
        rule,
        Fit.of(rule.applies_to(tracks), member),
        tuple(Fit.of(fits, member) for fits in alone),
        finder.out_of_fold(member, splits),
    )


def _tracks_behind(
    rule: Rule, tracks: pd.DataFrame, member: np.ndarray, unsorted: pd.DataFrame
) -> RuleTracks:
    fits = rule.applies_to(tracks)
    return RuleTracks(
        extra=_rows(tracks[fits & ~member]),
        missed=_rows(tracks[member & ~fits]),
        unsorted=_rows(unsorted[rule.applies_to(unsorted)]),
    )


def _rows(tracks: pd.DataFrame) -> list[dict[str, Any]]:
    kept = [c for c in TRACKS.names if c in tracks and c in (*_SHOWN, "bucket", "buckets")]
    return [{str(k): v for k, v in row.items()} for row in tracks[kept].to_dict("records")]
