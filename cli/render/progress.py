"""The versions of the buckets drawn: whether it gets better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .keeper_progress import keeper_progress
from .text import bar, heading, leaves, line, percent, table
from .training import confusions

if TYPE_CHECKING:
    from djlib.evaluation.proportions import Share
    from djlib.workflows.buckets.report import AbTest, ProgressReport, VersionLine
    from djlib.workflows.report import Progress

_SHOWN = 12


def progress(found: Progress) -> None:
    """Draw how both learners went, as far as they are there."""
    if found.buckets:
        _of_buckets(found.buckets)
    if found.keepers:
        keeper_progress(found.keepers)


def _of_buckets(found: ProgressReport) -> None:
    """Draw the versions, answers by bucket, what changed last, and versions side by side."""
    _versions(found)
    _buckets(found)
    if found.changes and found.changes["confusions"]:
        heading(f"What version {found.last_compared} changed on the songs kept aside")
        confusions(found.changes)
    for test in found.ab:
        _side_by_side(test)
    notes = [opinion for opinion in found.opinions if opinion.note]
    if notes:
        heading("In your words")
    for opinion in notes[-5:]:
        line(f"  {opinion.at[:10]}  {opinion.score} of 5: {opinion.note}")


def _versions(found: ProgressReport) -> None:
    heading("Versions, oldest first")
    shown = found.versions[-_SHOWN:]
    table(
        ["", "version", "learned", "right", "beside before", "let stand", "content"],
        [
            (
                "->" if v.is_current else "",
                v.id,
                _learned(v),
                _percent(v.audit),
                v.verdict or "-",
                _percent(v.accepted),
                "-" if v.satisfaction is None else f"{v.satisfaction:.1f} of 5 ({v.opinions})",
            )
            for v in shown
        ],
    )
    if len(found.versions) > len(shown):
        line(f"and {len(found.versions) - len(shown)} before them; --json has all")
    line("right: on songs kept aside, which none learned from; let stand: of what you fed back.")


def _learned(version: VersionLine) -> str:
    if version.removed:
        return "removed since"
    return f"{version.tracks:,} tracks, {version.update}"


def _percent(share: Share | None) -> str:
    if share is None or not share.n:
        return "-"
    return f"{percent(share.share)} ±{50 * (share.high - share.low):.0f} of {share.n:,}"


def _buckets(found: ProgressReport) -> None:
    from djlib.workflows.buckets.acceptance import TARGET

    if not found.buckets:
        line("\nNo predictions were fed back yet: correct some, then 'djlib feedback FILE'.")
        return
    heading(f"Predictions you let stand, by bucket (target {percent(TARGET)})")
    shown = list(found.buckets.items())[:_SHOWN]
    table(
        ["proposed", "looked at", "corrected", "let stand"],
        [
            (
                leaves(bucket),
                f"{a.shown:,}",
                f"{a.corrected:,}",
                f"{bar(a.accepted / a.shown)} {percent(a.accepted / a.shown)}",
            )
            for bucket, a in shown
        ],
        right="looked at,corrected",
    )
    if len(found.buckets) > _SHOWN:
        line(f"and {len(found.buckets) - _SHOWN} more buckets; --json has them all")


def _side_by_side(test: AbTest) -> None:
    heading("Two versions side by side (A/B)")
    table(
        ["", "version", "answered for", "let stand"],
        [
            (letter, version, f"{n:,} tracks", _percent(share))
            for letter, version, n, share in zip(
                "AB", test.versions, test.answered, test.accepted, strict=True
            )
        ],
    )
    found = test.compared
    if found is None:
        line("Correct predictions of both and feed the file back, then this tells more.")
        return
    line(
        f"B beside A: {100 * found.difference:+.1f} points, 95 % interval {100 * found.low:+.1f} "
        f"to {100 * found.high:+.1f}, Fisher's exact p = {found.p_value:.3f}."
    )
    if found.more_needed is not None:
        line(f"Cannot tell yet: look at about {found.more_needed:,} more tracks of each.")
    else:
        winner = test.versions[found.verdict == "better"]
        line(
            f"{'B' if found.verdict == 'better' else 'A'} is better: djlib models promote {winner}"
        )
