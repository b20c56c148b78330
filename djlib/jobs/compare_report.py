"""What a comparison of models found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..bucketing.contest import Round, Rules
from ..bucketing.learning_curve import CurvePoint
from ..tables.problems import Problem
from .compare_models import AsSaved


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
    rules: Rules
    asked: list[str]
    models: dict[str, str]
    rounds: list[Round]
    saved: list[AsSaved]
    curve: list[CurvePoint]
    software: dict[str, str]
    fingerprint: str
    problems: list[Problem]

    @property
    def name(self) -> str:
        """What the data is called, without its folder."""
        return Path(self.source).name

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **self.__dict__,
            "rules": dict(self.rules.__dict__),
            "rounds": [r.as_dict() for r in self.rounds],
            "saved": [s.as_dict() for s in self.saved],
            "curve": [p.as_dict() for p in self.curve],
            "problems": [p.as_dict() for p in self.problems],
        }
