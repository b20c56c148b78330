"""What a learner is to commands, jobs and other services, and how its challenger is made.

A version that somebody went back from is not made again of the same answers: the next night would
only serve it again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, Protocol

from ...errors import NotFoundError, NotTrainedError, UsageError

# Only for types: every command loads this module, most need none of these.
if TYPE_CHECKING:
    import numpy as np

    from ...monitoring.finding import Finding
    from ...registry import Registry, Version
    from ...settings import Settings, Workspace
    from .progress import ProgressReporter

TIME_SPLIT = "time_split"
"""The metric of a challenger that says how it compares with the version served then."""
_FEWEST, _FEWEST_OF_EITHER = 30, 5


@dataclass(frozen=True)
class Challenge:
    """A challenger that is saved and not served: its version, the one served, and how it compares
    on what neither has learned from. Where there is none, `version` is "" and `why` says so."""

    version: str
    served: str | None = None
    comparisons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    why: str = ""


class Report(Protocol):
    """What a command did: a dataclass that can be shown to people and, as JSON, to programs."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True)
class ScanRequest:
    """What may be asked of a scan. Globs over playlists that are buckets or are none, every
    playlist as one, names of folders as buckets, processes for reading tags; `anew` replaces
    listings scanned before; `feeds` adds those of the settings; `trust` takes calls of a source
    that looks broken; `watch` goes on scanning what changes; `dry_run` writes nothing."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    everything: bool = False
    folders_as_buckets: bool = False
    processes: int = 1
    anew: bool = False
    feeds: bool = False
    trust: bool = False
    watch: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class FeedbackRequest:
    """What may be asked of feedback. Names not in use yet as new buckets, buckets renamed
    (`OLD=NEW`), the fast or the full way, the new version served or not, how content a person is
    (1 to 5) and why; `undo` takes the last feedback back; `dry_run` writes nothing; `all_seen` says
    that every row left empty was looked at."""

    allow_new: bool = False
    renames: Sequence[str] = ()
    pace: Literal["auto", "fast", "full"] = "auto"
    promotion: Literal["auto", "always", "never"] = "auto"
    satisfaction: int | None = None
    note: str = ""
    undo: bool = False
    dry_run: bool = False
    all_seen: bool = False


@dataclass(frozen=True)
class TrainRequest:
    """What may be asked of a training: several labels a row or one (None: as the labels are), the
    new version served or not."""

    several: bool | None = None
    promotion: Literal["auto", "always", "never"] = "auto"


@dataclass(frozen=True)
class ExplainRequest:
    """What is to be explained: one row by id or name, or the model itself where `row` is None,
    drawn as `chart`; its `history` instead; found in `data`; by which version; with how many
    choices and neighbours (`top`)."""

    row: str | None
    history: bool = False
    chart: Path | None = None
    data: Path | None = None
    version: str = "current"
    top: int = 3


class Learner(ABC):
    """Everything that commands, jobs and other services ask of a learner.

    A learner names itself, says what is meant for it (`claims_...`, nothing by default) and does
    it; what it has no way to do raises `UsageError`. Adapters import what a method needs inside
    it: a command that is about one learner must not load the others.
    """

    name: ClassVar[str]
    """In events, logs, folders of versions and `--learner`: one word, in the singular."""
    subject: ClassVar[str]
    """What it learns about, as people call it, in the plural."""
    first_step: ClassVar[str] = "djlib train"
    """The command that makes its first version."""
    propose_step: ClassVar[str] = "djlib status"
    """The command that makes proposals."""
    answer_column: ClassVar[str] = ""
    """The column of the file of proposals in which a person answers."""
    undo_log: ClassVar[str] = ""
    """The log whose last feedback can be taken back; "" where that cannot be done."""

    @abstractmethod
    def is_there(self, workspace: Workspace) -> bool:
        """Whether a workspace has anything to learn from."""

    @abstractmethod
    def models(self, workspace: Workspace) -> Registry[Any]:
        """The registry of its versions."""

    @abstractmethod
    def challenge(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Challenge:
        """Train a version that is not served yet and compare it with the one that is."""

    @abstractmethod
    def watch(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> list[Finding]:
        """What has changed in what comes in and in how the proposals are taken."""

    def claims_source(self, source: str) -> bool:
        """Whether a file, folder or address to scan is for this learner; decided cheaply, by the
        suffix and the first bytes where they can tell."""
        return False

    def has_own_sources(self, request: ScanRequest) -> bool:
        """Whether a scan is asked for of sources that stand in the settings."""
        return False

    def scan(
        self,
        workspace: Workspace,
        settings: Settings,
        sources: Sequence[str],
        request: ScanRequest,
        talk: ProgressReporter,
    ) -> Iterable[Report]:
        """Read sources into the workspace; a report for each time that is done."""
        self._refuse("be scanned for")

    def propose(
        self,
        workspace: Workspace,
        settings: Settings,
        source: Path | None,
        talk: ProgressReporter,
    ) -> Report:
        """Answer for what is new in `source`, by default in what was scanned."""
        self._refuse("propose")

    def claims_feedback(self, file: Path) -> bool:
        """Whether a file holds feedback for this learner: by its columns."""
        return False

    def feedback(
        self,
        workspace: Workspace,
        settings: Settings,
        file: Path | None,
        request: FeedbackRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Take the feedback in `file`, or the last one back, and learn from it."""
        self._refuse("take feedback")

    def claims_training(self, source: Path) -> bool:
        """Whether a file to train from is for this learner."""
        return False

    def train(
        self,
        workspace: Workspace,
        settings: Settings,
        source: Path | None,
        request: TrainRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Learn anew from `source`, by default from what the workspace holds."""
        self._refuse("be trained by hand")

    def draw_training(self, workspace: Workspace, report: Any, chart: Path) -> bool:
        """Draw what a training measured; False where there is nothing to draw."""
        return False

    def explains(self, workspace: Workspace, request: ExplainRequest) -> bool:
        """Whether what is to be explained is this learner's."""
        return False

    def explain(
        self,
        workspace: Workspace,
        settings: Settings,
        request: ExplainRequest,
        talk: ProgressReporter,
    ) -> Report:
        """Say why a row got its answer, or what the model goes by."""
        self._refuse("explain")

    def claims_review(self, workspace: Workspace, file: Path | None) -> bool:
        """Whether the proposals in `file` are this learner's, or, without a file, are what a
        person would go through now."""
        return False

    def review(
        self,
        workspace: Workspace,
        settings: Settings,
        file: Path | None,
        ask: Callable[[Any], None] | None,
        write: bool,
        talk: ProgressReporter,
    ) -> Report:
        """Let `ask` put the proposals to a person one by one; without it say where that stands."""
        self._refuse("be reviewed")

    def learn_review(
        self, workspace: Workspace, settings: Settings, report: Any, talk: ProgressReporter
    ) -> Report:
        """Take the answers of a review as feedback."""
        self._refuse("be reviewed")

    def progress(
        self, workspace: Workspace, settings: Settings, talk: ProgressReporter
    ) -> Report | None:
        """How it went from version to version; None where there is nothing to tell yet."""
        return None

    def table(self, workspace: Workspace) -> tuple[str, Path] | None:
        """What a scan writes for it: what people call that, and the file."""
        return None

    def proposals(self, workspace: Workspace) -> Path | None:
        """The file a person answers in."""
        return None

    def logs(self) -> tuple[str, ...]:
        """The logs it learns from."""
        return ()

    def _refuse(self, what: str) -> NoReturn:
        raise UsageError(f"{self.subject} cannot {what} here")


def challenge(
    models: Registry[Any],
    served: Version | None,
    *,
    is_learned: bool,
    is_same: Callable[[Version], bool],
    learn: Callable[[], Version],
    compared_on: str,
) -> Challenge:
    """Give a challenger of the version `served`, unless that has learned everything (`is_learned`).

    `is_same` says whether a version learned the same answers in the same way as one made now by
    `learn` would; `compared_on` names what two versions are compared on.
    """
    parent = served.id if served else None
    if served and is_learned and not served.problem:
        return Challenge("", parent, why=f"nothing new since version {parent}")
    known = next((v for v in models.versions() if is_same(v) and not v.problem), None)
    if known and _was_gone_back_from(models, known):
        return Challenge("", parent, why=f"nothing new since version {known.id}, gone back from")
    is_left = known is not None and known.parent == parent and not _was_served(models, known)
    version = known if known and is_left else learn()
    compared = version.metrics.get(TIME_SPLIT)
    return Challenge(version.id, parent, {compared_on: compared} if compared else {})


def is_enough(liked: np.ndarray) -> bool:
    """Whether there are answers enough of either kind to compare two versions on.

    >>> import numpy as np
    >>> is_enough(np.arange(40) < 6), is_enough(np.arange(40) < 4)
    (True, False)
    """
    n_liked = int((liked != 0).sum())
    return len(liked) >= _FEWEST and min(n_liked, len(liked) - n_liked) >= _FEWEST_OF_EITHER


def _was_served(models: Registry[Any], version: Version) -> bool:
    return any(promotion.to_version == version.id for promotion in models.history())


def _was_gone_back_from(models: Registry[Any], version: Version) -> bool:
    return _was_served(models, version) and version.id not in models.served()


def served_and_before(models: Registry[Any]) -> tuple[str | None, str | None]:
    """The ids of the version served and of the one a rollback returns to, None where there is
    none."""
    ids: list[str | None] = []
    for which in ("current", "previous"):
        try:
            ids.append(models.get(which).id)
        except (NotFoundError, NotTrainedError):
            ids.append(None)
    return ids[0], ids[1]
