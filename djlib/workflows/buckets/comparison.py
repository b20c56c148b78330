"""Who takes part in a comparison of models, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...bucketing.base import BucketAssigner
from ...bucketing.catalogue import BASELINE_NAMES, MODEL_NAMES
from ...bucketing.comparison.changes import is_right
from ...bucketing.comparison.learning_curve import CurvePoint
from ...bucketing.comparison.model_comparison import Candidate, ComparisonOptions, FoldKindResult
from ...bucketing.corrections import Rename
from ...bucketing.training import TrainingSet
from ...errors import ModelError, NotFoundError, UsageError
from ...evaluation.significance import Comparison, compare_paired
from ...evaluation.splits import artist_groups, song_groups
from ...registry import Version
from ...settings import Settings, Workspace
from ...tables.problems import Problem
from .models import bucket_models, names_since
from .train import new_model

DEFAULT = tuple(name for name in ("hybrid", "simple_ml") if name in MODEL_NAMES)
"""Who is compared when nobody is named: the best model there is, and the first one there was."""

_VERSION = "version:"
_SHOWN = 8


@dataclass(frozen=True)
class Named:
    """A model that takes part; if it is a saved version, which one and how it was saved; and
    whether somebody asked for it."""

    candidate: Candidate
    version: Version | None = None
    saved: BucketAssigner | None = None
    is_asked: bool = True

    @property
    def about(self) -> str:
        """What the name stands for, for the small print."""
        if self.version is None:
            return "a simple model" if self.candidate.is_baseline else "as 'djlib train' makes it"
        kind = self.version.metadata.get("model", "a model")
        return f"the settings of version {self.version.id} ({kind}), learned anew on every fold"


@dataclass(frozen=True)
class AsSaved:
    """A model on test tracks kept aside, `n` that no version named has learned from; `is_saved`
    for a version as it was saved, else it has learned from all other tracks. `comparison` is
    with the first of them, None for that one itself."""

    name: str
    is_saved: bool
    n: int
    accuracy: float
    comparison: Comparison | None


def takes_part(
    workspace: Workspace, settings: Settings, names: Sequence[str], *, baselines: bool
) -> list[Named]:
    """Find every model named, each once, and the simple ones behind them.

    A name is one of the catalogue, `version:ID`, an id, the beginning of one, `current` or
    `previous`. Raises `UsageError` for a name that is none of these.
    """
    found: dict[str, Named] = {}
    for name in names or DEFAULT:
        named = _by_name(settings, name) if name in MODEL_NAMES else _saved(workspace, name)
        found.setdefault(named.candidate.name, named)
    for name in BASELINE_NAMES if baselines else ():
        found.setdefault(name, replace(_by_name(settings, name), is_asked=False))
    return list(found.values())


def as_saved(
    takers: Sequence[Named],
    training: TrainingSet,
    renames: Sequence[Rename],
    *,
    seed: int,
) -> list[AsSaved]:
    """Let saved versions answer as they are for tracks kept aside that none of them has learned
    from, beside new models; nothing where no version takes part or no such track is left."""
    saved = [named for named in takers if named.saved is not None]
    rows = _unseen([named.saved for named in saved if named.saved], training.kept_aside)
    if not saved or not len(rows.tracks):
        return []
    groups = artist_groups(rows.tracks)
    found: list[AsSaved] = []
    base: np.ndarray | None = None
    for named in takers:
        if named.candidate.is_baseline:
            continue
        right = is_right(_first(named, training.learned, rows, renames, seed), rows.labels)
        compared = None if base is None else compare_paired(base, right, groups, seed=seed)
        base = right if base is None else base
        is_saved = named.saved is not None
        found.append(
            AsSaved(named.candidate.name, is_saved, len(right), float(right.mean()), compared)
        )
    return found


def _by_name(settings: Settings, name: str) -> Named:
    def make(seed: int) -> BucketAssigner:
        buckets = replace(settings.buckets, model=name)
        return new_model(replace(settings, seed=seed, buckets=buckets))

    return Named(Candidate(name, make, name in BASELINE_NAMES))


def _saved(workspace: Workspace, name: str) -> Named:
    models = bucket_models(workspace)
    asked = name.removeprefix(_VERSION)
    try:
        version = models.get(asked)
    except NotFoundError as error:
        raise UsageError(
            f"unknown model {name!r}: no saved version is called so ('djlib models list' shows "
            f"them), and the models are {', '.join(MODEL_NAMES)}"
        ) from error
    shown = f"version {version.id[-_SHOWN:]}"
    try:
        model = models.load(version.id)
    except ModelError as error:
        return Named(Candidate(shown, _broken(error)), version)
    return Named(Candidate(shown, _anew(model)), version, model)


def _anew(model: BucketAssigner) -> Callable[[int], BucketAssigner]:
    def make(seed: int) -> BucketAssigner:
        return type(model)(**{**model.get_params(deep=False), "random_state": seed})

    return make


def _broken(error: ModelError) -> Callable[[int], BucketAssigner]:
    def make(seed: int) -> BucketAssigner:
        raise error

    return make


def _unseen(models: Sequence[BucketAssigner], rows: TrainingSet) -> TrainingSet:
    songs = song_groups(rows.tracks)
    for model in models:
        songs_known = song_groups(model.labelled_)
        rows = rows.rows(~np.isin(songs, songs_known))
        songs = song_groups(rows.tracks)
    return rows


def _first(
    named: Named, learned: TrainingSet, rows: TrainingSet, renames: Sequence[Rename], seed: int
) -> list[str]:
    """First choices for `rows`, as those buckets are called now."""
    model = named.saved or named.candidate.make(seed).fit(learned.tracks, learned.y)
    choice = model.classes_[model.predict_proba(rows.tracks).argmax(axis=1)]
    if named.version is None:
        return [str(bucket) for bucket in choice]
    now = names_since(named.version, map(str, model.classes_), renames)
    return [now[str(bucket)] for bucket in choice]


@dataclass(frozen=True)
class CompareReport:
    """Models compared on `tracks` labelled tracks in `buckets`: a round for each kind of folds,
    versions `saved` on tracks kept aside, a learning `curve` where one was wanted. `asked` names
    the models somebody asked for, `models` says what each name stands for; `software`,
    `fingerprint` and `rules` are what it takes to get the same again."""

    source: str
    made_at: str
    seconds: float
    tracks: int
    buckets: dict[str, int]
    is_multi: bool
    too_small: dict[str, int]
    rules: ComparisonOptions
    asked: list[str]
    models: dict[str, str]
    rounds: list[FoldKindResult]
    saved: list[AsSaved]
    curve: list[CurvePoint]
    software: dict[str, str]
    fingerprint: str
    problems: list[Problem]

    @property
    def name(self) -> str:
        """What the data is called, without its folder."""
        return Path(self.source).name
