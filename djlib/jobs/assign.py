"""`assign-buckets`: a bucket for every track, streamed from any table or library to one file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from ..bucketing.assign import STATUSES, Terms
from ..bucketing.assigner import BucketAssigner
from ..bucketing.explain import explain
from ..bucketing.labels import buckets_of
from ..errors import DjlibError, InputError, NotFoundError, NotTrainedError, UsageError
from ..settings import Settings, Workspace
from ..tables.atomic import replace_file
from ..tables.events import utc_now
from ..tables.io import TableWriter, count_rows, iter_table
from ..tables.plain_json import json_text
from ..tables.schema import PREDICTIONS, TRACKS
from .assign_report import SHOWN_AT_MOST, AssignOptions, AssignReport
from .audit import trail
from .corrections import Corrections, corrections_so_far
from .edits import keep_unread, state_of
from .gather import is_table
from .models import bucket_models
from .proposers import abstention_of, other_version, proposer_for
from .runs import run, update_metrics
from .scan import ScanOptions, read_tracks
from .songs import told_apart
from .talk import Talk
from .train import learn

_EXPLAINED_AT_ONCE = 1000
_SHOWN_AT_ONCE = 5000
"""Tracks after which progress is told: sentences that are new take minutes."""


def assign_buckets(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    *,
    options: AssignOptions,
    talk: Talk,
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
    workspace: Workspace, settings: Settings, source: Path, talk: Talk
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
    talk: Talk,
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
        figures = {k: v for k, v in report.as_dict().items() if k != "explanations"}
        update_metrics(workspace, "assignment", figures)


def _kept(workspace: Workspace, output: Path, so_far: Corrections, talk: Talk) -> str | None:
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
    answers = TableWriter(output, for_spreadsheet=options.for_spreadsheet)
    with TableWriter(workspace.low_confidence) as unsure, answers, trail(workspace) as kept:

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
                lines.write(json_text({**facts, **explanation.as_dict()}) + "\n")
        report.explanations += found[: SHOWN_AT_MOST - len(report.explanations)]


def _batches(
    workspace: Workspace,
    settings: Settings,
    source: Path,
    options: AssignOptions,
    so_far: Corrections,
    report: AssignReport,
    talk: Talk,
) -> Iterator[pd.DataFrame]:
    """The tracks to answer for, a batch at a time; always one, if only an empty one."""
    if is_table(source):
        whole_table = options.rows == "auto" and source.absolute() != workspace.tracks
        tables = iter_table(
            source, schema=TRACKS, batch_rows=settings.batch_rows, problems=report.problems
        )
    else:
        whole_table = False
        tracks, _, problems = read_tracks(workspace, source, ScanOptions(), talk)
        report.problems += problems
        tables = iter([tracks])
    for table in tables:
        if options.rows == "all" or whole_table:
            yield table
            continue
        is_sorted = np.array([bool(row) for row in buckets_of(table)], dtype=bool)
        is_sorted |= table["track_id"].isin(told_apart(so_far, table)).to_numpy()
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
