"""Settings built: defaults, then `djlib.toml`, environment, flags; every value checked."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .sections import CHOICES, LIMITS, TEXTS, Settings
from .workspace import ENV_HOME, SETTINGS_FILE

_ENV_PREFIX = "DJLIB_"
ENV_SECRET = "DJLIB_SECRET_"
"""Secrets are no settings: only who sends something reads them."""

FORMER_NAMES: dict[str, dict[str, str]] = {
    "buckets": {"trees": "n_estimators"},
    "keepers": {"dial": "exploration_profile"},
    "opportunities": {"retune_most": "max_retunes", "keep_aside": "quarantine_files"},
}
"""By section: what settings were called, and are called now. Both are read."""


def load_settings(
    folder: Path,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """Build the settings of a run: defaults < `folder`/djlib.toml < environment < flags.

    `flags` are nested as in the file; a flag that is None was not given. Raises `UsageError` for
    an unknown key, a value of the wrong type or one out of range, naming where it came from, and
    for a setting given by its name of today and a former one at once.
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
    """Lay `values` (nested as in the file) over `base`, checking names, types and ranges.

    >>> settings_from({"seed": 7, "buckets": {"threshold": 0.6}}).buckets.threshold
    0.6
    >>> settings_from({"sede": 7})
    Traceback (most recent call last):
        ...
    djlib.errors.UsageError: unknown setting 'sede'; known: seed, ...
    """
    changed: Settings = _overlay(base or Settings(), values, source)
    named = {"threshold", "target_precision"}.intersection(values.get("buckets", ()))
    if named == {"threshold"}:  # one rule replaces the other, wherever that was set
        changed = replace(changed, buckets=replace(changed.buckets, target_precision=None))
    elif named:
        changed = replace(changed, buckets=replace(changed.buckets, threshold=None))
    return changed


def hour_and_minute(text: str) -> tuple[int, int]:
    """Read a time of the day. Raises `UsageError` for anything else.

    >>> hour_and_minute("03:05")
    (3, 5)
    """
    hour, _, minute = text.partition(":")
    is_time = hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()
    if not is_time or int(hour) > 23 or int(minute) > 59:
        raise UsageError(f"{text!r} is no time of the day; write it as 03:00")
    return int(hour), int(minute)


def _overlay(
    base: Any, values: Mapping[str, Any], source: str, former: Mapping[str, str] | None = None
) -> Any:
    """`former` maps names that settings of this section had to those they have."""
    known = {f.name: getattr(base, f.name) for f in fields(base)}
    changes: dict[str, Any] = {}
    for written, value in values.items():
        name = (former or {}).get(written, written)
        if name not in known:
            raise UsageError(f"{source}unknown setting {name!r}; known: {', '.join(known)}")
        if name in changes:
            old = next(old for old, new in (former or {}).items() if new == name)
            raise UsageError(f"{source}{old} is the former name of {name}; set one of them")
        if is_dataclass(known[name]):
            if not isinstance(value, Mapping):
                raise UsageError(f"{source}{name} is a section, not {value!r}")
            inside = f"{source}{name}."
            changes[name] = _overlay(known[name], value, inside, FORMER_NAMES.get(name))
        else:
            changes[name] = _checked(name, value, known[name], f"{source}{written}")
    return replace(base, **changes)


def _checked(name: str, value: Any, default: Any, where: str) -> Any:
    """The value of a setting; `where` is how an error calls it."""
    if name == "pool":
        return _pool(value, where)
    if name == "at":
        return _time(value, where)
    if name in TEXTS:
        return _line(value, where)
    if name not in CHOICES and isinstance(default, str):
        return str(value)
    if isinstance(default, str):
        return _chosen(name, value, where)
    if isinstance(default, tuple):
        return _names(value, where)
    if isinstance(default, bool):
        return _yes_or_no(value, where)
    kind = int if isinstance(default, int) else float
    try:
        number, given = kind(value), float(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{where} must be a number, not {value!r}") from None
    low, high = LIMITS[name]
    if isinstance(value, bool) or number != given or not low <= number <= high:
        raise UsageError(f"{where} must be from {low:g} to {high:g}, not {value!r}")
    return number


def _chosen(name: str, value: Any, where: str) -> str:
    if value not in CHOICES[name]:
        known = ", ".join(CHOICES[name])
        raise UsageError(f"{where} must be one of {known}, not {value!r}")
    return str(value)


def _line(value: Any, where: str) -> str:
    """A text that may become part of a header: one line."""
    if isinstance(value, str) and value.strip() and value.isprintable():
        return value.strip()
    raise UsageError(f"{where} must be a text of one line, not {value!r}")


def _pool(value: Any, where: str) -> str:
    if value == "all" or (str(value).isdecimal() and int(value) > 0):
        return str(value)
    raise UsageError(f"{where} must be 'all' or a number of listings, not {value!r}")


def _time(value: Any, where: str) -> str:
    try:
        hour, minute = hour_and_minute(str(value))
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    return f"{hour:02d}:{minute:02d}"


def _names(value: Any, where: str) -> tuple[str, ...]:
    """A list of names; in the environment they stand with commas between them."""
    names = value.split(",") if isinstance(value, str) else value
    are_names = isinstance(names, list | tuple) and all(
        isinstance(name, str) and name.isprintable() for name in names
    )
    if not are_names:
        raise UsageError(f"{where} must be a list of names, not {value!r}")
    return tuple(n.strip() for n in names if n.strip())


def _yes_or_no(value: Any, where: str) -> bool:
    answer = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if answer is None:
        raise UsageError(f"{where} must be true or false, not {value!r}")
    return answer


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """`DJLIB_SEED=3` and `DJLIB_BUCKETS_THRESHOLD=0.6` as nested values."""
    nested: dict[str, Any] = {}
    sections = {f.name for f in fields(Settings) if is_dataclass(getattr(Settings(), f.name))}
    for variable, value in environ.items():
        if not variable.startswith(_ENV_PREFIX) or variable == ENV_HOME or not value:
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
