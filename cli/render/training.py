"""What training found, drawn for a person; feedback shows the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .text import bar, count, heading, leaves, line, percent, problems, table

if TYPE_CHECKING:
    from djlib.evaluation.significance import Comparison
    from djlib.workflows.buckets.train import TrainReport

_SHOWN = 8
_KINDS = {
    "later": "tracks added later", "artist": "tracks of new artists", "stratified": "new tracks",
}  # fmt: skip


def training_report(report: TrainReport) -> None:
    """Draw figures, buckets, the comparison with the model before, and what is served now."""
    learned(report)
    figures(report)
    _per_bucket(report)
    if report.too_small:
        named = ", ".join(f"{bucket} ({n})" for bucket, n in report.too_small.items())
        line(f"\nToo few tracks to be measured: {named}. Add a few tracks to each.")
    problems(report.problems)
    comparison(report)


def learned(report: TrainReport) -> None:
    """Say what was learned from."""
    several = "several buckets a track" if report.is_multi else "one bucket a track"
    heading(f"Learned {len(report.buckets)} buckets from {report.tracks:,} tracks ({several})")
    aside = f"{report.kept_aside:,} more are kept aside to compare versions on"
    line(f"{aside}; {report.corrections:,} labels are your corrections.")
    if report.left_out:
        line(f"The model {report.left_out}.")


def figures(report: TrainReport) -> None:
    """Draw how good it is, cross-validated in each way."""
    if not report.figures:
        line("\nNothing could be measured: the buckets are too small to be split into folds.")
        return
    rows = [
        (
            f"on {_KINDS[kind]}",
            f"{bar(found['accuracy'])} {percent(found['accuracy'])}",
            percent(found["top3_accuracy"]),
            f"{found['macro_f1']:.2f}",
            f"{found['log_loss']:.2f}",
            f"{found['calibration_error']:.3f}",
        )
        for kind, found in ((kind, report.figures.get(kind)) for kind in _KINDS)
        if found
    ]
    if later := report.figures.get("later"):
        line(
            f"Tomorrow's tracks: right {percent(later['accuracy'])} of the time, in the first "
            f"three {percent(later['top3_accuracy'])}, measured on tracks added later."
        )
    names = ["cross-validated", "right", "in top 3", "macro F1", "log-loss", "calibration error"]
    heading("How good it is")
    table(names, rows, right=",".join(names[2:]))
    abstention = report.abstention
    line(
        f"Confidence reaches {abstention.threshold:.2f} for {percent(abstention.coverage)} of the "
        f"tracks, right on {percent(abstention.precision)} of those; 'ok' are those that "
        "also fit a bucket."
    )


def _per_bucket(report: TrainReport) -> None:
    if "stratified" not in report.figures:
        return
    per_bucket: dict[str, dict[str, Any]] = report.figures["stratified"]["per_bucket"]
    ranked = sorted(per_bucket.items(), key=lambda item: -item[1]["tracks"])
    heading("By bucket")
    table(
        ["bucket", "tracks", "found", "right when said"],
        [
            (bucket, f"{f['tracks']:.0f}", f"{bar(f['recall'])} {percent(f['recall'])}",
             f"{bar(f['precision'])} {percent(f['precision'])}")
            for bucket, f in ranked[:15]
        ],
        right="tracks",
    )  # fmt: skip
    if len(ranked) > 15:
        line(f"and {len(ranked) - 15} more buckets; metrics.json has them all")


def comparison(report: TrainReport) -> None:
    """Say how the new version compares with the one before, and which is served."""
    heading("Before and after")
    if report.comparison:
        _compared(report.comparison)
        confusions(report.changes.as_dict() if report.changes else {})
    else:
        line(f"Not compared: {report.not_compared}.")
    if report.memory:
        m = report.memory
        line(
            f"Memory check, no measure of quality: of the {count(m.corrected, 'track')} newly "
            f"corrected, {m.before:,} were right before and {m.after:,} are now."
        )
    _how(report)
    if report.promoted:
        line(f"Version {report.version} is served from now on.")
    else:
        stays = f"{report.parent} stays in use" if report.parent else "no version is in use yet"
        line(f"Version {report.version} is kept, but {stays}.")
        line(f"Serve it all the same: djlib models promote {report.version}")


def _how(report: TrainReport) -> None:
    if report.update == "fast":
        line(
            f"Learned the fast way: {count(report.changed_labels, 'label')} changed since version "
            f"{report.measured_by} was measured; its threshold stays. --full measures anew."
        )
    elif report.full_because:
        line(f"Learned and measured anew: {report.full_because}.")


def confusions(changes: Mapping[str, Any]) -> None:
    """Draw which confusions a version fixed and which it broke, on the songs kept aside."""
    found = changes.get("confusions", ())
    if not found:
        return
    table(
        ["tracks of", "taken for", "fixed", "broken"],
        [
            (leaves(c["truth"]), leaves(c["said"]), str(c["fixed"]), str(c["broken"]))
            for c in found[:_SHOWN]
        ],
        right="fixed,broken",
    )
    if len(found) > _SHOWN:
        line(f"and {count(len(found) - _SHOWN, 'more kind')} of confusion; --json has them all")


def _compared(found: Comparison) -> None:
    words = {
        "better": "better than before",
        "worse": "worse than before",
        "cannot tell": "no difference that can be told from chance",
    }
    line(
        f"On the same {found.n} tracks kept aside: {percent(found.before)} right before, "
        f"{percent(found.after)} after ({100 * found.difference:+.1f} points, 95 % interval "
        f"{100 * found.low:+.1f} to {100 * found.high:+.1f})."
    )
    line(
        f"{found.fixed} fixed, {found.broken} broken, exact McNemar p = {found.p_value:.3f}: "
        f"{words[found.verdict]}."
    )
