"""`feedback`: a person's corrections into the log, and a version that has learned from them."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...bucketing.corrections import Correction, Reading, like_renames, read_corrections
from ...errors import DjlibError, UsageError
from ...registry import Version
from ...settings import Settings, Workspace
from ...tables.cells import undefuse
from ...tables.events import read_events
from ...tables.io import read_table, write_table
from ...tables.problems import Problem
from ...tables.schema import CORRECTIONS, split_buckets
from ..core.edits import keep_unread, state_of
from ..core.progress import ProgressReporter
from ..core.runs import run
from ..core.song_identity import other_songs, song_name
from ..library.known_tracks import names_met, rows_met
from ..promotion import PromotionRequest
from .acceptance import Acceptance, Look, acceptance, log_left, log_opinion, looks
from .audit import proposals_of
from .before_after import Pace
from .corrections import Corrections, corrections_so_far, log_corrections, n_logged, renames_so_far
from .models import as_trained, bucket_models, buckets_in_use
from .renames import Renamed, take_renames, with_names_of_today
from .train import TrainReport, learn

_log = logging.getLogger(__name__)
_LINE = "line in the file"
_REVIEWS = "reviews"


@dataclass(frozen=True)
class FeedbackFile:
    """What a file holds: its corrections, the predictions `left` empty by somebody who looked at
    them, which version `proposed` for which track, buckets that look renamed, and the `refused`
    rows with `why_refused`."""

    reading: Reading = field(default_factory=Reading)
    refused: pd.DataFrame = field(default_factory=pd.DataFrame)
    left: pd.DataFrame = field(default_factory=pd.DataFrame)
    proposed: frozenset[tuple[str, str]] = frozenset()
    like_renames: dict[str, str] = field(default_factory=dict)

    def shows(self, look: Look) -> bool:
        """Whether the file holds the prediction that somebody looked at."""
        return (look.model_version, look.track_id) in self.proposed


def read_feedback_file(
    workspace: Workspace,
    file: Path,
    so_far: Corrections,
    version: Version,
    *,
    allow_new: bool,
    all_seen: bool = False,
    talk: ProgressReporter,
) -> FeedbackFile:
    """Read a file of corrections against the tracks met and the buckets in use."""
    problems: list[Problem] = []
    table = read_table(
        file, schema=CORRECTIONS, problems=problems, duplicates="keep", line_column=_LINE
    )
    as_read = table
    talk.say(f"Looking up {len(table)} tracks")
    known, names = names_met(workspace, so_far), buckets_in_use(workspace, so_far)
    table = _of_songs_known(table, known, problems)
    table = _written_aright(workspace, table, problems)
    renames = renames_so_far(workspace)
    table, notes = with_names_of_today(table, names, renames, line_column=_LINE)
    is_multi = bool(version.metadata["is_multi"])

    def read(new_names: bool) -> Reading:
        lines = table[_LINE].tolist()
        return read_corrections(
            table, known, names, lines=lines, allow_new=new_names, is_multi=is_multi
        )

    reading = read(allow_new)
    meant = read(True) if reading.refused else reading  # refused names may be new ones
    reading.problems[:0] = [*problems, *notes]
    answered = table["correct_bucket"].str.strip() != ""
    is_seen = np.ones(len(table), bool) if all_seen else _down_to_the_last(answered.to_numpy())
    empty = table[~answered & is_seen & table["track_id"].isin(known["track_id"])]
    left = empty if _is_looked_at(workspace, file, table) else empty.head(0)
    refused = _with_reasons(as_read, reading.refused)
    return FeedbackFile(reading, refused, left, _proposed(table), like_renames(meant.taken, names))


def _of_songs_known(
    table: pd.DataFrame, known: pd.DataFrame, problems: list[Problem]
) -> pd.DataFrame:
    """Leave out answers whose track is another song here, with a reason each."""
    answered = table[table["correct_bucket"].str.strip() != ""]
    strange = other_songs(answered, known)
    left_out = answered.iloc[list(strange)]
    for row, song in zip(left_out.to_dict("records"), strange.values(), strict=True):
        reason = f"two songs have this id: {song_name(row)!r} here, {song!r} in the library"
        problems.append(Problem(row[_LINE], "track_id", row["track_id"], reason))
    return table.drop(left_out.index)


def _written_aright(
    workspace: Workspace, table: pd.DataFrame, problems: list[Problem]
) -> pd.DataFrame:
    """Leave out rows whose prediction somebody wrote over: an answer in the wrong column is never
    taken for consent."""
    needed = {"predicted_bucket", "model_version", "predicted_at"}
    if not needed <= set(table.columns):
        return table
    proposed = proposals_of(workspace, set(table["predicted_at"]))
    written = []
    for place, row in enumerate(table.to_dict("records")):
        said = undefuse(str(row["predicted_bucket"])).strip()
        before = proposed.get((str(row["model_version"]), str(row["track_id"])))
        is_changed = before is not None and set(split_buckets(said)) != set(split_buckets(before))
        if is_changed and not str(row["correct_bucket"]).strip():
            written.append(place)
            reason = f"djlib wrote {before!r} there; write yours into 'correct_bucket'"
            problems.append(Problem(row[_LINE], "predicted_bucket", said, reason))
    return table.drop(table.index[written])


def _down_to_the_last(answered: np.ndarray) -> np.ndarray:
    """The rows down to the last one with an answer, (n,): what is below nobody may have seen."""
    last = np.flatnonzero(answered)[-1:] if answered.any() else np.array([-1])
    return np.asarray(np.arange(len(answered)) <= last[0])


def _is_looked_at(workspace: Workspace, file: Path, table: pd.DataFrame) -> bool:
    """Whether empty rows were looked at: not where `djlib review` asked track by track, as it
    writes an answer into every row that was."""
    name = os.path.relpath(file, workspace.root)
    reviewed = {
        event.get("predicted_at")
        for event in read_events(workspace.events, _REVIEWS)
        if event.get("file") == name
    }
    return "predicted_at" not in table or reviewed.isdisjoint(table["predicted_at"])


def _proposed(table: pd.DataFrame) -> frozenset[tuple[str, str]]:
    if "model_version" not in table:
        return frozenset()
    return frozenset(zip(table["model_version"], table["track_id"], strict=True))


@dataclass(frozen=True)
class FeedbackOptions:
    """What a person may ask: new names as buckets, buckets renamed (`OLD=NEW`), the fast or the
    full way, the new version served or not, how content they are (1 to 5) and why, nothing
    written; `all_seen` says that every row left empty was looked at, not only those above the last
    answer."""

    allow_new: bool = False
    renames: Sequence[str] = ()
    pace: Pace = "auto"
    promotion: PromotionRequest = "auto"
    satisfaction: int | None = None
    note: str = ""
    dry_run: bool = False
    all_seen: bool = False


@dataclass(frozen=True)
class FeedbackReport:
    """What feedback to `version`, the one in use, did: `taken` are new words, `known` ones the log
    already had, `confirmed` those that agree with the prediction; `names` are artist and title of
    those taken, by track id; `renamed` are buckets with another name from now on, `like_renames`
    buckets whose corrections look as if they should be; `looked` counts the predictions in the
    file that people left or changed; `refused_file` holds the rows to mend; `training` is the
    model learned from it all, None where nothing was new."""

    source: str
    version: str
    dry_run: bool
    satisfaction: int | None
    taken: list[Correction]
    names: dict[str, str]
    known: int
    confirmed: int
    unanswered: int
    problems: list[Problem]
    renamed: list[Renamed]
    like_renames: dict[str, str]
    looked: Acceptance | None
    training: TrainReport | None
    refused_file: str | None = None

    @property
    def refused(self) -> list[Problem]:
        """Rows that were not taken, and why."""
        return [p for p in self.problems if p.outcome == "row left out"]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**vars(self), "refused": len(self.refused)}


_NOTHING_ASKED = FeedbackOptions()


def bucket_feedback(
    workspace: Workspace,
    settings: Settings,
    file: Path | None = None,
    *,
    options: FeedbackOptions = _NOTHING_ASKED,
    talk: ProgressReporter,
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
                workspace,
                file,
                so_far,
                version,
                allow_new=options.allow_new,
                all_seen=options.all_seen,
                talk=talk,
            )
        reading = found.reading
        new = [c for c in reading.taken if _is_new(c, so_far)]
        rows = rows_met(workspace, so_far, {c.track_id for c in new}) if new else {}
        looked, training, refused_file = None, None, None
        if not dry_run:
            if options.satisfaction:
                log_opinion(workspace, version.id, options.satisfaction, options.note)
            log_corrections(workspace, new, rows, str(file))
            looked = _looked(workspace, found, str(file))
            refused_file = _hand_back(workspace, file, found.refused)
            if not _all_learned(workspace):
                training = _learn(workspace, settings, version, options, talk)
        noted |= {"source": str(file.absolute()) if file else None, "taken": len(new)}
        if refused_file:  # so that it is known again as it was left
            left_as = Path(refused_file)
            noted |= {"output": str(left_as.absolute()), "state": state_of(left_as)}
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
            refused_file=refused_file,
        )


def _with_reasons(table: pd.DataFrame, refused: Sequence[Problem]) -> pd.DataFrame:
    """The refused rows of a file, as they were read, with the reasons of each."""
    why: dict[int, list[str]] = {}
    for problem in refused:
        if problem.line is not None:
            why.setdefault(problem.line, []).append(problem.reason)
    rows = table[table[_LINE].isin(list(why))]
    reasons = [" | ".join(why[line]) for line in rows[_LINE]]
    return rows.drop(columns=_LINE).assign(why_refused=reasons).astype("str")


def _hand_back(workspace: Workspace, file: Path | None, refused: pd.DataFrame) -> str | None:
    """Write the refused rows of `file` into a small file beside it, which `feedback` reads once
    they are mended; gives its path. The one of an earlier time goes, after a copy of it where
    somebody has worked in it or it is no such file."""
    if file is None:
        return None
    handed = file.with_name(f"{file.name.partition('.')[0]}.refused.csv")
    if handed == file or handed.is_symlink():
        return None
    if kept := keep_unread(workspace, handed, corrections_so_far(workspace)):
        _log.warning("%s held answers that were not taken; they are in %s", handed, kept.name)
    if refused.empty:
        handed.unlink(missing_ok=True)
        return None
    write_table(refused, handed, for_spreadsheet=True)
    return str(handed)


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
    workspace: Workspace,
    settings: Settings,
    version: Version,
    asked: FeedbackOptions,
    talk: ProgressReporter,
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
