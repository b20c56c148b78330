"""`feedback`: a person's corrections into the log, and a model that has learned from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..bucketing.corrections import Correction
from ..errors import DjlibError, UsageError
from ..registry import Version
from ..settings import Settings, Workspace
from .acceptance import Acceptance, acceptance, log_left, log_opinion, looks
from .corrections import Corrections, corrections_so_far, log_corrections, n_logged
from .feedback_file import FeedbackFile, read_feedback_file
from .feedback_report import FeedbackOptions, FeedbackReport
from .met import rows_met
from .models import bucket_models
from .renames import take_renames
from .runs import run
from .songs import song_name
from .talk import Talk
from .threshold import as_trained
from .train import learn
from .train_report import TrainReport

_NOTHING_ASKED = FeedbackOptions()


def feedback(
    workspace: Workspace,
    settings: Settings,
    file: Path | None = None,
    *,
    options: FeedbackOptions = _NOTHING_ASKED,
    talk: Talk,
) -> FeedbackReport:
    """Take the corrections in `file`, renames and an opinion, then learn again; with `dry_run`
    only say what would be taken. Raises `InputError` for a file without the columns track_id and
    correct_bucket."""
    _refuse_nothing(file, options)
    dry_run = options.dry_run
    with run(workspace, settings, "feedback", talk, recorded=not dry_run) as noted:
        version = _in_force(workspace)
        renamed = take_renames(workspace, options.renames, dry_run=dry_run)
        so_far = corrections_so_far(workspace)
        found = FeedbackFile()
        if file:
            found = read_feedback_file(
                workspace, file, so_far, version, allow_new=options.allow_new, talk=talk
            )
        reading = found.reading
        new = [c for c in reading.taken if _is_new(c, so_far)]
        rows = rows_met(workspace, so_far, {c.track_id for c in new}) if new else {}
        looked, training = None, None
        if not dry_run:
            if options.satisfaction:
                log_opinion(workspace, version.id, options.satisfaction, options.note)
            log_corrections(workspace, new, rows, str(file))
            looked = _looked(workspace, found, str(file))
            if not _all_learned(workspace):
                training = _learn(workspace, settings, version, options, talk)
        noted |= {"source": str(file.absolute()) if file else None, "taken": len(new)}
        return FeedbackReport(
            source=str(file or ""),
            version=version.id,
            dry_run=dry_run,
            satisfaction=options.satisfaction,
            taken=new,
            names={track_id: song_name(row) for track_id, row in rows.items()},
            known=len(reading.taken) - len(new),
            confirmed=sum(c.confirms for c in new),
            unanswered=reading.unanswered,
            problems=reading.problems,
            renamed=renamed,
            like_renames=found.like_renames,
            looked=looked,
            training=training,
        )


def _refuse_nothing(file: Path | None, options: FeedbackOptions) -> None:
    if file is None and not options.renames and options.satisfaction is None:
        raise UsageError("nothing to learn: name a file of corrections, --rename or --satisfaction")
    if options.note and options.satisfaction is None:
        raise UsageError("a note goes with a score: add --satisfaction, 1 to 5")


def _in_force(workspace: Workspace) -> Version:
    """The current version; raises `ModelError` where it cannot tell its buckets any more."""
    models = bucket_models(workspace)
    version = models.current()
    if version.problem:
        models.load()
    return version


def _looked(workspace: Workspace, found: FeedbackFile, source: str) -> Acceptance | None:
    """Note what a person let stand, and count it with what they did not; None where the file does
    not tell who proposed what."""
    log_left(workspace, found.left, source)
    counted = acceptance(look for look in looks(workspace) if found.shows(look))
    return counted if counted.shown else None


def _all_learned(workspace: Workspace) -> bool:
    """Whether some version has seen the whole log; a training that was cut off leaves none."""
    seen = [v.metadata.get("corrections_logged", 0) for v in bucket_models(workspace).versions()]
    return max(seen, default=0) >= n_logged(workspace)


def _learn(
    workspace: Workspace, settings: Settings, version: Version, asked: FeedbackOptions, talk: Talk
) -> TrainReport:
    """Learn as the current version did, from what it learned from if that is still there."""
    source = Path(version.metadata["source"])
    settings = replace(settings, buckets=as_trained(settings.buckets, version))
    try:
        return learn(
            workspace,
            settings,
            source if source.exists() else None,
            several=bool(version.metadata["is_multi"]),
            promotion=asked.promotion,
            pace=asked.pace,
            talk=talk,
        )
    except DjlibError as error:
        kept = "your corrections are kept: 'djlib train' learns from them"
        raise type(error)(f"{error}; {kept}") from error


def _is_new(correction: Correction, so_far: Corrections) -> bool:
    said = so_far.get(correction.track_id)
    return said is None or set(said[0].buckets) != set(correction.buckets)
