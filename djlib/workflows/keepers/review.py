"""`review` of a batch: listings answered one by one, each answer in the file before the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ...settings import Workspace
from ...tables.schema import BATCH
from ..core.answering import AnsweredFile
from .labels import answer_of

AskBatch = Callable[["BatchReview"], None]
"""Puts the questions to a person until they leave."""


@dataclass(frozen=True)
class BatchReviewReport:
    """Where the answers to a batch stand; `kept` is a copy of the file as it was, where a part of
    it could not be read."""

    plain_extra: ClassVar = ("left",)

    file: str
    listings: int
    answered: int
    keepers: int
    kept: str | None = None

    @property
    def left(self) -> int:
        """Listings without an answer."""
        return self.listings - self.answered


def review_batch(
    workspace: Workspace, file: Path | None = None, *, ask: AskBatch | None
) -> BatchReviewReport:
    """Let `ask` go through a batch (that of the workspace by default); without `ask` only say where
    it stands. Raises `NotFoundError` where there is none."""
    session = BatchReview(file or workspace.batch)
    if ask is not None:
        ask(session)
    return session.report()


class BatchReview(AnsweredFile):
    """The listings of a batch and what was said of them."""

    schema = BATCH
    column = "keeper"
    missing = "run 'djlib select-batch'"

    def is_answered(self, row: dict[str, Any]) -> bool:
        """Whether it was said that a listing is kept or not."""
        return answer_of(str(row["keeper"])) is not None

    def report(self) -> BatchReviewReport:
        """Where the answers stand."""
        answers = [answer_of(str(row["keeper"])) for row in self.rows]
        n_kept = sum(answer == 1 for answer in answers)
        return BatchReviewReport(
            str(self.file), len(answers), self.n_answered, n_kept, self.kept or None
        )
