"""Settings and the workspace: defaults, then `djlib.toml`, then environment, then flags.

Library functions take values; only the edge (commands, jobs) builds a `Settings`.
"""

from __future__ import annotations

from .loading import ENV_SECRET, hour_and_minute, load_settings, settings_from
from .sections import (
    DEFAULT_THRESHOLD,
    ENGINES,
    EXPLORATION_PROFILES,
    KEEPER_MODES,
    MODELS,
    AlertSettings,
    BucketSettings,
    JobSettings,
    KeeperSettings,
    OpportunitySettings,
    Settings,
)
from .workspace import SETTINGS_FILE, Workspace

__all__ = [
    "DEFAULT_THRESHOLD",
    "ENGINES",
    "ENV_SECRET",
    "EXPLORATION_PROFILES",
    "KEEPER_MODES",
    "MODELS",
    "SETTINGS_FILE",
    "AlertSettings",
    "BucketSettings",
    "JobSettings",
    "KeeperSettings",
    "OpportunitySettings",
    "Settings",
    "Workspace",
    "hour_and_minute",
    "load_settings",
    "settings_from",
]
