"""A learner that does what a test tells it to, and a workspace to run jobs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from djlib.monitoring.finding import Finding
from djlib.registry import Registry
from djlib.settings import Settings, Workspace
from djlib.workflows.core.learner import Challenge, Learner


class Plain:
    """A model that is one file."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def save(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "name.txt").write_text(self.name)

    @classmethod
    def load(cls, folder: Path) -> Plain:
        return cls((folder / "name.txt").read_text())


@dataclass
class Pretend(Learner):
    """Counts what is asked of it; `comparisons` are those of its next challenger, `found` what it
    sees when it watches, `before` is called before each of them."""

    comparisons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    trained: int = 0

    name = "pretend"
    subject = "things"

    def is_there(self, workspace: Workspace) -> bool:
        return True

    def models(self, workspace: Workspace) -> Registry[Plain]:
        return Registry(workspace.models, "pretend", Plain.load)

    def challenge(self, workspace: Workspace, settings: Settings, talk: Any) -> Challenge:
        self.before()
        models = self.models(workspace)
        served = next((v.id for v in models.versions() if v.is_current), None)
        self.trained += 1
        model = Plain(str(self.trained))
        version = models.save(model, metadata={}, parent=served, promote=False)
        return Challenge(version.id, served, self.comparisons)

    def watch(self, workspace: Workspace, settings: Settings, talk: Any) -> list[Finding]:
        self.before()
        return self.found
