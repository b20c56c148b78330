"""Settings and the workspace: defaults, then `djlib.toml`, then environment, then flags.

Library functions take values; only the edge (commands, jobs) builds a `Settings`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import UsageError
from . import opportunities
from .alerts import TEXTS, AlertSettings
from .opportunities import OpportunitySettings
from .workspace import ENV_HOME as _ENV_HOME
from .workspace import SETTINGS_FILE, Workspace

__all__ = [
    "DIALS",
    "ENGINES",
    "ENV_SECRET",
    "MODELS",
    "SETTINGS_FILE",
    "AlertSettings",
    "BucketSettings",
    "KeeperSettings",
    "OpportunitySettings",
    "Settings",
    "Workspace",
    "load_settings",
    "settings_from",
]

_ENV_PREFIX = "DJLIB_"
ENV_SECRET = "DJLIB_SECRET_"
"""Secrets are no settings: only who sends something reads them."""


KEEPER_MODES = ("strong", "faithful")
"""Who may learn what is kept."""


@dataclass(frozen=True)
class BucketSettings:
    """How the bucket learner is trained and when it calls itself unsure.

    `threshold` is the confidence under which a prediction is `unsure`; `target_precision` picks
    that threshold from out-of-fold predictions instead. Of the two the one set last counts; where
    neither is set, a model keeps what it was trained with, and the first takes 0.5. `min_tracks`
    is the smallest bucket that is measured; `folds` the number of cross-validation folds;
    `test_share` the share of songs kept aside for before/after comparisons and never trained on.
    `model` is which learner is trained, `engine` what embeds its sentences ("none": nothing does).
    """

    model: str = "hybrid"
    engine: str = "torch"
    threshold: float | None = None
    target_precision: float | None = None
    min_tracks: int = 3
    folds: int = 5
    test_share: float = 0.2
    trees: int = 200


@dataclass(frozen=True)
class KeeperSettings:
    """How records worth keeping are found.

    `mode` is who learns ("strong", or "faithful": the recipe as it was given), `engine` what embeds
    its sentences, `k` how many listings a batch asks about, `pool` how many random listings are
    looked at ("all", or a number), `dial` what a batch leans to, `adaptive` whether exploring goes
    by what it earned, `numeric` further columns to read as numbers.
    """

    mode: str = "strong"
    engine: str = "torch"
    k: int = 20
    pool: str = "all"
    dial: str = "balanced"
    adaptive: bool = False
    numeric: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Everything a run may be told.

    >>> settings_from({"seed": 7, "buckets": {"threshold": 0.6}}).buckets.threshold
    0.6
    >>> settings_from({"sede": 7})
    Traceback (most recent call last):
        ...
    djlib.errors.UsageError: unknown setting 'sede'; known: seed, ...
    """

    seed: int = 0
    lock_wait_s: float = 5.0
    batch_rows: int = 50_000
    buckets: BucketSettings = field(default_factory=BucketSettings)
    keepers: KeeperSettings = field(default_factory=KeeperSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    opportunities: OpportunitySettings = field(default_factory=OpportunitySettings)


_LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**32 - 1),
    "lock_wait_s": (0, 3600),
    "batch_rows": (1, 10_000_000),
    "threshold": (0, 1),
    "target_precision": (0, 1),
    "min_tracks": (2, 1000),
    "folds": (2, 50),
    "test_share": (0, 0.5),
    "trees": (1, 5000),
    "k": (1, 1000),
    "smtp_port": (1, 65535),
    "timeout_s": (0.1, 300),
    **opportunities.LIMITS,
}

MODELS = (
    "hybrid",
    "hybrid:logistic",
    "hybrid:mlp",
    "hybrid:xgboost",
    "hybrid:random_forest",
    "hybrid:soft_vote",
    "hybrid:stack",
    "simple_ml",
)
"""Learners of buckets by name; "hybrid" is the one with the best head."""

ENGINES = ("torch", "onnx", "static", "none")
"""What embeds the sentence of a track."""

DIALS = ("accuracy", "balanced", "diverse", "novel")
"""What a batch of listings leans to."""

_CHOICES = {
    "model": MODELS,
    "engine": ENGINES,
    "mode": KEEPER_MODES,
    "dial": DIALS,
    "smtp_security": ("starttls", "tls", "none"),
    **opportunities.CHOICES,
}


def load_settings(
    folder: Path,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """Build the settings of a run: defaults < `folder`/djlib.toml < environment < flags.

    `flags` are nested as in the file; a flag that is None was not given. Raises `UsageError` for
    an unknown key, a value of the wrong type or one out of range, naming where it came from.
    """
    settings = Settings()
    file = folder / SETTINGS_FILE
    if file.is_file():
        try:
            read = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: not valid TOML: {error}") from error
        settings = settings_from(read, settings, source=f"{file}: ")
    from_env = _from_environment(os.environ if environ is None else environ)
    settings = settings_from(from_env, settings, source="environment: ")
    return settings_from(_without_none(flags or {}), settings)


def settings_from(
    values: Mapping[str, Any], base: Settings | None = None, *, source: str = ""
) -> Settings:
    """Lay `values` (nested as in the file) over `base`, checking names, types and ranges."""
    changed: Settings = _overlay(base or Settings(), values, source)
    named = {"threshold", "target_precision"}.intersection(values.get("buckets", ()))
    if named == {"threshold"}:  # one rule replaces the other, wherever that was set
        changed = replace(changed, buckets=replace(changed.buckets, target_precision=None))
    elif named:
        changed = replace(changed, buckets=replace(changed.buckets, threshold=None))
    return changed


def _overlay(base: Any, values: Mapping[str, Any], source: str) -> Any:
    known = {f.name: getattr(base, f.name) for f in fields(base)}
    changes = {}
    for name, value in values.items():
        if name not in known:
            raise UsageError(f"{source}unknown setting {name!r}; known: {', '.join(known)}")
        if is_dataclass(known[name]):
            if not isinstance(value, Mapping):
                raise UsageError(f"{source}{name} is a section, not {value!r}")
            changes[name] = _overlay(known[name], value, f"{source}{name}.")
        else:
            changes[name] = _checked(name, value, known[name], source)
    return replace(base, **changes)


def _checked(name: str, value: Any, default: Any, source: str) -> Any:
    if name == "pool":
        return _pool(value, source)
    if name in TEXTS:
        return _line(name, value, source)
    if name not in _CHOICES and isinstance(default, str):
        return str(value)
    if isinstance(default, str):
        return _chosen(name, value, source)
    if isinstance(default, tuple):
        return _names(name, value, source)
    if isinstance(default, bool):
        return _yes_or_no(name, value, source)
    kind = int if isinstance(default, int) else float
    try:
        number, given = kind(value), float(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{source}{name} must be a number, not {value!r}") from None
    low, high = _LIMITS[name]
    if isinstance(value, bool) or number != given or not low <= number <= high:
        raise UsageError(f"{source}{name} must be from {low:g} to {high:g}, not {value!r}")
    return number


def _chosen(name: str, value: Any, source: str) -> str:
    if value not in _CHOICES[name]:
        known = ", ".join(_CHOICES[name])
        raise UsageError(f"{source}{name} must be one of {known}, not {value!r}")
    return str(value)


def _line(name: str, value: Any, source: str) -> str:
    """A text that may become part of a header: one line."""
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value.strip()
    raise UsageError(f"{source}{name} must be a text of one line, not {value!r}")


def _pool(value: Any, source: str) -> str:
    if value == "all" or (str(value).isdecimal() and int(value) > 0):
        return str(value)
    raise UsageError(f"{source}pool must be 'all' or a number of listings, not {value!r}")


def _names(name: str, value: Any, source: str) -> tuple[str, ...]:
    """A list of names; in the environment they stand with commas between them."""
    names = value.split(",") if isinstance(value, str) else value
    are_names = isinstance(names, list | tuple) and all(
        isinstance(name, str) and name.isprintable() for name in names
    )
    if not are_names:
        raise UsageError(f"{source}{name} must be a list of names, not {value!r}")
    return tuple(n.strip() for n in names if n.strip())


def _yes_or_no(name: str, value: Any, source: str) -> bool:
    said = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if said is None:
        raise UsageError(f"{source}{name} must be true or false, not {value!r}")
    return said


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """`DJLIB_SEED=3` and `DJLIB_BUCKETS_THRESHOLD=0.6` as nested values."""
    nested: dict[str, Any] = {}
    sections = {f.name for f in fields(Settings) if is_dataclass(getattr(Settings(), f.name))}
    for variable, value in environ.items():
        if not variable.startswith(_ENV_PREFIX) or variable == _ENV_HOME or not value:
            continue
        if variable.startswith(ENV_SECRET):
            continue
        name = variable.removeprefix(_ENV_PREFIX).lower()
        section, _, rest = name.partition("_")
        if section in sections and rest:
            nested.setdefault(section, {})[rest] = value
        else:
            nested[name] = value
    return nested


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: _without_none(v) if isinstance(v, Mapping) else v for k, v in values.items()}
    return {k: v for k, v in kept.items() if v is not None}
