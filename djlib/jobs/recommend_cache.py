"""Lists recommended a moment ago, kept on disk: one file a person, used only by its own key."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..settings import Settings, Workspace
from ..tables.atomic import write_json
from ..tables.plain_json import json_text

_log = logging.getLogger(__name__)


def key_of(
    workspace: Workspace, settings: Settings, user: str, version: str, n_logged: int
) -> dict[str, Any]:
    """What a list depends on: the person, the model, the ratings, the day, the settings, and the
    table of calls as it lies there."""
    table = workspace.opportunities.stat()
    asked = settings.opportunities
    return {
        "user": user,
        "version": version,
        "ratings": n_logged,
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "settings": [asked.top, asked.engine, settings.seed],
        "table": [table.st_size, table.st_mtime_ns],
    }


def cached(workspace: Workspace, key: Mapping[str, Any], minutes: float) -> dict[str, Any] | None:
    """The list kept under exactly this key and not older than `minutes`; None where there is none,
    or where the clock was set back since."""
    file = _file(workspace, str(key["user"]))
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        made = datetime.fromisoformat(kept["made_at"])
        age = (datetime.now(UTC) - made).total_seconds()
        if kept["key"] != json.loads(json_text(key)) or not 0 <= age < 60 * minutes:
            return None
        return dict(kept["list"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("%s is damaged (%s): recommended anew", file, error)
        return None


def keep(workspace: Workspace, key: Mapping[str, Any], made: Mapping[str, Any]) -> None:
    """Keep a list; it takes the place of the person's last one."""
    now = datetime.now(UTC).isoformat()
    write_json(_file(workspace, str(key["user"])), {"key": key, "made_at": now, "list": made})


def _file(workspace: Workspace, user: str) -> Any:
    name = hashlib.blake2b(user.encode("utf-8", "replace"), digest_size=12).hexdigest()
    return workspace.recommended / f"{name}.json"
