"""Who answers in a run of `assign-buckets`: the current version, or two of them side by side."""

from __future__ import annotations

from dataclasses import replace

from ..bucketing.ab import SideBySide
from ..bucketing.assign import Proposer, Terms
from ..bucketing.assigner import BucketAssigner
from ..errors import UsageError
from ..evaluation.abstention import Abstention
from ..registry import Version
from ..settings import Settings, Workspace
from .assign_report import AssignOptions
from .models import bucket_models, out_of_fold
from .threshold import as_trained, choose_threshold


def abstention_of(workspace: Workspace, settings: Settings, version: Version) -> Abstention:
    """The threshold from which a version is sure: as asked, else as it was trained."""
    confidence, correct = out_of_fold(workspace, version.id)
    return choose_threshold(confidence, correct, as_trained(settings.buckets, version))


def other_version(workspace: Workspace, current: Version, options: AssignOptions) -> Version | None:
    """The version to try beside the current one, None where none was asked for. Raises
    `UsageError` for the current one itself and `NotFoundError` for one that is not there."""
    if options.ab is None:
        return None
    if not 0 < options.ab_share < 1:
        raise UsageError(f"--ab-share is between 0 and 1, not {options.ab_share:g}")
    if options.debug:
        raise UsageError("--debug explains one version; leave out --ab or --debug")
    other = bucket_models(workspace).get(options.ab)
    if other.id == current.id:
        raise UsageError(
            f"--ab {options.ab} is the version in use; 'djlib models list' shows the others"
        )
    return other


def proposer_for(
    workspace: Workspace,
    settings: Settings,
    model: BucketAssigner,
    terms: Terms,
    options: AssignOptions,
) -> Proposer | SideBySide:
    """Who proposes: `model`, or it and the version asked for, each with its own threshold."""
    models = bucket_models(workspace)
    proposer = Proposer(model, terms)
    other = other_version(workspace, models.get(terms.model_version), options)
    if other is None:
        return proposer
    threshold = abstention_of(workspace, settings, other).threshold
    theirs = replace(terms, threshold=threshold, model_version=other.id)
    second = Proposer(models.load(other.id), theirs)
    return SideBySide(proposer, second, (terms.model_version, other.id), options.ab_share)
