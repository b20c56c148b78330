"""`review` of a list of calls: rated one by one, each rating in the file before the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ...settings import Workspace
from ...tables.schema import RECOMMENDATIONS
from ..core.answering import AnsweredFile
from .ratings import SCALES, liked_of

AskCalls = Callable[["CallReview"], None]
"""Puts the questions to a person until they leave."""


@dataclass(frozen=True)
class CallReviewReport:
    """Where the ratings of a list stand; `kept` is a copy of the file as it was, where a part of it
    could not be read."""

    plain_extra: ClassVar = ("left",)

    file: str
    calls: int
    rated: int
    liked: int
    kept: str | None = None

    @property
    def left(self) -> int:
        """Calls without a rating."""
        return self.calls - self.rated


def review_calls(
    workspace: Workspace, file: Path | None = None, *, ask: AskCalls | None
) -> CallReviewReport:
    """Let `ask` go through a list of calls (that of the workspace by default); without `ask` only
    say where it stands. Raises `NotFoundError` where there is none."""
    session = CallReview(file or workspace.recommendations)
    if ask is not None:
        ask(session)
    return session.report()


class CallReview(AnsweredFile):
    """The calls of a list and how they were rated, in the scale that each row names."""

    schema = RECOMMENDATIONS
    column = "rating"
    missing = "run 'djlib recommend'"

    def is_answered(self, row: dict[str, Any]) -> bool:
        """Whether a call is rated in its scale."""
        return _liked(row) is not None

    @property
    def scale(self) -> str:
        """The scale of the current call."""
        return scale_in(self.current or {})

    def report(self) -> CallReviewReport:
        """Where the ratings stand."""
        liked = [_liked(row) for row in self.rows]
        n_liked = sum(value is not None and value > 0.5 for value in liked)
        return CallReviewReport(
            str(self.file), len(liked), self.n_answered, n_liked, self.kept or None
        )


def scale_in(row: dict[str, Any]) -> str:
    """The scale a row is rated in; 0-1 in files that name none."""
    said = str(row.get("rating_scale", "")).strip()
    return said if said in SCALES else "0-1"


def _liked(row: dict[str, Any]) -> float | None:
    return liked_of(str(row.get("rating", "")).strip(), scale_in(row))
