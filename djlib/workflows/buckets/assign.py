"""`assign-buckets`: a bucket for every track, streamed from any table or library to one file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import pandas as pd

from ...bucketing.base import BucketAssigner
from ...bucketing.explain import Explanation, explain
from ...bucketing.labels import buckets_of
from ...bucketing.proposals import STATUSES, Proposer, SideBySide, Terms
from ...errors import DjlibError, InputError, NotFoundError, NotTrainedError, UsageError
from ...evaluation.calibration import Abstention
from ...registry import Version
from ...settings import Settings, Workspace
from ...tables.atomic import replace_file
from ...tables.events import utc_now
from ...tables.io import TableWriter, count_rows, is_table, iter_table
from ...tables.plain_json import json_text, to_plain
from ...tables.problems import Problem
from ...tables.schema import PREDICTIONS, TRACKS, split_buckets
from ..core.edits import keep_unread, state_of
from ..core.progress import ProgressReporter
from ..core.runs import run, update_metrics
from ..core.song_identity import disambiguate_track_ids
from ..library.tracks import read_tracks
from .audit import trail
from .corrections import Corrections, corrections_so_far
from .models import as_trained, bucket_models, choose_threshold, out_of_fold
from .train import learn

Rows = Literal["auto", "all", "unsorted"]
"""auto: every row of a table that is named, only the unsorted tracks of a library."""

SHOWN_AT_MOST = 200
"""Rows and explanations a report carries; the files have all."""

_CONFIDENCE_BINS = 10


@dataclass(frozen=True)
class AssignOptions:
    """What a person may ask: where to write, which rows, explanations, nothing written, a file
    made for spreadsheets, another version to answer for a share of the songs (A/B)."""

    output: Path | None = None
    rows: Rows = "auto"
    debug: bool = False
    dry_run: bool = False
    for_spreadsheet: bool = False
    ab: str | None = None
    ab_share: float = 0.5


@dataclass
class AssignReport:
    """What was answered: counts by version, status and bucket, confidence in ten bins from 0 to
    1, rows a second, the threshold in force, explanations when asked for, where it was written,
    the copy of an edited file that stood there, and the file of the audit trail."""

    source: str
    model_version: str
    abstention: Abstention
    rows: int = 0
    already_sorted: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    buckets: Counter[str] = field(default_factory=Counter)
    confidence: list[int] = field(default_factory=lambda: [0] * _CONFIDENCE_BINS)
    first_rows: list[dict[str, Any]] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    written: list[str] = field(default_factory=list)
    trained: str | None = None
    kept: str | None = None
    audit: str = ""

    @property
    def rows_per_second(self) -> float:
        """Tracks answered in a second, reading and writing included."""
        return self.rows / self.seconds if self.seconds else 0.0

    def count(self, table: pd.DataFrame) -> None:
        """Take a batch of predictions into account."""
        self.rows += len(table)
        self.versions.update(table["model_version"])
        self.statuses.update(table["status"])
        for cell, n in table["predicted_bucket"].value_counts().items():
            self.buckets.update(dict.fromkeys(split_buckets(cell), int(n)))
        bins, _ = np.histogram(table["confidence"], bins=_CONFIDENCE_BINS, range=(0, 1))
        self.confidence = [a + int(b) for a, b in zip(self.confidence, bins, strict=True)]
        room = SHOWN_AT_MOST - len(self.first_rows)
        self.first_rows += table.head(room).to_dict("records")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json` and metrics.json."""
        plain = {k: v for k, v in vars(self).items() if k != "first_rows"}
        return plain | {"rows_per_second": round(self.rows_per_second, 1)}


def abstention_of(workspace: Workspace, settings: Settings, version: Version) -> Abstention:
    """The threshold from which a version is sure: as asked, else as it was trained."""
    confidence, correct = out_of_fold(workspace, version.id)
    return choose_threshold(confidence, correct, as_trained(settings.buckets, version))


def other_version(workspace: Workspace, current: Version, options: AssignOptions) -> Version | None:
    """The version to try beside the current one, None where none was asked for. Raises
    `UsageError` for the current one itself and `NotFoundError` for one that is not there."""
    if options.ab is None:
        return None
    if not 0 < options.ab_share < 1:
        raise UsageError(f"--ab-share is between 0 and 1, not {options.ab_share:g}")
    if options.debug:
        raise UsageError("--debug explains one version; leave out --ab or --debug")
    other = bucket_models(workspace).get(options.ab)
    if other.id == current.id:
        raise UsageError(
            f"--ab {options.ab} is the version in use; 'djlib models list' shows the others"
        )
    return other


def proposer_for(
    workspace: Workspace,
    settings: Settings,
    model: BucketAssigner,
    terms: Terms,
    options: AssignOptions,
) -> Proposer | SideBySide:
    """Who proposes: `model`, or it and the version asked for, each with its own threshold."""
    models = bucket_models(workspace)
    proposer = Proposer(model, terms)
    other = other_version(workspace, models.get(terms.model_version), options)
    if other is None:
        return proposer
    threshold = abstention_of(workspace, settings, other).threshold
    theirs = replace(terms, threshold=threshold, model_version=other.id)
    second = Proposer(models.load(other.id), theirs)
    return SideBySide(proposer, second, (terms.model_version, other.id), options.ab_share)


_EXPLAINED_AT_ONCE = 1000
_SHOWN_AT_ONCE = 5000
"""Tracks after which progress is told: sentences that are new take minutes."""


def propose_buckets(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    *,
    options: AssignOptions,
    talk: ProgressReporter,
) -> AssignReport:
    """Answer for the tracks of `source` (the scanned library by default) with the current model;
    where there is none yet, train one first from what is already sorted.

    Raises `NotFoundError` where there is nothing to answer for or to learn from. A dry run does
    not train either: without a model it raises `NotTrainedError`.
    """
    recorded = not options.dry_run
    with run(workspace, settings, "assign-buckets", talk, recorded=recorded) as noted:
        source = source or _scanned(workspace)
        output = options.output or workspace.predictions
        if output.exists() and source.exists() and output.samefile(source):
            raise UsageError(f"{output} is the file the tracks are in; name another --output")
        trained = None if options.dry_run else _train_if_first(workspace, settings, source, talk)
        version = bucket_models(workspace).current()
        other = other_version(workspace, version, options)
        abstention = abstention_of(workspace, settings, version)
        report = AssignReport(str(source), version.id, abstention, trained=trained)
        terms = Terms(abstention.threshold, version.id, utc_now())
        _answer(workspace, settings, source, output, options, terms, report, talk)
        noted |= {"source": str(source.absolute()), "rows": report.rows, "version": version.id}
        if report.written:
            noted |= {"output": str(output.absolute()), "state": state_of(output)}
            noted |= {"audit": report.audit, "predicted_at": terms.predicted_at}
            noted |= {"fingerprint": version.metadata["data_fingerprint"]}
        if other:
            noted |= {"ab": [version.id, other.id]}
            noted |= {"ab_fingerprint": other.metadata["data_fingerprint"]}
        return report


def _scanned(workspace: Workspace) -> Path:
    if workspace.tracks.is_file():
        return workspace.tracks
    raise NotFoundError(
        f"no tracks to sort: {workspace.tracks} does not exist; "
        "run 'djlib scan LIBRARY' first, or name a file"
    )


def _train_if_first(
    workspace: Workspace, settings: Settings, source: Path, talk: ProgressReporter
) -> str | None:
    """The version of a first model, or None where there is one already."""
    try:
        bucket_models(workspace).current()
        return None
    except NotTrainedError:
        has_own = workspace.tracks.is_file() or workspace.training.is_file()
        talk.say("No model yet: learning from what is already sorted")
    try:
        return learn(workspace, settings, None if has_own else source, talk=talk).version
    except InputError as error:
        raise NotTrainedError(f"no model yet, and none can be learned: {error}") from error


def _answer(
    workspace: Workspace,
    settings: Settings,
    source: Path,
    output: Path,
    options: AssignOptions,
    terms: Terms,
    report: AssignReport,
    talk: ProgressReporter,
) -> None:
    model = bucket_models(workspace).load(terms.model_version)
    proposer = proposer_for(workspace, settings, model, terms, options)
    started = time.monotonic()
    so_far = corrections_so_far(workspace)
    if not options.dry_run:
        report.kept = _kept(workspace, output, so_far, talk)
    with ExitStack() as files:
        write = files.enter_context(_written(workspace, output, options, report))
        lines = files.enter_context(_explanations(workspace, options))
        total = count_rows(source) if is_table(source) else None
        progress = files.enter_context(talk.step("Assigning buckets", total))
        for batch in _batches(workspace, settings, source, options, so_far, report, talk):
            for start in range(0, max(len(batch), 1), _SHOWN_AT_ONCE):
                some = batch.iloc[start : start + _SHOWN_AT_ONCE].reset_index(drop=True)
                table = checked_predictions(proposer.propose(some), some)
                write(table)
                report.count(table)
                if options.debug:
                    _explain(model, some, report, lines)
                progress(len(some))
    report.seconds = round(time.monotonic() - started, 3)
    if not options.dry_run:
        report.written = [str(output), str(workspace.low_confidence), str(workspace.metrics)]
        report.written += [str(workspace.explanations)] * options.debug
        figures = {k: v for k, v in to_plain(report).items() if k != "explanations"}
        update_metrics(workspace, "assignment", figures)


def _kept(
    workspace: Workspace, output: Path, so_far: Corrections, talk: ProgressReporter
) -> str | None:
    """The copy of a file that was edited and never fed back, if such a file stands there."""
    kept = keep_unread(workspace, output, so_far)
    if kept is None:
        return None
    talk.say(
        f"{output} holds something of yours that was not taken in: kept as {kept}; "
        f"if it holds corrections: djlib feedback '{kept}'"
    )
    return str(kept)


@contextmanager
def _written(
    workspace: Workspace, output: Path, options: AssignOptions, report: AssignReport
) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Give what writes a batch of answers to everywhere they belong; nowhere in a dry run."""
    if options.dry_run:
        yield lambda table: None
        return
    answers = TableWriter(output, for_spreadsheet=options.for_spreadsheet, defuse=True)
    with (
        TableWriter(workspace.low_confidence, defuse=True) as unsure,
        answers,
        trail(workspace) as kept,
    ):

        def write(table: pd.DataFrame) -> None:
            answers.write(table)
            unsure.write(table[table["status"] != "ok"])
            kept.write(table)

        yield write
        report.audit = kept.name


@contextmanager
def _explanations(workspace: Workspace, options: AssignOptions) -> Iterator[IO[str] | None]:
    """Where explanations are written, one JSON object a line; None where they are not."""
    if options.dry_run or not options.debug:
        yield None
        return
    with replace_file(workspace.explanations, "w", newline="\n") as lines:
        yield lines


def _explain(
    model: BucketAssigner, batch: pd.DataFrame, report: AssignReport, lines: IO[str] | None
) -> None:
    """Take the answers apart: every one into the file, the first ones into the report."""
    for start in range(0, len(batch), _EXPLAINED_AT_ONCE):
        some = batch.iloc[start : start + _EXPLAINED_AT_ONCE]
        found = explain(model, some)
        if lines is not None:
            for track_id, explanation in zip(some["track_id"], found, strict=True):
                facts = {"track_id": track_id, "model_version": report.model_version}
                lines.write(json_text({**facts, **vars(explanation)}) + "\n")
        report.explanations += found[: SHOWN_AT_MOST - len(report.explanations)]


def _batches(
    workspace: Workspace,
    settings: Settings,
    source: Path,
    options: AssignOptions,
    so_far: Corrections,
    report: AssignReport,
    talk: ProgressReporter,
) -> Iterator[pd.DataFrame]:
    """The tracks to answer for, a batch at a time; always one, if only an empty one."""
    if is_table(source):
        whole_table = options.rows == "auto" and source.absolute() != workspace.tracks
        tables = iter_table(
            source, schema=TRACKS, batch_rows=settings.batch_rows, problems=report.problems
        )
    else:
        whole_table = False
        tracks, _, problems = read_tracks(workspace, source, talk)
        report.problems += problems
        tables = iter([tracks])
    for table in tables:
        if options.rows == "all" or whole_table:
            yield table
            continue
        is_sorted = np.array([bool(row) for row in buckets_of(table)], dtype=bool)
        is_sorted |= table["track_id"].isin(disambiguate_track_ids(so_far, table)).to_numpy()
        report.already_sorted += int(is_sorted.sum())
        yield table[~is_sorted].reset_index(drop=True)


def checked_predictions(table: pd.DataFrame, tracks: pd.DataFrame) -> pd.DataFrame:
    """Give `table` back if it may replace an older file: one row a track, in order, with the
    documented columns and statuses and confidence in [0, 1]; raises `DjlibError` otherwise."""
    faults = []
    if list(table.columns) != PREDICTIONS.names:
        faults.append(f"columns {list(table.columns)}")
    elif table["track_id"].tolist() != tracks["track_id"].tolist():
        faults.append("rows that are not the tracks that came in")
    elif not table["status"].isin(STATUSES).all():
        faults.append(f"statuses {sorted(set(table['status']) - set(STATUSES))}")
    elif not table["confidence"].between(0, 1).all():
        faults.append("a confidence outside 0 to 1")
    elif table["predicted_bucket"].eq("").any():
        faults.append("a row without a bucket")
    if faults:
        raise DjlibError(f"predictions not written, the old file stays: they hold {faults[0]}")
    return table
