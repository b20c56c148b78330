"""Settings and the workspace: defaults, then `djlib.toml`, then environment, then flags.

Library functions take values; only the edge (commands, jobs) builds a `Settings`.
"""

from __future__ import annotations

from .loading import ENV_SECRET, load_settings, settings_from
from .sections import (
    DIALS,
    ENGINES,
    KEEPER_MODES,
    MODELS,
    AlertSettings,
    BucketSettings,
    KeeperSettings,
    OpportunitySettings,
    Settings,
)
from .workspace import SETTINGS_FILE, Workspace

__all__ = [
    "DIALS",
    "ENGINES",
    "ENV_SECRET",
    "KEEPER_MODES",
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
