"""What a person may ask of feedback, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..bucketing.corrections import Correction
from ..tables.problems import Problem
from .acceptance import Acceptance
from .fast_update import Pace
from .renames import Renamed
from .train import Promotion
from .train_report import TrainReport


@dataclass(frozen=True)
class FeedbackOptions:
    """What a person may ask: new names as buckets, buckets renamed (`OLD=NEW`), the fast or the
    full way, the new version served or not, how content they are (1 to 5) and why, nothing
    written."""

    allow_new: bool = False
    renames: Sequence[str] = ()
    pace: Pace = "auto"
    promotion: Promotion = "auto"
    satisfaction: int | None = None
    note: str = ""
    dry_run: bool = False


@dataclass(frozen=True)
class FeedbackReport:
    """What feedback to `version`, the one in use, did: `taken` are new words, `known` ones the log
    already had, `confirmed` those that agree with the prediction; `names` are artist and title of
    those taken, by track id; `renamed` are buckets with another name from now on, `like_renames`
    buckets whose corrections look as if they should be; `looked` counts the predictions in the
    file that people left or changed; `training` is the model learned from it all, None where
    nothing was new."""

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
            "renamed": [r.__dict__ for r in self.renamed],
            "looked": self.looked.as_dict() if self.looked else None,
            "training": self.training.as_dict() if self.training else None,
        }
