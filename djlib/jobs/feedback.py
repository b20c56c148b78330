"""`feedback`: a person's corrections into the log, and a model that has learned from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bucketing.corrections import Correction, Reading, read_corrections
from ..settings import Settings, Workspace
from ..tables.io import read_table
from ..tables.problems import Problem
from ..tables.schema import CORRECTIONS
from .corrections import Corrections, corrections_so_far, log_corrections
from .met import names_met, rows_met
from .models import bucket_models
from .runs import run
from .talk import Talk
from .train import Promotion, TrainReport, learn

_LINE = "line in the file"


@dataclass(frozen=True)
class FeedbackReport:
    """What a file of corrections did: `taken` are new words, `known` ones the log already had,
    `confirmed` those that agree with the prediction; `training` is the model learned from them,
    None where nothing was new."""

    source: str
    taken: list[Correction]
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
    with run(workspace, settings, "feedback", talk) as noted:
        so_far = corrections_so_far(workspace)
        reading = _read(workspace, file, so_far, allow_new, talk)
        new = [c for c in reading.taken if _is_new(c, so_far)]
        training = None
        if new and not dry_run:
            rows = rows_met(workspace, so_far, {c.track_id for c in new})
            log_corrections(workspace, new, rows, str(file))
            source = _source(workspace)
            training = learn(workspace, settings, source, promotion=promotion, talk=talk)
        noted |= {"source": str(file.absolute()), "taken": len(new)}
        return FeedbackReport(
            source=str(file),
            taken=new,
            known=len(reading.taken) - len(new),
            confirmed=sum(c.confirms for c in new),
            unanswered=reading.unanswered,
            problems=reading.problems,
            training=training,
        )


def _source(workspace: Workspace) -> Path | None:
    """What the current model learned from, if it is still there."""
    source = Path(bucket_models(workspace).current().metadata["source"])
    return source if source.exists() else None


def _is_new(correction: Correction, so_far: Corrections) -> bool:
    said = so_far.get(correction.track_id)
    return said is None or set(said[0].buckets) != set(correction.buckets)


def _read(
    workspace: Workspace, file: Path, so_far: Corrections, allow_new: bool, talk: Talk
) -> Reading:
    problems: list[Problem] = []
    table = read_table(
        file, schema=CORRECTIONS, problems=problems, duplicates="keep", line_column=_LINE
    )
    talk.say(f"Looking up {len(table)} tracks")
    version = bucket_models(workspace).current()
    corrected = [bucket for correction, _ in so_far.values() for bucket in correction.buckets]
    reading = read_corrections(
        table,
        names_met(workspace, so_far),
        [*version.metadata["buckets"], *corrected],
        lines=table[_LINE].tolist(),
        allow_new=allow_new,
        is_multi=bool(version.metadata["is_multi"]),
    )
    reading.problems[:0] = problems
    return reading
