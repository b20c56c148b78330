"""`doctor`: what is installed, what is not and what that disables; the state of the workspace."""

from __future__ import annotations

import importlib.metadata
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import DjlibError
from ..features.embedding.engines import embeddings_available
from ..opportunities.trees import WITHOUT, trees_missing
from ..settings import Workspace
from ..tables.events import read_events
from .core.learner import Learner
from .core.runs import RUNS
from .learner import LEARNERS

_NEEDED = ("typer", "rich", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "joblib")
_PARTS = {
    "skops": "models cannot be saved or loaded",
    "filelock": "two runs at once cannot be kept apart",
    "tinytag": "folders of audio files cannot be scanned",
    "matplotlib": "--chart draws nothing (pip install matplotlib)",
    "cleanlab": "djlib check --labels does not work (pip install cleanlab)",
    "rapidfuzz": "djlib duplicates does not work (pip install rapidfuzz)",
    "mutagen": "djlib export --to tags does not work (pip install 'djlib[tags]')",
    "xgboost": "models with an XGBoost head cannot be trained (pip install xgboost-cpu)",
}
_ALSO_AS = {"xgboost": "xgboost-cpu"}
_ENGINES = {
    "torch": "models learn from words, not from what they mean",
    "onnx": "new tracks take about three times as long to embed",
    "static": "large tables take long to embed",
}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `state` is "ok", "missing" or "broken", `note` what it means."""

    what: str
    state: str
    note: str


def diagnose(workspace: Workspace) -> list[Finding]:
    """Look at the installation and the workspace; nothing is changed."""
    return [
        Finding("Python", "ok", platform.python_version()),
        *(_package(name, "djlib does not work without it") for name in _NEEDED),
        *(_package(name, disables) for name, disables in _PARTS.items()),
        _trees(),
        *(_engine(name, disables) for name, disables in _ENGINES.items()),
        Finding("workspace", "ok", str(workspace.root)),
        *(f for learner in LEARNERS.values() for f in _of_learner(workspace, learner)),
        *(_log_of(workspace, log) for learner in LEARNERS.values() for log in learner.logs()),
        _log_of(workspace, RUNS),
    ]


def as_dicts(findings: list[Finding]) -> list[dict[str, Any]]:
    """Plain values, for `--json`."""
    return [asdict(finding) for finding in findings]


def _package(name: str, disables: str) -> Finding:
    for installed_as in (name, _ALSO_AS.get(name, name)):
        with suppress(importlib.metadata.PackageNotFoundError):
            return Finding(name, "ok", importlib.metadata.version(installed_as))
    return Finding(name, "missing", disables)


def _trees() -> Finding:
    """LightGBM, tried: installed, it still may not load, for want of a library of the system."""
    reason = trees_missing()
    return (
        Finding("lightgbm", "missing", f"{WITHOUT} ({reason})")
        if reason
        else _package("lightgbm", WITHOUT)
    )


def _engine(name: str, disables: str) -> Finding:
    reason = embeddings_available(name)
    what = f"embedding engine {name}"
    return Finding(what, "missing" if reason else "ok", f"{disables} ({reason})" if reason else "")


def _of_learner(workspace: Workspace, learner: Learner) -> list[Finding]:
    """What was scanned for it and its models; nothing of a learner that is not used here, but of
    the first, which everybody begins with."""
    what, table = learner.table(workspace) or (learner.subject, None)
    if table and table.is_file():
        return [Finding(f"scanned {what}", "ok", str(table)), *_models(workspace, learner)]
    if learner is next(iter(LEARNERS.values())):
        missing = Finding(f"scanned {what}", "missing", "run 'djlib scan LIBRARY'")
        return [missing, *_models(workspace, learner)]
    with suppress(DjlibError):
        if not learner.models(workspace).versions():
            return []
    return _models(workspace, learner)


def _models(workspace: Workspace, learner: Learner) -> list[Finding]:
    name, models = learner.name, learner.models(workspace)
    try:
        verified = models.verify()
    except DjlibError as error:
        return [Finding(f"{name} models", "broken", str(error))]
    if not verified:
        return [Finding(f"{name} model", "missing", f"run '{learner.first_step}'")]
    findings = [
        Finding(f"version {version.id}", "broken" if faults else "ok", "; ".join(faults))
        for version, faults in verified
    ]
    current = f"current {name} model"
    try:
        models.load()
        return [Finding(current, "ok", models.current().id), *findings]
    except DjlibError as error:
        return [Finding(current, "broken", str(error)), *findings]


def _log_of(workspace: Workspace, kind: str) -> Finding:
    try:
        return Finding(f"log of {kind}", "ok", f"{len(read_events(workspace.events, kind))} events")
    except DjlibError as error:
        return Finding(f"log of {kind}", "broken", str(error))
