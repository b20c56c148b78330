"""`feedback`: a person's corrections into the log, and a model that has learned from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..bucketing.corrections import Correction, Reading, read_corrections
from ..errors import DjlibError
from ..registry import Version
from ..settings import Settings, Workspace
from ..tables.io import read_table
from ..tables.problems import Problem
from ..tables.schema import CORRECTIONS
from .corrections import Corrections, corrections_so_far, log_corrections, n_logged
from .met import names_met, rows_met
from .models import bucket_models, buckets_in_use
from .runs import run
from .songs import other_songs, song_name
from .talk import Talk
from .train import Promotion, TrainReport, as_trained, learn

_LINE = "line in the file"


@dataclass(frozen=True)
class FeedbackReport:
    """What a file of corrections did: `taken` are new words, `known` ones the log already had,
    `confirmed` those that agree with the prediction; `names` are artist and title of those taken,
    by track id; `training` is the model learned from them, None where nothing was new."""

    source: str
    taken: list[Correction]
    names: dict[str, str]
    known: int
    confirmed: int
    unanswered: int
    problems: list[Problem]
    training: TrainReport | None

    @property
    def refused(self) -> list[Problem]:
        """Rows that were not taken, and why."""
        return [p for p in self.problems if p.outcome == "row left out"]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **self.__dict__,
            "taken": [c.__dict__ for c in self.taken],
            "refused": len(self.refused),
            "problems": [p.as_dict() for p in self.problems],
            "training": self.training.as_dict() if self.training else None,
        }


def feedback(
    workspace: Workspace,
    settings: Settings,
    file: Path,
    *,
    allow_new: bool = False,
    promotion: Promotion = "auto",
    dry_run: bool = False,
    talk: Talk,
) -> FeedbackReport:
    """Take the corrections in `file`, then learn again; with `dry_run` only say what would be
    taken. Raises `InputError` for a file without the columns track_id and correct_bucket."""
    with run(workspace, settings, "feedback", talk, recorded=not dry_run) as noted:
        so_far = corrections_so_far(workspace)
        version = _in_force(workspace)
        reading = _read(workspace, file, so_far, version, allow_new, talk)
        new = [c for c in reading.taken if _is_new(c, so_far)]
        rows = rows_met(workspace, so_far, {c.track_id for c in new})
        training = None
        if not dry_run:
            log_corrections(workspace, new, rows, str(file))
            if not _all_learned(workspace):
                training = _learn(workspace, settings, version, promotion, talk)
        noted |= {"source": str(file.absolute()), "taken": len(new)}
        return FeedbackReport(
            source=str(file),
            taken=new,
            names={track_id: song_name(row) for track_id, row in rows.items()},
            known=len(reading.taken) - len(new),
            confirmed=sum(c.confirms for c in new),
            unanswered=reading.unanswered,
            problems=reading.problems,
            training=training,
        )


def _in_force(workspace: Workspace) -> Version:
    """The current version; raises `ModelError` where it cannot tell its buckets any more."""
    models = bucket_models(workspace)
    version = models.current()
    if version.problem:
        models.load()
    return version


def _all_learned(workspace: Workspace) -> bool:
    """Whether some version has seen the whole log; a training that was cut off leaves none."""
    seen = [v.metadata.get("corrections_logged", 0) for v in bucket_models(workspace).versions()]
    return max(seen, default=0) >= n_logged(workspace)


def _learn(
    workspace: Workspace, settings: Settings, version: Version, promotion: Promotion, talk: Talk
) -> TrainReport:
    """Learn as the current version did, from what it learned from if that is still there."""
    source = Path(version.metadata["source"])
    known = source if source.exists() else None
    several = bool(version.metadata["is_multi"])
    settings = replace(settings, buckets=as_trained(settings.buckets, version))
    try:
        return learn(workspace, settings, known, several=several, promotion=promotion, talk=talk)
    except DjlibError as error:
        kept = "your corrections are kept: 'djlib train' learns from them"
        raise type(error)(f"{error}; {kept}") from error


def _is_new(correction: Correction, so_far: Corrections) -> bool:
    said = so_far.get(correction.track_id)
    return said is None or set(said[0].buckets) != set(correction.buckets)


def _read(
    workspace: Workspace,
    file: Path,
    so_far: Corrections,
    version: Version,
    allow_new: bool,
    talk: Talk,
) -> Reading:
    problems: list[Problem] = []
    table = read_table(
        file, schema=CORRECTIONS, problems=problems, duplicates="keep", line_column=_LINE
    )
    talk.say(f"Looking up {len(table)} tracks")
    known = names_met(workspace, so_far)
    table = _of_songs_known(table, known, problems)
    reading = read_corrections(
        table,
        known,
        buckets_in_use(workspace, so_far),
        lines=table[_LINE].tolist(),
        allow_new=allow_new,
        is_multi=bool(version.metadata["is_multi"]),
    )
    reading.problems[:0] = problems
    return reading


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
