"""`feedback` on listings: answers into the log, and a model that has learned from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from ...errors import DjlibError
from ...settings import Settings, Workspace
from ...tables.problems import Problem
from ..core.event_log import last_of, take_back
from ..core.progress import ProgressReporter
from ..core.runs import run
from ..core.song_identity import song_name
from .ab_test import KeeperTest, keeper_tests, latest_test
from .labels import (
    KEEPS,
    Answers,
    Label,
    LabelLog,
    ids_in,
    labels_so_far,
    log_labels,
    read_answers,
    scanned,
)
from .models import current_version, is_all_learned, learn_labels
from .scan import listings_called
from .selections import batches_shown, slots_shown


@dataclass(frozen=True)
class Rate:
    """Keepers among answers."""

    plain_extra: ClassVar = ("share",)

    keepers: int
    answers: int

    @property
    def share(self) -> float | None:
        """The keeper rate; None where nothing was answered."""
        return self.keepers / self.answers if self.answers else None


@dataclass(frozen=True)
class KeeperReport:
    """What feedback on listings did: `taken` are new answers, `changed` of them replace an earlier
    one, `known` were in the log already; `rates` are keepers by the part of the batch that asked,
    of this file and of all answers; `version` is the new model, "" where nothing was new; `ab` is
    the A/B test that the file belongs to."""

    source: str
    dry_run: bool
    taken: list[Label]
    changed: int
    known: int
    unanswered: int
    undone: str
    rates: dict[str, Rate]
    all_rates: dict[str, Rate]
    labels: int
    batch_number: int
    version: str
    ab: KeeperTest | None
    problems: list[Problem] = field(repr=False)

    @property
    def refused(self) -> list[Problem]:
        """Rows that were not taken, and why."""
        return [p for p in self.problems if p.outcome == "row left out"]

    @property
    def lift(self) -> float | None:
        """Keeper rate where it exploits over the base rate, which listings drawn at random tell;
        None where none was kept or answered."""
        return self._over("uniform")

    @property
    def over_explore(self) -> float | None:
        """The same over what explores, which is no random draw."""
        return self._over("explore")

    def _over(self, part: str) -> float | None:
        exploit, other = (self.all_rates[name].share for name in ("exploit", part))
        return exploit / other if exploit is not None and other else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        taken = [
            {"listing_id": k.listing_id, "name": song_name(k.listing), "keeper": k.keeper}
            for k in self.taken
        ]
        more = {"lift": self.lift, "over_explore": self.over_explore, "refused": len(self.refused)}
        return {**vars(self), "taken": taken, **more}


def keeper_feedback(
    workspace: Workspace,
    settings: Settings,
    file: Path | None,
    *,
    talk: ProgressReporter,
    undo: bool = False,
    dry_run: bool = False,
) -> KeeperReport:
    """Take the answers in `file`, or take the last feedback back with `undo`, then learn.

    Answers are in the log before anything is learned, so that a run that was cut off loses none:
    the next one learns them. Raises `NotFoundError` where there is nothing to take back.
    """
    with run(workspace, settings, "feedback", talk, recorded=not dry_run) as noted:
        undone = last_of(labels_so_far(workspace).feedbacks, "feedback on listings") if undo else ""
        before = labels_so_far(workspace, without=undone)
        answers = _read(workspace, file, before) if file else Answers()
        new = [label for label in answers.taken if _is_new(label, before)]
        if not dry_run:
            if undone:
                take_back(workspace, KEEPS, undone)
            log_labels(workspace, new, str(file))
        labels = before if dry_run else labels_so_far(workspace)
        report = KeeperReport(
            source=str(file or ""),
            dry_run=dry_run,
            taken=new,
            changed=sum(label.listing_id in before.explicit for label in new),
            known=len(answers.taken) - len(new),
            unanswered=answers.unanswered,
            undone=undone,
            rates=rates(answers.taken),
            all_rates=rates(labels.explicit.values()),
            labels=len(labels.explicit),
            batch_number=labels.n_batches,
            version="",
            ab=latest_test(keeper_tests(batches_shown(workspace, labels), labels), answers.taken),
            problems=answers.problems,
        )
        if not dry_run and labels.n_logged and not is_all_learned(workspace, labels):
            report = replace(report, version=_learn(workspace, settings, labels, report, talk))
        noted |= {"source": str(file.absolute()) if file else None, "taken": len(new)}
        return report


def rates(labels: Iterable[Label]) -> dict[str, Rate]:
    """Keepers among answers, by the part of the batch that asked, and in all. In an A/B test only
    the first side's choices are parts; any listing drawn by chance is.

    >>> asked = [Label("a", 1, {}, strategy="exploit"), Label("b", 0, {}, strategy="explore")]
    >>> rates(asked)["exploit"], rates(asked)["all"]
    (Rate(keepers=1, answers=1), Rate(keepers=1, answers=2))
    """
    answered = list(labels)
    found = {}
    for part in ("exploit", "explore", "uniform"):
        chosen = [
            k.keeper
            for k in answered
            if k.strategy == part and (k.arm != "second" or part == "uniform")
        ]
        found[part] = Rate(sum(chosen), len(chosen))
    return {**found, "all": Rate(sum(k.keeper for k in answered), len(answered))}


def _read(workspace: Workspace, file: Path, labels: LabelLog) -> Answers:
    """The answers against what was shown, then what was scanned."""
    shown = slots_shown(workspace)
    unseen = ids_in(file) - set(shown)
    return read_answers(file, {**scanned(listings_called(workspace, unseen)), **shown}, labels)


def _is_new(label: Label, before: LabelLog) -> bool:
    """Whether an answer is not in the log already."""
    logged = before.explicit.get(label.listing_id)
    return logged is None or logged.keeper != label.keeper


def _learn(
    workspace: Workspace,
    settings: Settings,
    labels: LabelLog,
    report: KeeperReport,
    talk: ProgressReporter,
) -> str:
    # A model that is damaged or gone is no reason to forget: the log makes another.
    version = current_version(workspace)
    anew = version is not None and bool(version.problem)
    metrics = {f"keeper_rate_{k}": r.share for k, r in report.all_rates.items() if r.answers}
    try:
        return learn_labels(workspace, settings, labels, talk, anew=anew, metrics=metrics).id
    except DjlibError as error:
        kept = "your answers are kept: 'djlib feedback' of any batch learns from them"
        raise type(error)(f"{error}; {kept}") from error
