"""`retrain`: train a challenger, compare it with the model served, promote it or keep that one."""

from __future__ import annotations

from ..errors import NotTrainedError
from ..monitoring.outbox import Alert
from ..tables.events import append_events
from ..tables.plain_json import to_plain
from ..workflows.core.learner import Challenge, Learner
from ..workflows.promotion import POLICY, Decision
from .step import Here, Outcome

PROMOTIONS = "promotions"
"""The log of every decision about a version."""


def retrain(here: Here, learner: Learner) -> Outcome:
    """Do it for one learner. A run that was killed is gone on with: a challenger that is saved
    and not judged yet is judged, not trained again."""
    challenge = learner.challenge(here.workspace, here.settings, here.talk)
    if not challenge.version:
        return Outcome(challenge.why, {"served": challenge.served})
    if here.slots.has_judged(challenge.version):
        said = f"nothing new since version {challenge.version}, which is not served"
        return Outcome(said, {"served": challenge.served})
    decision = POLICY.decide(challenge.comparisons)
    if decision.promote and _served(here, learner) != challenge.version:
        learner.models(here.workspace).promote(challenge.version, f"retrain: {decision.reason}")
    log_decision(here, learner, challenge, decision)
    verb = "promoted" if decision.promote else "not promoted"
    said = f"version {challenge.version} {verb}: {decision.reason}"
    detail = {
        "version": challenge.version,
        "served": _served(here, learner),
        **to_plain(decision),
        "comparisons": dict(challenge.comparisons),
    }
    return Outcome(said, detail, _alerts(learner, challenge, decision))


def log_decision(here: Here, learner: Learner, challenge: Challenge, decision: Decision) -> None:
    """Write a decision into the audit log."""
    fact = {
        "learner": learner.name,
        "job": "retrain",
        "slot": here.day,
        "version": challenge.version,
        "before": challenge.served,
        **to_plain(decision),
    }
    append_events(here.workspace.events, PROMOTIONS, [fact])


def _served(here: Here, learner: Learner) -> str | None:
    try:
        return learner.models(here.workspace).current().id
    except NotTrainedError:
        return None


def _alerts(learner: Learner, challenge: Challenge, decision: Decision) -> tuple[Alert, ...]:
    if not decision.alert:
        return ()
    body = (
        f"The nightly {learner.name} model {challenge.version} is {decision.reason}.\n"
        f"Version {challenge.served} is still served; nothing has changed.\n\n"
        "See: djlib models list, djlib report, djlib jobs history"
    )
    subject = f"the new {learner.name} model is worse and is not served"
    return (Alert(f"retrain worse {learner.name}", subject, body),)
