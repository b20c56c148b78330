"""The buckets as the jobs meet them."""

from __future__ import annotations

import json
from typing import Any

from ...bucketing.training import assemble
from ...errors import NotFoundError
from ...registry import Version
from ...settings import Settings, Workspace
from ...tables.plain_json import json_text
from ..core.learner import Challenge, Learner
from ..core.progress import NullReporter, ProgressReporter
from ..core.runs import run
from ..core.song_identity import disambiguate_track_ids
from ..library.tracks import read_tracks
from .corrections import corrections_so_far
from .models import bucket_models, in_use
from .train import fingerprint, learn, new_model, training_source
from .watch import watch_buckets

_ASIDE, _NEWEST = "songs kept aside", "the newest songs kept aside"


def _is_there(workspace: Workspace) -> bool:
    """Whether anything is sorted."""
    try:
        training_source(workspace)
    except NotFoundError:
        return False
    return True


def _challenge(workspace: Workspace, settings: Settings, talk: ProgressReporter) -> Challenge:
    """Train a challenger, unless a version has learned exactly this already."""
    with run(workspace, settings, "retrain", talk) as noted:
        served = in_use(workspace).id
        same = _same(workspace, settings)
        if same and (same.is_current or same.parent != served or _was_served(workspace, same)):
            return Challenge("", served, why=f"nothing new since version {same.id}")
        version = same or _learned(workspace, settings, talk)
        noted |= {"version": version.id, "promoted": False}
        return Challenge(version.id, served, _comparisons(version))


def _learned(workspace: Workspace, settings: Settings, talk: ProgressReporter) -> Version:
    report = learn(workspace, settings, talk=talk, promotion="never")
    return bucket_models(workspace).get(report.version)


def _comparisons(version: Version) -> dict[str, Any]:
    known = {_ASIDE: "comparison", _NEWEST: "recent"}
    return {
        what: version.metadata[name] for what, name in known.items() if version.metadata.get(name)
    }


def _same(workspace: Workspace, settings: Settings) -> Version | None:
    """The newest sound version that learned exactly these labels with these settings."""
    tracks = read_tracks(workspace, training_source(workspace), NullReporter())[0]
    training = assemble(
        tracks,
        disambiguate_track_ids(corrections_so_far(workspace), tracks),
        test_share=settings.buckets.test_share,
    )
    labels, model = fingerprint(training.learned), new_model(settings)
    asked = [type(model).__name__, json.loads(json_text(model.get_params()))]
    for version in bucket_models(workspace).versions():
        made = version.metadata
        is_same = made.get("data_fingerprint") == labels
        if is_same and [made.get("model"), made.get("parameters")] == asked and not version.problem:
            return version
    return None


def _was_served(workspace: Workspace, version: Version) -> bool:
    history = bucket_models(workspace).history()
    return any(promotion.to_version == version.id for promotion in history)


BUCKETS = Learner("bucket", _is_there, _challenge, bucket_models, watch_buckets)
