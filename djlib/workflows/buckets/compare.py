"""`compare`: models side by side on a person's own library, with what the differences are worth."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from importlib.metadata import version as installed
from pathlib import Path

from ... import __version__
from ...bucketing.comparison.learning_curve import CurvePoint, curve_fits, learning_curve
from ...bucketing.comparison.model_comparison import (
    ComparisonOptions,
    FoldKindResult,
    compare_models,
)
from ...bucketing.cross_validation import with_min_support
from ...bucketing.training import TrainingSet, assemble
from ...settings import Settings, Workspace
from ...tables.atomic import replace_file
from ...tables.events import utc_now
from ..core.progress import ProgressReporter
from ..core.song_identity import disambiguate_track_ids
from ..library.tracks import read_tracks
from .compare_page import compare_page
from .compare_words import compare_markdown
from .comparison import AsSaved, CompareReport, Named, as_saved, takes_part
from .corrections import corrections_so_far, renames_so_far
from .train import fingerprint, training_source

_LIBRARIES = ("numpy", "scikit-learn", "pandas")


def compare_on_library(
    workspace: Workspace,
    settings: Settings,
    names: Sequence[str] = (),
    *,
    source: Path | None = None,
    rules: ComparisonOptions,
    against: str | None = None,
    baselines: bool = True,
    curve: bool = False,
    several: bool | None = None,
    talk: ProgressReporter,
) -> CompareReport:
    """Measure models on what `train` would learn from; nothing is written or promoted.

    Tracks kept aside for good take no part, except where saved versions answer as they are.
    """
    began = time.monotonic()
    takers = takes_part(workspace, settings, names, baselines=baselines)
    source = source or training_source(workspace)
    tracks, _, problems = read_tracks(workspace, source, talk, remember=False)
    training = assemble(
        tracks,
        disambiguate_track_ids(corrections_so_far(workspace), tracks),
        test_share=settings.buckets.test_share,
        several=several,
    )
    learned = training.learned
    rounds = _contest(takers, learned, rules, against, talk)
    saved = _as_saved(workspace, takers, training, rules.seed, talk)
    points = _curve(takers, learned, rules, talk) if curve else []
    measured, too_small = with_min_support(learned, rules.min_tracks)
    return CompareReport(
        source=str(source.absolute()),
        made_at=utc_now(),
        seconds=round(time.monotonic() - began, 1),
        tracks=len(measured.tracks),
        buckets=dict(measured.sizes.most_common()),
        is_multi=training.is_multi,
        too_small=too_small,
        rules=rules,
        asked=[named.candidate.name for named in takers if named.is_asked],
        models={named.candidate.name: named.about for named in takers},
        rounds=rounds,
        saved=saved,
        curve=points,
        software=_software(),
        fingerprint=fingerprint(measured),
        problems=problems,
    )


def write_comparison(
    report: CompareReport, *, page: Path | None = None, markdown: Path | None = None
) -> list[Path]:
    """Write a comparison as an HTML page, as Markdown, or both; gives what was written."""
    drawn = ((page, compare_page), (markdown, compare_markdown))
    written = [(path, draw(report)) for path, draw in drawn if path]
    for path, words in written:
        with replace_file(path, "w", newline="\n") as handle:
            handle.write(words)
    return [path for path, _ in written]


def _contest(
    takers: Sequence[Named],
    learned: TrainingSet,
    rules: ComparisonOptions,
    against: str | None,
    talk: ProgressReporter,
) -> list[FoldKindResult]:
    candidates = [named.candidate for named in takers]
    fits = len(candidates) * len(rules.kinds) * rules.repeats * rules.n_folds
    with talk.step(f"Comparing {len(candidates)} models on the same folds", fits) as progress:
        return compare_models(candidates, learned, rules, against=against, progress=progress)


def _as_saved(
    workspace: Workspace,
    takers: Sequence[Named],
    training: TrainingSet,
    seed: int,
    talk: ProgressReporter,
) -> list[AsSaved]:
    if not any(named.saved for named in takers):
        return []
    with talk.step("Asking saved versions about tracks kept aside"):
        return as_saved(takers, training, renames_so_far(workspace), seed=seed)


def _curve(
    takers: Sequence[Named], learned: TrainingSet, rules: ComparisonOptions, talk: ProgressReporter
) -> list[CurvePoint]:
    candidates = [named.candidate for named in takers]
    measured = with_min_support(learned, rules.min_tracks)[0]
    fits = curve_fits(len(measured.tracks), len(candidates))
    with talk.step("Learning from fewer labels", fits) as progress:
        return learning_curve(candidates, measured, seed=rules.seed, progress=progress)


def _software() -> dict[str, str]:
    libraries = {name: installed(name) for name in _LIBRARIES}
    return {"djlib": __version__, "python": platform.python_version(), **libraries}
